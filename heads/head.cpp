#include "heads/head.h"

#include <algorithm>
#include <cmath>

#include "core/check.h"
#include "heads/box_bins.h"

namespace banyan {

namespace {

constexpr double kOutputStd = 0.01;
constexpr const char* kBranches = "branches.";

std::string level_suffix(int level) { return ".p" + std::to_string(level); }

void check(const HeadShape& shape, const HeadOptions& options) {
    BANYAN_CHECK(!shape.branch.empty(), "head: expected the name of a branch, found \"\"");
    const std::string where = "head of branch " + shape.branch;
    BANYAN_CHECK(!shape.outputs.empty(), where, ": expected at least one task");
    for (const HeadOutputs& outputs : shape.outputs) {
        BANYAN_CHECK(!outputs.name.empty(), where, ": expected a name of its outputs, found \"\"");
        BANYAN_CHECK(outputs.classes >= 1, where, ": expected at least one class, found ", outputs.classes);
    }
    BANYAN_CHECK(shape.per_cell >= 1, where, ": expected at least one anchor a cell, found ", shape.per_cell);
    BANYAN_CHECK(std::isfinite(shape.box_code), where, ": expected a finite start value of box codes");
    BANYAN_CHECK(0 <= options.depth && options.depth <= 8, where, ": expected depth in [0, 8], found ", options.depth);
    BANYAN_CHECK(8 <= options.width && options.width <= 1024 && options.width % 8 == 0, where,
                 ": expected a width in [8, 1024] that is a multiple of 8, found ", options.width);
    BANYAN_CHECK(options.prior > 0 && options.prior <= 0.5, where, ": expected prior in (0, 0.5], found ",
                 options.prior);
    const bool fits = options.box_bins == 0 || (2 <= options.box_bins && options.box_bins <= kMostBoxBins);
    BANYAN_CHECK(fits, where, ": expected box_bins 0 or in [2, ", kMostBoxBins, "], found ", options.box_bins);
    BANYAN_CHECK(options.box_bins == 0 || shape.per_cell == 1, where, ": box_bins need one point a cell, found ",
                 shape.per_cell, " anchors");
}

class HeadBuilder {
public:
    HeadBuilder(GraphBuilder& builder, const HeadShape& shape, const HeadOptions& options)
        : builder_(builder), shape_(shape), options_(options), prefix_(kBranches + shape.branch + ".") {}

    void build_level(int level, ValueId features) {
        ValueId class_features = features;
        ValueId box_features = features;
        if (options_.split_towers) {
            class_features = tower("cls_tower", level, features);
            box_features = tower("box_tower", level, features);
        } else {
            class_features = box_features = tower("tower", level, features);
        }
        for (const HeadOutputs& outputs : shape_.outputs) {
            build_classes(outputs, level, class_features);
            build_boxes(outputs, level, box_features);
        }
    }

private:
    void build_classes(const HeadOutputs& outputs, int level, ValueId features) {
        const double bias = -std::log((1 - options_.prior) / options_.prior);
        const std::string name = kBranches + outputs.name + ".cls";
        const ValueId logits = output_conv(name, level, features, outputs.classes, {kOutputStd, bias});
        builder_.output(class_output_name(outputs.name, level), logits);
    }

    void build_boxes(const HeadOutputs& outputs, int level, ValueId features) {
        const std::string name = kBranches + outputs.name + ".box";
        const ValueId codes = output_conv(name, level, features, box_channels(options_), box_init());
        builder_.output(box_output_name(outputs.name, level),
                        builder_.scale(codes, name + "_scale" + level_suffix(level)));
    }

    ValueId tower(const std::string& name, int level, ValueId value) {
        ConvBnActOptions layer;
        layer.out_channels = options_.width;
        layer.activation = options_.activation;
        layer.norm = options_.norm;
        layer.suffix = level_suffix(level);
        for (int i = 0; i < options_.depth; ++i) {
            const std::string layer_name = prefix_ + name + "." + std::to_string(i);
            value = options_.tower == TowerKind::separable ? builder_.separable_bn_act(value, layer_name, layer)
                                                           : builder_.conv_bn_act(value, layer_name, layer);
        }
        return value;
    }

    LayerInit box_init() const {
        if (options_.box_bins == 0) return {kOutputStd, shape_.box_code};
        return {kOutputStd, 0, widest_distribution(static_cast<std::size_t>(options_.box_bins), shape_.box_code)};
    }

    /// @param per_anchor channels of each anchor of a cell
    ValueId output_conv(const std::string& name, int level, ValueId value, std::int64_t per_anchor,
                        const LayerInit& init) {
        ConvAttributes conv;
        conv.out_channels = shape_.per_cell * per_anchor;
        conv.bias = true;
        conv.parameters = name;
        return builder_.conv(value, name + level_suffix(level), conv, init);
    }

    GraphBuilder& builder_;
    const HeadShape& shape_;
    const HeadOptions& options_;
    std::string prefix_;
};

} // namespace

std::string class_output_name(const std::string& branch, int level) { return branch + ".cls" + level_suffix(level); }
std::string box_output_name(const std::string& branch, int level) { return branch + ".box" + level_suffix(level); }

std::int64_t box_channels(const HeadOptions& options) { return 4 * std::int64_t{std::max(options.box_bins, 1)}; }

double start_box_code(const AnchorOptions& anchors) {
    check_anchors(anchors);
    if (anchors.kind == AnchorKind::boxes) return 0;
    double sum = 0; // one bias serves all levels: the mean over them
    for (std::size_t i = 0; i < anchors.levels.size(); ++i) {
        const AnchorSize size = sizes_of_level(anchors, i).front();
        sum += std::sqrt(size.width_px * size.height_px) / 2 / (1 << anchors.levels[i]);
    }
    return sum / static_cast<double>(anchors.levels.size());
}

void build_head(GraphBuilder& builder, const std::map<int, ValueId>& levels, const HeadShape& shape,
                const HeadOptions& options) {
    check(shape, options);
    BANYAN_CHECK(!levels.empty(), "head of branch ", shape.branch, ": expected at least one level");
    HeadBuilder head(builder, shape, options);
    for (const auto& [level, features] : levels) head.build_level(level, features);
}

} // namespace banyan
