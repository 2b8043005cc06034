#include "backbone/efficientnet_lite0.h"

#include "backbone/conv_norm.h"

namespace banyan {

namespace {

constexpr double kEps = 1e-3;
constexpr std::int64_t kStemChannels = 32;
constexpr std::int64_t kTopChannels = 1280;
constexpr std::int64_t kClasses = 1000;

/// A row of EfficientNet-B0's table; `level` is the level that its last block closes, 0 if it closes none.
struct Stage {
    std::int64_t expansion, channels, blocks, stride, kernel;
    int level;
};
constexpr Stage kStages[] = {{1, 16, 1, 1, 3, 0},  {6, 24, 2, 2, 3, 2},  {6, 40, 2, 2, 5, 3}, {6, 80, 3, 2, 3, 0},
                             {6, 112, 3, 1, 5, 4}, {6, 192, 4, 2, 5, 0}, {6, 320, 1, 1, 3, 5}};

class EfficientNetLite0 {
public:
    EfficientNetLite0(const BackboneOptions& options, GraphBuilder& builder)
        : options_(options), builder_(builder), name_(options.name + ".") {}

    BackboneOutputs build(ValueId image) {
        BackboneOutputs outputs;
        ValueId x = layer(image, {name_ + "conv_stem", name_ + "bn0", name_ + "act0"}, {kStemChannels, 3, 2});
        for (const Stage& stage : kStages) {
            for (std::int64_t block = 0; block < stage.blocks; ++block) {
                x = inverted_residual(x, stage, block == 0 ? stage.stride : 1);
            }
            if (stage.level > 0) outputs.levels[stage.level] = x;
            if (stage.level == options_.last_level) break;
        }
        if (!options_.wide_top && !options_.with_classifier) return outputs;

        x = layer(x, {name_ + "conv_head", name_ + "bn1", name_ + "act1"}, {kTopChannels});
        if (options_.wide_top) outputs.levels[5] = x;
        if (options_.with_classifier) classify(x);
        return outputs;
    }

private:
    ValueId layer(ValueId x, const ConvNormNames& names, ConvNormOptions conv) {
        conv.activation = names.activation.empty() ? Activation::none : Activation::relu6;
        conv.padding = Padding::same_tf;
        conv.eps = kEps;
        return append_conv_norm(builder_, x, names, conv);
    }

    ValueId inverted_residual(ValueId x, const Stage& stage, std::int64_t stride) {
        const std::string name = name_ + "blocks." + std::to_string(next_block_++) + ".";
        const std::int64_t in = builder_.shape(x).channels;
        const std::int64_t hidden = in * stage.expansion;

        ValueId y = x;
        if (stage.expansion != 1) y = layer(y, {name + "expand_conv", name + "bn0", name + "act0"}, {hidden});
        y = layer(y, {name + "depthwise_conv", name + "bn1", name + "act1"}, {hidden, stage.kernel, stride, hidden});
        y = layer(y, {name + "project_conv", name + "bn2", ""}, {stage.channels});
        return stride == 1 && in == stage.channels ? builder_.add(x, y, name + "add") : y;
    }

    void classify(ValueId x) {
        const ValueId pooled = builder_.global_average_pool(x, name_ + "avgpool");
        builder_.output("logits", builder_.linear(pooled, name_ + "fc", {kClasses, ""}, {0.01, 0}));
    }

    const BackboneOptions& options_;
    GraphBuilder& builder_;
    std::string name_;
    int next_block_ = 0;
};

} // namespace

BackboneOutputs build_efficientnet_lite0(const BackboneOptions& options, GraphBuilder& builder, ValueId image) {
    return EfficientNetLite0(options, builder).build(image);
}

} // namespace banyan
