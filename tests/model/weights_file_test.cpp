#include "model/weights_file.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <utility>

#include <gtest/gtest.h>

#include "core/atomic_file.h"
#include "core/error.h"
#include "graph/builder.h"
#include "model/libtorch.h"
#include "support/expect_error.h"
#include "support/temp_dir.h"
#include "support/tensor_close.h"

namespace banyan {
namespace {

BackboneOptions options_of(BackboneType type, int last_level) {
    BackboneOptions options;
    options.type = type;
    options.last_level = last_level;
    if (type == BackboneType::mobilenet_v2) options.width = 0.25;
    return options;
}

GraphModule make_module(const BackboneOptions& options, std::uint64_t seed = 0) {
    GraphBuilder builder(32, 32);
    const BackboneOutputs outputs = build_backbone(options, builder, builder.image());
    for (const auto& [level, value] : outputs.levels) builder.output("c" + std::to_string(level), value);
    GraphModuleOptions module_options;
    module_options.seed = seed;
    return GraphModule(builder.build(), module_options);
}

using Tensors = std::map<std::string, at::Tensor>;

/// What a file of the whole network would hold, by the file's names.
Tensors whole_network(BackboneOptions options) {
    options.last_level = 5;
    options.with_classifier = true;
    const GraphModule module = make_module(options, 42);
    const PretrainedMap names(options);
    Tensors tensors;
    for (const auto& [name, parameter] : module.graph().parameters) {
        tensors[names.file_name_of(name)] = module.tensor(name).detach().contiguous();
    }
    return tensors;
}

std::string save(const TempDir& dir, const Tensors& tensors) {
    std::map<std::string, TensorBytes> bytes;
    for (const auto& [name, tensor] : tensors) bytes[name] = bytes_of(tensor);
    save_safetensors(dir.file("weights.safetensors"), bytes, {});
    return dir.file("weights.safetensors");
}

/// Expects that the import is refused with these words and changes nothing.
void expect_refused(const std::string& path, const BackboneOptions& options, const std::vector<std::string>& words) {
    GraphModule module = make_module(options);
    const HostTensors before = module.to_host();
    expect_error<ModelFileError>([&] { import_pretrained(module, path, options); }, words);
    EXPECT_EQ(module.to_host(), before);
}

TEST(ImportPretrained, LoadsACutBackboneFromTheFileOfTheWholeNetwork) {
    for (const BackboneType type :
         {BackboneType::mobilenet_v2, BackboneType::efficientnet_lite0, BackboneType::resnet18}) {
        const TempDir dir;
        const BackboneOptions options = options_of(type, 3);
        Tensors tensors = whole_network(options);
        const std::size_t entries = tensors.size();
        GraphModule module = make_module(options);
        const ImportReport report = import_pretrained(module, save(dir, tensors), options);
        EXPECT_EQ(report.loaded.size(), module.graph().parameters.size());
        EXPECT_EQ(report.ignored.size(), entries - report.loaded.size());
        const PretrainedMap names(options);
        for (const std::string& name : report.loaded) {
            expect_close(module.tensor(name), tensors.at(names.file_name_of(name)));
            EXPECT_EQ(module.tensor(name).grad_fn(), nullptr);
        }
    }
}

TEST(ImportPretrained, ConvertsHalfPrecisionAndIgnoresStepCounters) {
    const TempDir dir;
    const BackboneOptions options = options_of(BackboneType::mobilenet_v2, 2);
    Tensors tensors = whole_network(options);
    const std::string stem = "features.0.0.weight";
    tensors[stem] = tensors.at(stem).to(at::kBFloat16);
    tensors["features.0.1.num_batches_tracked"] = torch::tensor(7);
    GraphModule module = make_module(options);
    const ImportReport report = import_pretrained(module, save(dir, tensors), options);
    expect_close(module.tensor("trunk.backbone." + stem), tensors.at(stem));
    EXPECT_EQ(module.tensor("trunk.backbone." + stem).scalar_type(), at::kFloat);
    EXPECT_EQ(std::count(report.ignored.begin(), report.ignored.end(), "features.0.1.num_batches_tracked"), 1);
}

TEST(ImportPretrained, RefusesMissingTensors) {
    const TempDir dir;
    const BackboneOptions options = options_of(BackboneType::mobilenet_v2, 2);
    Tensors tensors = whole_network(options);
    tensors.erase("features.1.conv.1.weight");
    expect_refused(save(dir, tensors), options,
                   {"weights.safetensors", "lacks", "features.1.conv.1.weight", "mobilenet_v2"});
}

TEST(ImportPretrained, RefusesOtherShapes) {
    const TempDir dir;
    BackboneOptions options = options_of(BackboneType::mobilenet_v2, 2);
    const std::string path = save(dir, whole_network(options));
    options.width = 1.0;
    expect_refused(path, options, {"other shapes", "[8, 3, 3, 3] instead of [32, 3, 3, 3]", "more", "width"});
}

TEST(ImportPretrained, RefusesAnotherNetwork) {
    const TempDir dir;
    const std::string path = save(dir, whole_network(options_of(BackboneType::efficientnet_lite0, 5)));
    const BackboneOptions options = options_of(BackboneType::mobilenet_v2, 2);
    expect_refused(path, options, {"lacks", "features.0.0.weight"});
    // A deeper network of the same family has all tensors and more: only what is left over tells them apart.
    Tensors deeper = whole_network(options);
    deeper["features.19.0.weight"] = torch::zeros({4});
    expect_refused(save(dir, deeper), options, {"do not belong", "features.19.0.weight"});
}

TEST(ImportPretrained, RefusesValuesThatAreNotFinite) {
    const TempDir dir;
    const BackboneOptions options = options_of(BackboneType::mobilenet_v2, 2);
    Tensors tensors = whole_network(options);
    tensors["features.0.1.running_mean"][3] = NAN;
    expect_refused(save(dir, tensors), options, {"not finite", "features.0.1.running_mean"});
}

TEST(ImportPretrained, RefusesATruncatedFile) {
    const TempDir dir;
    const BackboneOptions options = options_of(BackboneType::mobilenet_v2, 2);
    const std::string path = save(dir, whole_network(options));
    std::filesystem::resize_file(path, std::filesystem::file_size(path) - 1);
    expect_refused(path, options, {path});
    GraphModule module = make_module(options);
    expect_error<IoError>([&] { import_pretrained(module, dir.file("none"), options); }, {"none"});
}

TEST(ImportPretrained, RefusesAModuleWithoutTheBackbone) {
    const TempDir dir;
    BackboneOptions options = options_of(BackboneType::mobilenet_v2, 2);
    const std::string path = save(dir, whole_network(options));
    GraphModule module = make_module(options);
    options.name = "other";
    expect_error<CheckError>([&] { import_pretrained(module, path, options); }, {"\"other\""});
}

TEST(TensorBytes, OfEveryDtypeComeBackFromAFile) {
    const TempDir dir;
    const at::Tensor values = torch::tensor({-2.0, 0.0, 1.0, 3.0, 100.0, 7.0}).reshape({2, 3});
    Tensors tensors{{"empty", torch::empty({0, 3})}, {"scalar", torch::tensor(1.5)}};
    for (const at::ScalarType dtype :
         {at::kDouble, at::kFloat, at::kHalf, at::kBFloat16, at::kLong, at::kInt, at::kShort, at::kChar, at::kBool}) {
        tensors[toString(dtype)] = values.to(dtype);
    }
    tensors["Byte"] = values.abs().to(at::kByte);
    const SafetensorsFile file = SafetensorsFile::load(save(dir, tensors));
    ASSERT_EQ(file.tensors().size(), tensors.size());
    for (const auto& [name, tensor] : tensors) {
        const at::Tensor read = tensor_from_bytes(file.at(name));
        EXPECT_EQ(read.scalar_type(), tensor.scalar_type());
        EXPECT_TRUE(at::equal(read, tensor)) << name;
    }
}

TEST(TensorBytes, RefuseWhatIsNoPlainMemory) {
    expect_error<CheckError>([] { bytes_of(torch::zeros({2, 3}).t()); }, {"contiguous"});
    expect_error<CheckError>([] { bytes_of(at::Tensor()); }, {"contiguous"});
    expect_error<CheckError>([] { bytes_of(torch::zeros({2}, at::kComplexFloat)); }, {"ComplexFloat"});
}

} // namespace
} // namespace banyan
