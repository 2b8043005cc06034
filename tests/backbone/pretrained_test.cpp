#include "backbone/pretrained.h"

#include <gtest/gtest.h>

#include "core/error.h"
#include "core/safetensors.h"
#include "tests/support/shared_data.h"

namespace banyan {
namespace {

Graph backbone_graph(const BackboneOptions& options) {
    GraphBuilder builder(224, 224);
    build_backbone(options, builder, builder.image());
    return builder.build();
}

BackboneOptions of_type(BackboneType type, bool with_classifier = false) {
    BackboneOptions options;
    options.type = type;
    options.with_classifier = with_classifier;
    return options;
}

struct WeightsFile {
    BackboneType type;
    std::string path;
};

class EachWeightsFile : public ::testing::TestWithParam<WeightsFile> {
protected:
    void SetUp() override {
        if (!has_shared_data(GetParam().path)) GTEST_SKIP() << "needs " << GetParam().path;
    }
};

TEST_P(EachWeightsFile, HoldsEveryParameterInItsShape) {
    const SafetensorsFile file = SafetensorsFile::load(shared_path(GetParam().path));
    const BackboneOptions options = of_type(GetParam().type, true);
    const PretrainedMap map(options);
    for (const auto& [name, parameter] : backbone_graph(options).parameters) {
        ASSERT_TRUE(map.covers(name)) << name;
        const auto found = file.tensors().find(map.file_name_of(name));
        ASSERT_NE(found, file.tensors().end()) << map.file_name_of(name);
        EXPECT_EQ(found->second.shape, parameter.shape) << name;
    }
}

TEST_P(EachWeightsFile, HoldsNothingUnexplained) {
    const SafetensorsFile file = SafetensorsFile::load(shared_path(GetParam().path));
    BackboneOptions cut = of_type(GetParam().type);
    cut.last_level = 3;
    const PretrainedMap map(cut);
    for (const auto& [name, tensor] : file.tensors()) EXPECT_TRUE(map.may_be_ignored(name)) << name;
}

INSTANTIATE_TEST_SUITE_P(
    All, EachWeightsFile,
    ::testing::Values(WeightsFile{BackboneType::mobilenet_v2, "weights/mobilenet_v2_imagenet.safetensors"},
                      WeightsFile{BackboneType::efficientnet_lite0, "weights/efficientnet_lite0_imagenet.safetensors"}),
    [](const auto& test) { return std::string(backbone_name(test.param.type)); });

TEST(PretrainedMap, DropsThePrefixForTorchvisionsNames) {
    const PretrainedMap map(of_type(BackboneType::resnet18));
    EXPECT_EQ(map.file_name_of("trunk.backbone.layer1.0.conv1.weight"), "layer1.0.conv1.weight");
}

TEST(PretrainedMap, UnderscoresModulesOfEfficientNet) {
    const PretrainedMap map(of_type(BackboneType::efficientnet_lite0));
    EXPECT_EQ(map.file_name_of("trunk.backbone.blocks.3.bn0.weight"), "_blocks.3._bn0.weight");
    EXPECT_EQ(map.file_name_of("trunk.backbone.conv_stem.weight"), "_conv_stem.weight");
}

TEST(PretrainedMap, CoversNothingOutsideTheBackbone) {
    const PretrainedMap map(of_type(BackboneType::mobilenet_v2));
    EXPECT_TRUE(map.covers("trunk.backbone.features.0.0.weight"));
    EXPECT_FALSE(map.covers("trunk.neck.lateral.p3.conv.weight"));
    EXPECT_FALSE(map.covers("trunk.backbone.features.99.0.weight"));
    EXPECT_FALSE(map.covers("trunk.backboneX.features.0.0.weight"));
    EXPECT_THROW(map.file_name_of("trunk.neck.lateral.p3.conv.weight"), CheckError);
}

TEST(PretrainedMap, DoesNotIgnoreEntriesOfAnotherNetwork) {
    const PretrainedMap map(of_type(BackboneType::mobilenet_v2));
    EXPECT_TRUE(map.may_be_ignored("classifier.1.weight"));
    EXPECT_TRUE(map.may_be_ignored("features.0.1.num_batches_tracked"));
    EXPECT_FALSE(map.may_be_ignored("layer1.0.conv1.weight"));
    EXPECT_FALSE(map.may_be_ignored("layer1.0.bn1.num_batches_tracked"));
    EXPECT_FALSE(map.may_be_ignored("num_batches_tracked"));
}

} // namespace
} // namespace banyan
