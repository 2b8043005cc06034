#include "apps/listed_datasets.h"

#include "apps/option_values.h"
#include "core/error.h"
#include "data/dataset_list.h"

namespace banyan {

std::vector<DatasetOptions> listed_datasets(const Options& options, const std::string& file, const ClassTable& classes,
                                            const std::string& split) {
    const std::string path = text_option(options, file), list = text_option(options, split);
    if (list != "datasets" && list != "validation") {
        throw UsageError(ErrorText{"--" + split, "unknown list", "datasets or validation", "\"" + list + "\"", ""});
    }
    const std::vector<DatasetOptions> listed = load_dataset_list(path, list);
    if (datasets_for(listed, classes).empty()) {
        throw DataError(ErrorText{path, "no data set of \"" + list + "\" labels a class of the model", "", "",
                                  "see the model's tasks with `banyan explain`"});
    }
    return listed;
}

} // namespace banyan
