#include "backbone/neck.h"

#include <algorithm>

#include "core/check.h"

namespace banyan {

namespace {

constexpr int kLowestLevel = 2;
constexpr int kHighestLevel = 8;

using Levels = std::map<int, ValueId>;

class Neck {
public:
    Neck(GraphBuilder& builder, const NeckOptions& options) : builder_(builder), options_(options) {}

    NeckOutputs build(const Levels& features) {
        check(features);
        Levels levels = smoothed(top_down(features));
        if (options_.type == NeckType::pan) levels = bottom_up(levels);
        for (int level = top_ + 1; level <= options_.last_level; ++level) {
            levels[level] = conv3x3(levels.at(level - 1), named("extra", level), 2);
        }
        return {levels};
    }

private:
    void check(const Levels& features) {
        const std::string& name = options_.name;
        BANYAN_CHECK(!name.empty(), "neck: expected a name as prefix of nodes and parameters, found \"\"");
        BANYAN_CHECK(options_.channels >= 1, name, ": expected channels >= 1, found ", options_.channels);
        BANYAN_CHECK(kLowestLevel <= options_.first_level && options_.first_level <= options_.last_level &&
                         options_.last_level <= kHighestLevel,
                     name, ": expected ", kLowestLevel, " <= first_level <= last_level <= ", kHighestLevel, ", found ",
                     options_.first_level, " and ", options_.last_level);
        BANYAN_CHECK(!features.empty(), name, ": the backbone gives no level");
        top_ = std::min(options_.last_level, features.rbegin()->first);
        BANYAN_CHECK(options_.first_level <= top_, name, ": first_level ", options_.first_level,
                     " is above the backbone's last level ", top_);
        for (int level = options_.first_level; level <= top_; ++level) {
            BANYAN_CHECK(features.count(level) > 0, name, ": the backbone gives no level ", level);
        }
    }

    /// 1x1 convolutions to the common channels, then each level plus the doubled one above it.
    Levels top_down(const Levels& features) {
        Levels sums;
        for (int level = top_; level >= options_.first_level; --level) {
            const ValueId lateral = conv1x1(features.at(level), named("lateral", level));
            if (level == top_) {
                sums[level] = lateral;
                continue;
            }
            const ValueId above = builder_.upsample_like(sums.at(level + 1), lateral, named("upsample", level));
            sums[level] = builder_.add(lateral, above, named("sum", level));
        }
        return sums;
    }

    Levels smoothed(Levels levels) {
        for (auto& [level, value] : levels) value = conv3x3(value, named("smooth", level), 1);
        return levels;
    }

    /// The second path of arXiv:1803.01534: N(l+1) = conv(P(l+1) + stride-2 conv(N(l))); N(first) = P(first).
    Levels bottom_up(const Levels& levels) {
        Levels path{*levels.begin()};
        for (int level = options_.first_level + 1; level <= top_; ++level) {
            const ValueId halved = conv3x3(path.at(level - 1), named("down", level), 2);
            const ValueId sum = builder_.add(levels.at(level), halved, named("up_sum", level));
            path[level] = conv3x3(sum, named("up_smooth", level), 1);
        }
        return path;
    }

    std::string named(const std::string& part, int level) const {
        return options_.name + "." + part + ".p" + std::to_string(level);
    }

    ValueId conv1x1(ValueId x, const std::string& name) {
        ConvBnActOptions conv;
        conv.out_channels = options_.channels;
        conv.kernel = 1;
        conv.activation = Activation::none;
        conv.norm = options_.norm;
        return builder_.conv_bn_act(x, name, conv);
    }

    ValueId conv3x3(ValueId x, const std::string& name, std::int64_t stride) {
        ConvBnActOptions conv;
        conv.out_channels = options_.channels;
        conv.stride = stride;
        conv.activation = options_.activation;
        conv.norm = options_.norm;
        return options_.depthwise ? builder_.separable_bn_act(x, name, conv) : builder_.conv_bn_act(x, name, conv);
    }

    GraphBuilder& builder_;
    const NeckOptions& options_;
    int top_ = 0; ///< highest level taken from the backbone
};

} // namespace

NeckOutputs build_neck(GraphBuilder& builder, const std::map<int, ValueId>& levels, const NeckOptions& options) {
    return Neck(builder, options).build(levels);
}

} // namespace banyan
