#include "model/saved_model.h"

#include <utility>

#include "core/error.h"

namespace banyan {

void save_model(const std::string& path, const MultiTaskModel& model, const ModelFacts& facts) {
    ModelFile{model.options(), model.module().graph(), model.module().to_host(), facts}.save(path);
}

MultiTaskModel load_model(const std::string& path, const GraphModuleOptions& module_options) {
    ModelFile file = ModelFile::load(path);
    try {
        MultiTaskModel model(std::move(file.options), std::move(file.graph), module_options);
        model.module().load_host(file.tensors);
        return model;
    } catch (const CheckError& error) {
        throw ModelFileError(ErrorText{path, "its graph does not fit its options", "", error.what(),
                                       "write it again with `banyan train`"});
    }
}

} // namespace banyan
