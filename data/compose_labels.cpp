#include "data/compose_labels.h"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace banyan {

namespace {

using States = std::vector<LabelState>;

/// The parts of `rect` that `hole` leaves, up to four.
void subtract(const PixelRect& rect, const PixelRect& hole, std::vector<PixelRect>& left) {
    const PixelRect common = intersect(rect, hole);
    if (common.empty()) {
        left.push_back(rect);
        return;
    }
    for (const PixelRect& part :
         {PixelRect{rect.x0, rect.y0, rect.x1, common.y0}, PixelRect{rect.x0, common.y1, rect.x1, rect.y1},
          PixelRect{rect.x0, common.y0, common.x0, common.y1}, PixelRect{common.x1, common.y0, rect.x1, common.y1}}) {
        if (!part.empty()) left.push_back(part);
    }
}

/// The pixels of layer `index` that no layer above hides, as rectangles that do not overlap.
std::vector<Box> visible_pixels(const std::vector<PictureLayer>& layers, std::size_t index) {
    std::vector<PixelRect> visible{layers[index].window};
    for (std::size_t above = index + 1; above < layers.size(); ++above) {
        std::vector<PixelRect> left;
        for (const PixelRect& rect : visible) subtract(rect, layers[above].window, left);
        visible = std::move(left);
    }
    std::vector<Box> boxes;
    for (const PixelRect& rect : visible) boxes.push_back(to_box(rect));
    return boxes;
}

/// What is to be seen of a polygon.
struct VisibleParts {
    VisibleParts(const Polygon& whole, const std::vector<Box>& visible) {
        double visible_area = 0;
        for (const Box& rect : visible) {
            Polygon part = clip(whole, rect);
            if (!(area(part) > 0)) continue;
            visible_area += area(part);
            const Box around = bounds(part);
            extent = parts.empty() ? around
                                   : Box{std::min(extent.x0, around.x0), std::min(extent.y0, around.y0),
                                         std::max(extent.x1, around.x1), std::max(extent.y1, around.y1)};
            parts.push_back(std::move(part));
        }
        if (!parts.empty()) share = std::min(1.0, visible_area / area(whole));
    }

    std::vector<Polygon> parts;
    Box extent;
    double share = 0;
};

Point centre_of(const Box& box) { return {(box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2}; }

bool is_known(const Labels& labels, const LabelledBox& box) {
    return state_at(labels, box.class_id, centre_of(box.box)) != LabelState::unknown;
}

/// Takes a flipped layer's classes for those in the mirror.
class ClassMirror {
public:
    ClassMirror(const PictureLayer& layer, const TransformOptions& options)
        : mirrored_(options.mirrored_class), on_(layer.placement.flip && !mirrored_.empty()) {}

    int operator()(int class_id) const {
        return on_ && class_id >= 0 ? mirrored_.at(static_cast<std::size_t>(class_id)) : class_id;
    }

    States operator()(const States& states) const {
        if (!on_) return states;
        States swapped = states;
        for (std::size_t k = 0; k < states.size(); ++k) swapped[static_cast<std::size_t>(mirrored_.at(k))] = states[k];
        return swapped;
    }

private:
    const std::vector<int>& mirrored_;
    bool on_;
};

class LabelComposer {
public:
    /// `is_composed`: the target shows more than one picture; these layers or others.
    LabelComposer(const std::vector<PictureLayer>& layers, int side, const TransformOptions& options, bool is_composed)
        : layers_(layers), side_(side), options_(options), is_composed_(is_composed) {}

    Labels compose() {
        set_states();
        for (std::size_t i = 0; i < layers_.size(); ++i) {
            const std::vector<Box> visible = visible_pixels(layers_, i);
            add_boxes(layers_[i], visible);
            add_ignore_regions(layers_[i], visible);
        }
        return std::move(labels_);
    }

private:
    States states_of(const PictureLayer& layer) const {
        return ClassMirror(layer, options_)(layer.picture.labels->states);
    }

    bool layers_agree() const {
        return std::all_of(layers_.begin(), layers_.end(), [this](const PictureLayer& layer) {
            return layer.picture.labels->regions.empty() && states_of(layer) == states_of(layers_.front());
        });
    }

    void set_states() {
        labels_.states = states_of(layers_.front());
        if (layers_agree()) return;
        const bool has_base = layers_.front().window == whole_target(side_);
        if (!has_base) std::fill(labels_.states.begin(), labels_.states.end(), LabelState::unknown);
        for (std::size_t i = 0; i < layers_.size(); ++i) {
            const Box window = to_box(layers_[i].window);
            if (i > 0 || !has_base) labels_.regions.push_back({window, states_of(layers_[i])});
            add_own_regions(layers_[i], window);
        }
    }

    void add_own_regions(const PictureLayer& layer, const Box& window) {
        const ClassMirror mirrored(layer, options_);
        for (const LabelRegion& region : layer.picture.labels->regions) {
            Polygon cut = clip(place_polygon(region.area, layer.placement, side_), window);
            if (area(cut) > 0) labels_.regions.push_back({std::move(cut), mirrored(region.states)});
        }
    }

    void add_boxes(const PictureLayer& layer, const std::vector<Box>& visible) {
        const Labels& source = *layer.picture.labels;
        const ClassMirror mirrored(layer, options_);
        for (const LabelledBox& labelled : source.boxes) {
            VisibleParts seen(place_polygon(labelled.box, layer.placement, side_), visible);
            if (seen.parts.empty()) continue;
            const LabelledBox placed{seen.extent, mirrored(labelled.class_id)};
            const bool judged = seen.share >= options_.min_visible &&
                                std::min(seen.extent.width(), seen.extent.height()) >= options_.min_side_px &&
                                (!is_composed_ || (is_known(source, labelled) && is_known(labels_, placed)));
            if (judged) {
                labels_.boxes.push_back(placed);
            } else {
                ignore(std::move(seen.parts), placed.class_id);
            }
        }
    }

    void add_ignore_regions(const PictureLayer& layer, const std::vector<Box>& visible) {
        const ClassMirror mirrored(layer, options_);
        for (const IgnoreRegion& region : layer.picture.labels->ignore) {
            VisibleParts seen(place_polygon(region.area, layer.placement, side_), visible);
            ignore(std::move(seen.parts), mirrored(region.class_id));
        }
    }

    void ignore(std::vector<Polygon> parts, int class_id) {
        for (Polygon& part : parts) labels_.ignore.push_back({std::move(part), class_id});
    }

    const std::vector<PictureLayer>& layers_;
    int side_;
    const TransformOptions& options_;
    bool is_composed_;
    Labels labels_;
};

LabelState blend(LabelState a, LabelState b) {
    const bool has_boxes = may_have_boxes(a) || may_have_boxes(b);
    if (is_covered(a) && is_covered(b)) return has_boxes ? LabelState::exhaustive : LabelState::absent;
    return has_boxes ? LabelState::partial : LabelState::unknown;
}

States blend(const States& a, const States& b) {
    States result(a.size());
    for (std::size_t k = 0; k < a.size(); ++k) result[k] = blend(a[k], b.at(k));
    return result;
}

/// A box with sides along the axes; corners from any one on and either way round.
bool is_box(const Polygon& polygon) {
    const Polygon around(bounds(polygon));
    return polygon.corners.size() == 4 && area(polygon) == area(around);
}

/// The part of two regions that both hold.
LabelRegion cross(const LabelRegion& a, const LabelRegion& b) {
    if (is_box(b.area)) return {clip(a.area, bounds(b.area)), blend(a.states, b.states)};
    if (is_box(a.area)) return {clip(b.area, bounds(a.area)), blend(a.states, b.states)};
    return {clip(Polygon(bounds(a.area)), bounds(b.area)), States(a.states.size(), LabelState::unknown)};
}

/// Each region of `first` and the rest of the picture, crossed with each of `second` and the rest: the last one that
/// holds a point is then that of the topmost in both.
std::vector<LabelRegion> cross_regions(const Labels& first, const Labels& second) {
    std::vector<LabelRegion> crossed;
    for (const LabelRegion& b : second.regions) crossed.push_back({b.area, blend(first.states, b.states)});
    for (const LabelRegion& a : first.regions) {
        crossed.push_back({a.area, blend(a.states, second.states)});
        for (const LabelRegion& b : second.regions) {
            LabelRegion both = cross(a, b);
            if (area(both.area) > 0) crossed.push_back(std::move(both));
        }
    }
    return crossed;
}

} // namespace

LabelState state_at(const Labels& labels, int class_id, Point point) {
    const auto k = static_cast<std::size_t>(class_id);
    for (auto region = labels.regions.rbegin(); region != labels.regions.rend(); ++region) {
        if (contains(region->area, point)) return region->states.at(k);
    }
    return labels.states.at(k);
}

Labels compose_labels(const Composition& composition, const TransformOptions& options) {
    const bool is_composed = composition.layers.size() > 1 || composition.blended;
    Labels labels = LabelComposer(composition.layers, composition.side, options, is_composed).compose();
    if (!composition.blended) return labels;
    const std::vector<PictureLayer> other{*composition.blended};
    return blend_labels(labels, LabelComposer(other, composition.side, options, is_composed).compose());
}

Labels place_labels(const Labels& labels, const Placement& placement, int side, const TransformOptions& options) {
    const std::vector<PictureLayer> alone{{{nullptr, &labels}, placement, whole_target(side), {}}};
    return LabelComposer(alone, side, options, false).compose();
}

Labels blend_labels(const Labels& first, const Labels& second) {
    Labels blended;
    blended.states = blend(first.states, second.states);
    blended.regions = cross_regions(first, second);
    for (const Labels* labels : {&first, &second}) {
        for (const LabelledBox& box : labels->boxes) {
            if (is_known(*labels, box) && is_known(blended, box)) {
                blended.boxes.push_back(box);
            } else {
                blended.ignore.push_back({box.box, box.class_id});
            }
        }
        blended.ignore.insert(blended.ignore.end(), labels->ignore.begin(), labels->ignore.end());
    }
    return blended;
}

} // namespace banyan
