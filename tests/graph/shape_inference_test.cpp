#include "graph/shape_inference.h"

#include <gtest/gtest.h>

#include "core/error.h"
#include "tests/support/expect_error.h"

namespace banyan {
namespace {

ValueShape infer(Attributes attributes, const std::vector<ValueShape>& inputs) {
    return infer_shape(Node{"n", std::move(attributes), {}, -1}, inputs);
}

template <typename Expected>
void refused(Attributes attributes, const std::vector<ValueShape>& inputs, std::vector<std::string> words) {
    words.push_back("node n");
    expect_error<Expected>([&] { infer(attributes, inputs); }, words);
}

TEST(InferShape, ConvolutionFollowsTheWindowFormula) {
    const ConvAttributes conv{.out_channels = 8, .kernel = 3, .stride = 2, .pad = 1};
    EXPECT_EQ(infer(conv, {{3, 32, 33}}), (ValueShape{8, 16, 17}));
    EXPECT_EQ(infer(ConvAttributes{.out_channels = 8, .kernel = 3}, {{3, 32, 33}}), (ValueShape{8, 30, 31}));
    EXPECT_EQ(infer(ConvAttributes{.out_channels = 6, .groups = 3}, {{3, 5, 5}}), (ValueShape{6, 5, 5}));
}

TEST(InferShape, DilationSpreadsTheKernel) {
    ConvAttributes conv{.out_channels = 8, .kernel = 3, .pad = 5};
    conv.dilation = 5; // 11 pixels wide
    EXPECT_EQ(infer(conv, {{3, 30, 20}}), (ValueShape{8, 30, 20}));
    conv.pad = 0;
    EXPECT_EQ(infer(conv, {{3, 30, 20}}), (ValueShape{8, 20, 10}));
    conv.padding = Padding::same_tf;
    EXPECT_EQ(infer(conv, {{3, 30, 20}}), (ValueShape{8, 30, 20}));
}

TEST(InferShape, SameTfGivesTheRoundedUpQuotient) {
    for (const std::int64_t kernel : {1, 2, 3, 5, 7}) {
        for (const std::int64_t stride : {1, 2, 3}) {
            for (std::int64_t in = 1; in <= 20; ++in) {
                ConvAttributes conv{.out_channels = 1, .kernel = kernel, .stride = stride};
                conv.padding = Padding::same_tf;
                EXPECT_EQ(infer(conv, {{3, in, 1}}).height, (in + stride - 1) / stride)
                    << "kernel " << kernel << ", stride " << stride << ", in " << in;
            }
        }
    }
}

TEST(ConvPadding, SameTfPutsTheOddPixelLast) {
    ConvAttributes conv{.out_channels = 1, .kernel = 3, .stride = 2};
    conv.padding = Padding::same_tf;
    const AxisPadding even = conv_padding(conv, 224); // (112 - 1) * 2 + 3 - 224 = 1
    EXPECT_EQ(even.begin, 0);
    EXPECT_EQ(even.end, 1);
    const AxisPadding odd = conv_padding(conv, 225); // (113 - 1) * 2 + 3 - 225 = 2
    EXPECT_EQ(odd.begin, 1);
    EXPECT_EQ(odd.end, 1);
}

TEST(InferShape, OtherOperators) {
    EXPECT_EQ(infer(PoolAttributes{PoolAttributes::Kind::max, 3, 2, 1}, {{4, 7, 8}}), (ValueShape{4, 4, 4}));
    EXPECT_EQ(infer(PoolAttributes{PoolAttributes::Kind::global_average, 1, 1, 0}, {{4, 7, 8}}), (ValueShape{4, 1, 1}));
    EXPECT_EQ(infer(UpsampleAttributes{}, {{4, 3, 3}, {9, 5, 6}}), (ValueShape{4, 5, 6}));
    EXPECT_EQ(infer(ConcatAttributes{}, {{4, 3, 3}, {9, 3, 3}, {1, 3, 3}}), (ValueShape{14, 3, 3}));
    EXPECT_EQ(infer(AddAttributes{}, {{4, 3, 3}, {4, 3, 3}}), (ValueShape{4, 3, 3}));
    EXPECT_EQ(infer(LinearAttributes{10, "p"}, {{4, 1, 1}}), (ValueShape{10, 1, 1}));
    EXPECT_EQ(infer(ScaleAttributes{"p"}, {{4, 3, 3}}), (ValueShape{4, 3, 3}));
    EXPECT_EQ(infer(SoftmaxAttributes{}, {{4, 3, 3}}), (ValueShape{4, 3, 3}));
    EXPECT_EQ(infer(SelectChannelsAttributes{{3, 3, 0}}, {{4, 5, 6}}), (ValueShape{3, 5, 6}));
}

TEST(InferShape, RefusesInputsThatDoNotFit) {
    refused<ShapeError>(ConvAttributes{.out_channels = 4, .groups = 2}, {{3, 8, 8}}, {"groups 2", "[C 3, H 8, W 8]"});
    refused<ShapeError>(ConvAttributes{.out_channels = 4, .kernel = 9}, {{3, 8, 8}}, {"kernel"});
    refused<ShapeError>(ConvAttributes{.out_channels = 4}, {}, {"one input", "no input"});
    refused<ShapeError>(ConvAttributes{.out_channels = 4}, {{3, 8, 8}, {3, 8, 8}}, {"one input"});
    refused<ShapeError>(AddAttributes{}, {{3, 8, 8}, {4, 8, 8}}, {"one shape"});
    refused<ShapeError>(AddAttributes{}, {{3, 8, 8}}, {"two inputs"});
    refused<ShapeError>(ConcatAttributes{}, {{3, 8, 8}}, {"two or more"});
    refused<ShapeError>(ConcatAttributes{}, {{3, 8, 8}, {3, 8, 9}}, {"one height"});
    refused<ShapeError>(UpsampleAttributes{}, {{3, 8, 8}, {3, 7, 8}}, {"at least as large"});
    refused<ShapeError>(UpsampleAttributes{}, {{3, 8, 8}}, {"two inputs"});
    refused<ShapeError>(LinearAttributes{4, "p"}, {{3, 2, 1}}, {"height and width 1"});
    const ConvAttributes padded{.out_channels = 1, .kernel = 1000, .pad = 999};
    refused<ShapeError>(padded, {{1, kMaxExtent, kMaxExtent}}, {"16384"});
}

TEST(InferShape, RefusesAttributesOutOfRange) {
    const ValueShape in{4, 8, 8};
    refused<CheckError>(ConvAttributes{.out_channels = 0}, {in}, {"out_channels"});
    refused<CheckError>(ConvAttributes{.out_channels = kMaxChannels + 1}, {in}, {"out_channels"});
    refused<CheckError>(ConvAttributes{.out_channels = 4, .kernel = 0}, {in}, {"kernel 0"});
    refused<CheckError>(ConvAttributes{.out_channels = 4, .kernel = kMaxWindow + 1}, {in}, {"kernel 1025"});
    refused<CheckError>(ConvAttributes{.out_channels = 4, .stride = 0}, {in}, {"stride 0"});
    refused<CheckError>(ConvAttributes{.out_channels = 4, .kernel = 3, .pad = 3}, {in}, {"pad 3"});
    refused<CheckError>(ConvAttributes{.out_channels = 4, .pad = -1}, {in}, {"pad -1"});
    refused<CheckError>(ConvAttributes{.out_channels = 4, .groups = 3}, {in}, {"groups"});
    refused<CheckError>(ConvAttributes{.out_channels = 4, .groups = 0}, {in}, {"groups"});
    ConvAttributes both{.out_channels = 4, .kernel = 3, .pad = 1};
    both.padding = Padding::same_tf;
    refused<CheckError>(both, {in}, {"same_tf", "found 1"});
    const ConvAttributes huge{.out_channels = kMaxChannels, .kernel = kMaxWindow, .pad = kMaxWindow / 2};
    refused<CheckError>(huge, {{kMaxChannels, 600, 600}}, {"4294967296"});
    ConvAttributes spread{.out_channels = 4, .kernel = 3};
    spread.dilation = 0;
    refused<CheckError>(spread, {in}, {"dilation", "found 0"});
    spread.dilation = kMaxWindow;
    refused<CheckError>(spread, {in}, {"kernel 2049"});
    refused<CheckError>(SelectChannelsAttributes{}, {in}, {"channels"});
    refused<ShapeError>(SelectChannelsAttributes{{0, 4}}, {in}, {"a channel 4"});
    refused<ShapeError>(SelectChannelsAttributes{{-1}}, {in}, {"a channel -1"});
    refused<CheckError>(BatchNormAttributes{0, "p"}, {in}, {"eps"});
    refused<CheckError>(BatchNormAttributes{-1e-5, "p"}, {in}, {"eps"});
    refused<CheckError>(GroupNormAttributes{2, 0, "p"}, {in}, {"eps"});
    refused<CheckError>(GroupNormAttributes{0, 1e-5, "p"}, {in}, {"groups", "found 0"});
    refused<ShapeError>(GroupNormAttributes{3, 1e-5, "p"}, {in}, {"divisible by groups 3"});
    refused<CheckError>(LinearAttributes{0, "p"}, {{4, 1, 1}}, {"out_features"});
    refused<CheckError>(PoolAttributes{PoolAttributes::Kind::max, 3, 2, 2}, {in}, {"kernel / 2"});
    refused<CheckError>(ConcatAttributes{}, {{kMaxChannels, 1, 1}, {1, 1, 1}}, {"channels"});
}

TEST(RequiredParameters, AreThoseThatTheNodeNames) {
    const std::vector<ValueShape> inputs{{4, 1, 1}};
    const Attributes all[] = {ConvAttributes{.out_channels = 4, .bias = true, .parameters = "p"},
                              ConvAttributes{.out_channels = 4, .parameters = "p"},
                              BatchNormAttributes{1e-5, "p"},
                              GroupNormAttributes{2, 1e-5, "p"},
                              ScaleAttributes{"p"},
                              LinearAttributes{4, "p"},
                              ActivationAttributes{},
                              PoolAttributes{}};
    for (const Attributes& attributes : all) {
        const Node node{"n", attributes, {0}, 1};
        std::vector<std::string> required;
        for (const auto& [name, parameter] : required_parameters(node, inputs)) required.push_back(name);
        std::vector<std::string> named = parameter_names(node);
        std::sort(named.begin(), named.end());
        EXPECT_EQ(required, named) << op_name(attributes);
    }
}

} // namespace
} // namespace banyan
