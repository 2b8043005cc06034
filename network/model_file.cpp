#include "network/model_file.h"

#include <cstring>
#include <utility>
#include <vector>

#include "core/atomic_file.h"
#include "core/config_reader.h"
#include "core/error.h"
#include "core/safetensors.h"
#include "graph/graph_json.h"
#include "network/model_config.h"

namespace banyan {

namespace {

constexpr const char* kFormat = "banyan.model";
constexpr const char* kSchemaVersion = "1";
constexpr const char* kFactPrefix = "fact.";

[[noreturn]] void refuse(const std::string& path, const std::string& problem, const std::string& expected,
                         const std::string& found) {
    throw ModelFileError(ErrorText{path, problem, expected, found, "write it again with `banyan train`"});
}

std::string entry_of(const SafetensorsFile& file, const std::string& key) {
    const auto found = file.metadata().find(key);
    if (found == file.metadata().end()) {
        refuse(file.path(), "not a Banyan model file", "\"" + key + "\" in its metadata", "none");
    }
    return found->second;
}

void check_format(const SafetensorsFile& file) {
    const std::string format = entry_of(file, "format");
    if (format != kFormat) refuse(file.path(), "not a Banyan model file", std::string("format ") + kFormat, format);
    const std::string version = entry_of(file, "schema_version");
    if (version != kSchemaVersion) {
        refuse(file.path(), "written by another version of banyan", std::string("schema_version ") + kSchemaVersion,
               version);
    }
    entry_of(file, "xxh3_header"); // without sums a damaged file could pass
}

HostTensor host_tensor(const SafetensorsFile& file, const std::string& name, const Parameter& parameter) {
    const TensorBytes& bytes = file.at(name);
    if (bytes.dtype != DType::f32 || bytes.shape != parameter.shape) {
        refuse(file.path(), "tensor \"" + name + "\" does not fit the graph", "float32 of the graph's shape",
               dtype_name(bytes.dtype));
    }
    HostTensor tensor;
    tensor.shape = bytes.shape;
    tensor.data.resize(bytes.byte_count() / sizeof(float));
    if (!tensor.data.empty()) std::memcpy(tensor.data.data(), bytes.data, bytes.byte_count());
    return tensor;
}

ModelOptions options_of(const SafetensorsFile& file) {
    try {
        ConfigReader reader = ConfigReader::from_text(entry_of(file, "options"), file.path());
        ModelOptions options = parse_model(reader);
        reader.finish();
        return options;
    } catch (const ConfigError& error) {
        throw ModelFileError(std::string(error.what()));
    }
}

} // namespace

void ModelFile::save(const std::string& path) const {
    std::map<std::string, TensorBytes> bytes;
    for (const auto& [name, tensor] : tensors) {
        bytes[name] = {DType::f32, tensor.shape, reinterpret_cast<const std::byte*>(tensor.data.data())};
    }
    std::map<std::string, std::string> metadata{{"format", kFormat},
                                                {"schema_version", kSchemaVersion},
                                                {"graph", to_json(graph)},
                                                {"options", to_json(options)}};
    for (const auto& [name, value] : facts) metadata[kFactPrefix + name] = value;
    save_safetensors(path, bytes, metadata);
}

ModelFile ModelFile::load(const std::string& path) { return parse(read_file(path), path); }

ModelFile ModelFile::parse(std::string bytes, const std::string& path) {
    const SafetensorsFile file = SafetensorsFile::parse(std::move(bytes), path);
    check_format(file);
    ModelFile model;
    model.options = options_of(file);
    model.graph = graph_from_json(entry_of(file, "graph"), path);
    for (const auto& [name, parameter] : model.graph.parameters) {
        model.tensors[name] = host_tensor(file, name, parameter);
    }
    if (file.tensors().size() != model.tensors.size()) {
        refuse(path, "has tensors that its graph does not use", std::to_string(model.tensors.size()) + " tensors",
               std::to_string(file.tensors().size()));
    }
    const std::string prefix = kFactPrefix;
    for (const auto& [key, value] : file.metadata()) {
        if (key.rfind(prefix, 0) == 0) model.facts[key.substr(prefix.size())] = value;
    }
    return model;
}

} // namespace banyan
