#include "engine/program.h"

#include <gmock/gmock.h>

#include "graph/builder.h"

namespace banyan {
namespace {

using testing::ElementsAre;

/// "name:storage" of each operation's result; a sum in place is marked, and so is an overwritten input.
std::vector<std::string> described(const Program& program) {
    std::vector<std::string> texts;
    for (const Operation& operation : program.operations) {
        std::string text =
            program.value(operation.output).name + ":" + name_of(program.value(operation.output).storage.type);
        for (const PostOperation& post : operation.post) text += post.in_place ? "+in_place" : "+";
        if (operation.overwrites >= 0) text += " overwrites";
        texts.push_back(text);
    }
    return texts;
}

Program program_of(const GraphBuilder& builder, NumberType precision = NumberType::f32) {
    const Graph graph = builder.build();
    return make_program(graph, fuse_operators(graph), precision);
}

ConvAttributes same() { return {.out_channels = 3, .kernel = 3, .pad = 1}; }

TEST(MakeProgram, SumsInPlaceWhereNobodyNeedsTheAddend) {
    GraphBuilder b(8, 8);
    const ValueId x = b.conv(b.image(), "x", same());
    const ValueId inner = b.activation(b.conv(x, "inner", same()), "act", Activation::relu);
    const ValueId sum = b.add(b.conv(inner, "outer", same()), x, "sum");
    b.output("y", b.conv(sum, "last", same()));
    EXPECT_THAT(described(program_of(b)), ElementsAre("x:f32", "act:f32+", "sum:f32+in_place", "last:f32"));
}

TEST(MakeProgram, KeepsAnAddendThatIsReadLaterOrAtTheSameTime) {
    GraphBuilder b(8, 8);
    const ValueId x = b.conv(b.image(), "x", same());
    const ValueId direct = b.add(b.conv(x, "c", same()), x, "sum"); // the convolution reads x while it writes
    b.output("y", b.conv(direct, "last", same()));
    EXPECT_THAT(described(program_of(b)), ElementsAre("x:f32", "sum:f32+", "last:f32"));

    GraphBuilder later(8, 8);
    const ValueId v = later.conv(later.image(), "v", same());
    const ValueId other = later.conv(later.image(), "other", same());
    const ValueId sum = later.add(later.conv(other, "c", same()), v, "sum");
    later.output("y", later.conv(sum, "last", same()));
    later.output("z", v);
    EXPECT_THAT(described(program_of(later)), ElementsAre("v:f32", "other:f32", "sum:f32+", "last:f32"));
}

TEST(MakeProgram, WritesOutputsAsFloatsAtOnceOrCopiesThem) {
    GraphBuilder b(8, 8);
    const ValueId x = b.conv(b.image(), "x", same());
    b.output("seen", x);
    b.output("y", b.conv(x, "last", same()));
    EXPECT_THAT(described(program_of(b, NumberType::bf16)), ElementsAre("x:bf16", "last:f32", "x:f32"));
}

TEST(MakeProgram, StoresRoundedValuesInBytes) {
    // The picture is bytes at once; the first convolution writes bytes; pooling and upsampling copy them.
    GraphBuilder b(8, 8);
    const ValueId image = b.fake_quant(b.image(), "image.quant", {1, 0});
    const ValueId act = b.activation(b.conv(image, "c", same()), "act", Activation::relu);
    const ValueId rounded = b.fake_quant(act, "act.quant", {0.5, 0});
    const ValueId up = b.upsample_like(b.max_pool(rounded, "pool", 2, 2, 0), image, "up");
    b.output("y", b.conv(up, "last", same()));
    const Program program = program_of(b);
    EXPECT_EQ(program.value(program.graph.input).storage, (Storage{NumberType::u8, 1, 0}));
    // The relu is gone: bytes without a zero point hold nothing below 0.
    EXPECT_THAT(described(program), ElementsAre("act.quant:u8", "pool:u8", "up:u8", "last:f32"));
}

TEST(MakeProgram, KeepsActivationsThatBytesDoNotImply) {
    const auto posts = [](Activation kind, const FakeQuantAttributes& quant) {
        GraphBuilder b(8, 8);
        const ValueId image = b.fake_quant(b.image(), "image.quant", {1, 0});
        const ValueId act = b.activation(b.conv(image, "c", same()), "act", kind);
        b.output("y", b.conv(b.fake_quant(act, "act.quant", quant), "last", same()));
        return program_of(b).operations[0].post.size();
    };
    EXPECT_EQ(posts(Activation::relu, {0.5, 0}), 0U);
    EXPECT_EQ(posts(Activation::relu, {0.5, 7}), 1U);
    EXPECT_EQ(posts(Activation::relu6, {6.0 / 255, 0}), 0U);
    EXPECT_EQ(posts(Activation::relu6, {7.0 / 255, 0}), 1U);
    EXPECT_EQ(posts(Activation::sigmoid, {1.0 / 255, 0}), 1U);
}

TEST(MakeProgram, ConvertsWhereAnOperationCannotReadBytes) {
    GraphBuilder b(8, 8);
    const ValueId image = b.fake_quant(b.image(), "image.quant", {1, 0});
    const ValueId rounded = b.fake_quant(b.conv(image, "c", same()), "c.quant", {0.5, 128});
    b.output("y", b.activation(rounded, "act", Activation::silu));
    EXPECT_THAT(described(program_of(b)), ElementsAre("c.quant:u8", "c.quant:f32", "act:f32 overwrites"));
}

TEST(MakeProgram, RoundsTheResultOfAFloatConvolutionAfterwards) {
    GraphBuilder b(8, 8);
    const ValueId act = b.activation(b.conv(b.image(), "c", same()), "act", Activation::relu);
    b.output("y", b.conv(b.fake_quant(act, "act.quant", {0.5, 0}), "last", same()));
    EXPECT_THAT(described(program_of(b)), ElementsAre("act:f32+", "act.quant:u8", "last:f32"));
}

} // namespace
} // namespace banyan
