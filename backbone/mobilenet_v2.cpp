#include "backbone/mobilenet_v2.h"

#include <algorithm>

#include "backbone/conv_norm.h"

namespace banyan {

namespace {

constexpr std::int64_t kStemChannels = 32;
constexpr std::int64_t kTopChannels = 1280;
constexpr std::int64_t kClasses = 1000;

/// A row of table 2 of arXiv:1801.04381; `level` is the level that its last block closes, 0 if it closes none.
struct Stage {
    std::int64_t expansion, channels, blocks, stride;
    int level;
};
constexpr Stage kStages[] = {{1, 16, 1, 1, 0}, {6, 24, 2, 2, 2},  {6, 32, 3, 2, 3}, {6, 64, 4, 2, 0},
                             {6, 96, 3, 1, 4}, {6, 160, 3, 2, 0}, {6, 320, 1, 1, 5}};

/// The multiple of 8 nearest to channels * width, but not more than 10 % below it.
std::int64_t scaled(std::int64_t channels, double width) {
    const double wanted = static_cast<double>(channels) * width;
    const std::int64_t rounded = std::max<std::int64_t>(8, static_cast<std::int64_t>(wanted + 4.0) / 8 * 8);
    return static_cast<double>(rounded) < 0.9 * wanted ? rounded + 8 : rounded;
}

class MobileNetV2 {
public:
    MobileNetV2(const BackboneOptions& options, GraphBuilder& builder) : options_(options), builder_(builder) {}

    BackboneOutputs build(ValueId image) {
        BackboneOutputs outputs;
        ConvNormOptions stem{scaled(kStemChannels, options_.width), 3, 2};
        ValueId x = layer(image, feature(), stem, Activation::relu6);
        for (const Stage& stage : kStages) {
            for (std::int64_t block = 0; block < stage.blocks; ++block) {
                x = inverted_residual(x, stage, block == 0 ? stage.stride : 1);
            }
            if (stage.level > 0) outputs.levels[stage.level] = x;
            if (stage.level == options_.last_level) break;
        }
        if (!options_.wide_top && !options_.with_classifier) return outputs;

        const ConvNormOptions top{scaled(kTopChannels, std::max(1.0, options_.width))};
        x = layer(x, feature(), top, Activation::relu6);
        if (options_.wide_top) outputs.levels[5] = x;
        if (options_.with_classifier) classify(x);
        return outputs;
    }

private:
    /// Name of the next member of `features`.
    std::string feature() { return options_.name + ".features." + std::to_string(next_feature_++); }

    /// `<name>.0` conv, `<name>.1` batch norm, `<name>.2` activation.
    ValueId layer(ValueId x, const std::string& name, ConvNormOptions conv, Activation activation) {
        conv.activation = activation;
        return append_conv_norm(builder_, x, {name + ".0", name + ".1", name + ".2"}, conv);
    }

    ValueId inverted_residual(ValueId x, const Stage& stage, std::int64_t stride) {
        const std::string block = feature();
        const std::string name = block + ".conv.";
        const std::int64_t in = builder_.shape(x).channels;
        const std::int64_t out = scaled(stage.channels, options_.width);
        const std::int64_t hidden = in * stage.expansion;

        int part = 0;
        ValueId y = x;
        if (stage.expansion != 1) y = layer(y, name + std::to_string(part++), {hidden}, Activation::relu6);
        y = layer(y, name + std::to_string(part++), {hidden, 3, stride, hidden}, Activation::relu6);
        const std::string project = name + std::to_string(part), norm = name + std::to_string(part + 1);
        y = append_conv_norm(builder_, y, {project, norm, ""}, {out});
        return stride == 1 && in == out ? builder_.add(x, y, block + ".add") : y;
    }

    void classify(ValueId x) {
        const ValueId pooled = builder_.global_average_pool(x, options_.name + ".avgpool");
        const LayerInit init{0.01, 0};
        builder_.output("logits", builder_.linear(pooled, options_.name + ".classifier.1", {kClasses, ""}, init));
    }

    const BackboneOptions& options_;
    GraphBuilder& builder_;
    int next_feature_ = 0;
};

} // namespace

BackboneOutputs build_mobilenet_v2(const BackboneOptions& options, GraphBuilder& builder, ValueId image) {
    return MobileNetV2(options, builder).build(image);
}

} // namespace banyan
