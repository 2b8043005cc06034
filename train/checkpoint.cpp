#include "train/checkpoint.h"

#include <array>
#include <charconv>
#include <filesystem>
#include <map>
#include <system_error>

#include "core/error.h"
#include "core/log.h"
#include "core/safetensors.h"
#include "model/libtorch.h"
#include "model/weights_file.h"

namespace banyan {

namespace {

using Tensors = std::map<std::string, at::Tensor>;
constexpr const char* kModel = "model.";
constexpr const char* kOptimizer = "optimizer.";
constexpr const char* kEma = "ema.";
constexpr const char* kMore = "more.";
constexpr const char* kDataset = "data set "; // of metadata entries
constexpr const char* kFile = "file ";

void add(Tensors& all, const std::string& prefix, const Tensors& part) {
    for (const auto& [name, tensor] : part) all[prefix + name] = tensor;
}

Tensors part_of(const SafetensorsFile& file, const std::string& prefix) {
    Tensors part;
    for (const auto& [name, bytes] : file.tensors()) {
        if (name.rfind(prefix, 0) == 0) part[name.substr(prefix.size())] = tensor_from_bytes(bytes);
    }
    return part;
}

std::string entry(const SafetensorsFile& file, const std::string& key) {
    const auto found = file.metadata().find(key);
    if (found != file.metadata().end()) return found->second;
    throw ModelFileError(ErrorText{file.path(), "not a checkpoint", "\"" + key + "\" in its metadata", "none",
                                   "start the run again without --resume"});
}

/// The number of an entry written by number_text.
template <typename T>
T number_of(const SafetensorsFile& file, const std::string& key) {
    const std::string text = entry(file, key);
    T number{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error == std::errc() && end == text.data() + text.size()) return number;
    throw ModelFileError(ErrorText{file.path(), "damaged checkpoint", "a number in \"" + key + "\"", text, ""});
}

/// Shortest text that reads back to the same number.
template <typename T>
std::string number_text(T number) {
    std::array<char, 32> text{};
    return {text.data(), std::to_chars(text.data(), text.data() + text.size(), number).ptr};
}

[[noreturn]] void refuse_network(const SafetensorsFile& file, const std::string& expected, const std::string& found) {
    throw ModelFileError(ErrorText{file.path(), "checkpoint of another network", expected, found,
                                   "resume with the run folder's own config.json"});
}

/// Assigns nothing unless all tensors fit.
void load_module(const SafetensorsFile& file, GraphModule& module) {
    const Tensors tensors = part_of(file, kModel);
    const std::size_t expected = module.parameters().size() + module.buffers().size();
    if (tensors.size() != expected) {
        refuse_network(file, std::to_string(expected) + " tensors", std::to_string(tensors.size()));
    }
    for (const auto& [name, parameter] : module.graph().parameters) {
        const auto found = tensors.find(name);
        if (found == tensors.end()) refuse_network(file, "tensor \"" + name + "\"", "none");
        if (found->second.sizes() == at::IntArrayRef(parameter.shape)) continue;
        refuse_network(file, "tensor \"" + name + "\" of the network's shape", "another shape");
    }
    for (const auto& [name, tensor] : tensors) module.assign(name, tensor);
}

void check_identity(const SafetensorsFile& file, const RunIdentity& identity) {
    const std::string config_hash = entry(file, "config_hash");
    if (config_hash != identity.config_hash) {
        throw ModelFileError(ErrorText{file.path(), "made with another config", "config hash " + identity.config_hash,
                                       config_hash, "resume with the run folder's own config.json"});
    }
    for (const auto& [name, fingerprint] : identity.datasets) {
        const std::string found = entry(file, kDataset + name);
        if (found == fingerprint) continue;
        throw DataError(ErrorText{"data set " + name, "changed since " + file.path() + " was written",
                                  "fingerprint " + found, fingerprint,
                                  "restore its list of pictures, their sizes and labels, or start a new run"});
    }
    for (const auto& [key, hash] : identity.files) {
        const std::string found = entry(file, kFile + key);
        if (found == hash) continue;
        throw ModelFileError(ErrorText{"the file of /" + key, "changed since " + file.path() + " was written",
                                       "content hash " + found, hash, "restore it, or start a new run"});
    }
    const std::string arithmetic = entry(file, "arithmetic");
    if (arithmetic == identity.arithmetic) return;
    log_warning(file.path() + " was made with " + arithmetic + "; this is " + identity.arithmetic +
                ": results may differ in their last bits from those of an uninterrupted run");
}

SafetensorsFile read_checkpoint(const std::string& path) {
    try {
        return SafetensorsFile::load(path);
    } catch (const ModelFileError& error) {
        throw ModelFileError(std::string(error.what()) +
                             "; or remove its folder: --resume then takes an older checkpoint or begins again");
    }
}

} // namespace

void save_checkpoint(const std::string& path, const TrainState& state, const RunIdentity& identity) {
    Tensors all;
    add(all, kModel, state.model.module().parameters());
    add(all, kModel, state.model.module().buffers());
    add(all, kOptimizer, state.optimizer.state());
    add(all, kEma, state.ema.state());
    add(all, kMore, state.more);
    std::map<std::string, TensorBytes> bytes;
    for (auto& [name, tensor] : all) {
        tensor = tensor.detach().to(at::kCPU).contiguous(); // owns what `bytes` points to
        bytes[name] = bytes_of(tensor);
    }
    std::map<std::string, std::string> metadata{{"format", "banyan.checkpoint"},
                                                {"step", number_text(state.step)},
                                                {"evaluated", number_text(state.evaluated)},
                                                {"best_score", number_text(state.best_score)},
                                                {"config_hash", identity.config_hash},
                                                {"arithmetic", identity.arithmetic}};
    for (const auto& [name, fingerprint] : identity.datasets) metadata[kDataset + name] = fingerprint;
    for (const auto& [key, hash] : identity.files) metadata[kFile + key] = hash;
    save_safetensors(path, bytes, std::move(metadata));
}

void load_checkpoint(const std::string& path, TrainState& state, const RunIdentity& identity) {
    const SafetensorsFile file = read_checkpoint(path);
    check_identity(file, identity);
    load_module(file, state.model.module());
    state.optimizer.load_state(part_of(file, kOptimizer));
    state.ema.load_state(part_of(file, kEma));
    state.more = part_of(file, kMore);
    state.step = number_of<std::int64_t>(file, "step");
    state.evaluated = number_of<std::int64_t>(file, "evaluated");
    state.best_score = number_of<double>(file, "best_score");
}

std::string find_checkpoint(const std::string& run_folder) {
    const std::string prefix = "checkpoint-";
    std::int64_t newest = -1;
    std::string path;
    std::error_code ignored;
    for (const auto& item : std::filesystem::directory_iterator(run_folder, ignored)) {
        const std::string name = item.path().filename().string();
        if (name.rfind(prefix, 0) != 0) continue;
        std::int64_t step = -1;
        std::from_chars(name.data() + prefix.size(), name.data() + name.size(), step);
        const std::string file = (item.path() / "state.safetensors").string();
        if (step <= newest || !std::filesystem::exists(file)) continue;
        newest = step;
        path = file;
    }
    return path;
}

} // namespace banyan
