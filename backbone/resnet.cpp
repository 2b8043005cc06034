#include "backbone/resnet.h"

#include <array>

#include "backbone/conv_norm.h"
#include "core/check.h"

namespace banyan {

namespace {

constexpr std::int64_t kStemChannels = 64;
constexpr std::int64_t kClasses = 1000;

struct Depth {
    std::array<int, 4> blocks; ///< of layer1 … layer4
    bool bottleneck;
};

Depth depth_of(BackboneType type) {
    switch (type) {
    case BackboneType::resnet18: return {{2, 2, 2, 2}, false};
    case BackboneType::resnet34: return {{3, 4, 6, 3}, false};
    case BackboneType::resnet50: return {{3, 4, 6, 3}, true};
    default: throw CheckError("resnet: not one of ResNet-18, -34 and -50");
    }
}

class ResNet {
public:
    ResNet(const BackboneOptions& options, GraphBuilder& builder)
        : options_(options), builder_(builder), name_(options.name + "."), depth_(depth_of(options.type)) {}

    BackboneOutputs build(ValueId image) {
        BackboneOutputs outputs;
        ValueId x = append_conv_norm(builder_, image, {name_ + "conv1", name_ + "bn1", name_ + "relu"},
                                     {kStemChannels, 7, 2, 1, Activation::relu});
        x = builder_.max_pool(x, name_ + "maxpool", 3, 2, 1);
        for (int level = 2; level <= options_.last_level; ++level) {
            x = layer(x, level);
            outputs.levels[level] = x;
        }
        if (options_.with_classifier) classify(x);
        return outputs;
    }

private:
    /// `layer<level-1>`: the first block halves the picture, but in layer1, which follows the pool.
    ValueId layer(ValueId x, int level) {
        const std::int64_t channels = kStemChannels << (level - 2);
        const int blocks = depth_.blocks.at(static_cast<std::size_t>(level - 2));
        for (int block = 0; block < blocks; ++block) {
            const std::string name = name_ + "layer" + std::to_string(level - 1) + "." + std::to_string(block) + ".";
            const std::int64_t stride = block == 0 && level > 2 ? 2 : 1;
            const ValueId kept = shortcut(x, name, depth_.bottleneck ? 4 * channels : channels, stride);
            const ValueId y =
                depth_.bottleneck ? bottleneck(x, name, channels, stride) : basic(x, name, channels, stride);
            x = builder_.activation(builder_.add(y, kept, name + "add"), name + "relu", Activation::relu);
        }
        return x;
    }

    ValueId shortcut(ValueId x, const std::string& name, std::int64_t out, std::int64_t stride) {
        if (stride == 1 && builder_.shape(x).channels == out) return x;
        return append_conv_norm(builder_, x, {name + "downsample.0", name + "downsample.1", ""}, {out, 1, stride});
    }

    ValueId basic(ValueId x, const std::string& name, std::int64_t channels, std::int64_t stride) {
        const ValueId y = part(x, name, 1, {channels, 3, stride, 1, Activation::relu});
        return part(y, name, 2, {channels, 3});
    }

    ValueId bottleneck(ValueId x, const std::string& name, std::int64_t channels, std::int64_t stride) {
        ValueId y = part(x, name, 1, {channels, 1, 1, 1, Activation::relu});
        y = part(y, name, 2, {channels, 3, stride, 1, Activation::relu});
        return part(y, name, 3, {4 * channels});
    }

    ValueId part(ValueId x, const std::string& name, int number, const ConvNormOptions& options) {
        const std::string digit = std::to_string(number);
        const ConvNormNames names{name + "conv" + digit, name + "bn" + digit, name + "relu" + digit};
        return append_conv_norm(builder_, x, names, options);
    }

    void classify(ValueId x) {
        const ValueId pooled = builder_.global_average_pool(x, name_ + "avgpool");
        builder_.output("logits", builder_.linear(pooled, name_ + "fc", {kClasses, ""}, {0.01, 0}));
    }

    const BackboneOptions& options_;
    GraphBuilder& builder_;
    std::string name_;
    Depth depth_;
};

} // namespace

BackboneOutputs build_resnet(const BackboneOptions& options, GraphBuilder& builder, ValueId image) {
    return ResNet(options, builder).build(image);
}

} // namespace banyan
