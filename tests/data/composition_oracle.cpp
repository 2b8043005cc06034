#include "data/composition_oracle.h"

#include <algorithm>

#include "data/compose_labels.h"

namespace banyan::test {

namespace {

Spot to_target(Spot source, const Placement& placement) {
    const Turn& turn = placement.turn;
    const double u = placement.scale * (turn.xx * source.x + turn.xy * source.y) + placement.offset_x;
    const double v = placement.scale * (turn.yx * source.x + turn.yy * source.y) + placement.offset_y;
    return {placement.flip ? kSide - u : u, v};
}

bool holds(const PixelRect& rect, Spot spot) {
    return spot.x >= rect.x0 && spot.x < rect.x1 && spot.y >= rect.y0 && spot.y < rect.y1;
}

bool holds(const Box& box, Spot spot) {
    const double x = spot.x, y = spot.y;
    return x >= box.x0 && x < box.x1 && y >= box.y0 && y < box.y1;
}

bool holds(const Polygon& polygon, Spot spot) {
    return contains(polygon, {static_cast<float>(spot.x), static_cast<float>(spot.y)});
}

/// By hand, row and column in the order of the enumeration: unknown, partial, exhaustive, absent.
LabelState meet(LabelState a, LabelState b) {
    constexpr LabelState u = LabelState::unknown, p = LabelState::partial, e = LabelState::exhaustive;
    constexpr std::array<std::array<LabelState, 4>, 4> kTable{
        {{u, p, p, u}, {p, p, p, p}, {p, p, e, e}, {u, p, e, LabelState::absent}}};
    return kTable[static_cast<std::size_t>(a)][static_cast<std::size_t>(b)];
}

} // namespace

Spot to_source(Spot target, const Placement& placement) {
    const double u = ((placement.flip ? kSide - target.x : target.x) - placement.offset_x) / placement.scale;
    const double v = (target.y - placement.offset_y) / placement.scale;
    const Turn& turn = placement.turn;
    const double determinant = turn.xx * turn.yy - turn.xy * turn.yx;
    return {(turn.yy * u - turn.xy * v) / determinant, (turn.xx * v - turn.yx * u) / determinant};
}

Point centre_of(const Box& box) { return {(box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2}; }

LayerOracle::LayerOracle(std::vector<PictureLayer> layers, const TransformOptions& options, bool is_blended)
    : layers_(std::move(layers)), options_(options), is_blended_(is_blended) {
    for (const PictureLayer& layer : layers_) {
        fates_.emplace_back();
        for (const LabelledBox& box : layer.picture.labels->boxes) fates_.back().push_back(fate_of(layer, box));
    }
}

LabelState LayerOracle::state(int class_id, Spot spot) const {
    const PictureLayer& layer = top(spot);
    const Labels& labels = *layer.picture.labels;
    const auto k = static_cast<std::size_t>(source_class(layer, class_id));
    const Spot source = to_source(spot, layer.placement);
    for (std::size_t i = labels.regions.size(); i > 0; --i) {
        if (holds(labels.regions[i - 1].area, source)) return labels.regions[i - 1].states[k];
    }
    return labels.states[k];
}

std::optional<bool> LayerOracle::is_ignored(int class_id, Spot spot) const {
    const std::size_t index = top_index(spot);
    const PictureLayer& layer = layers_[index];
    const Labels& labels = *layer.picture.labels;
    const int wanted = source_class(layer, class_id);
    const Spot source = to_source(spot, layer.placement);
    for (const IgnoreRegion& region : labels.ignore) {
        if ((region.class_id == -1 || region.class_id == wanted) && holds(region.area, source)) return true;
    }
    bool is_open = false;
    for (std::size_t i = 0; i < labels.boxes.size(); ++i) {
        if (labels.boxes[i].class_id != wanted || !holds(labels.boxes[i].box, source)) continue;
        if (fates_[index][i].kind == BoxFate::ignored) return true;
        is_open = is_open || fates_[index][i].kind == BoxFate::open;
    }
    if (is_open) return std::nullopt;
    return false;
}

std::vector<std::pair<int, BoxFate>> LayerOracle::fates() const {
    std::vector<std::pair<int, BoxFate>> result;
    for (std::size_t l = 0; l < layers_.size(); ++l) {
        const std::vector<LabelledBox>& boxes = layers_[l].picture.labels->boxes;
        for (std::size_t i = 0; i < boxes.size(); ++i) {
            result.emplace_back(source_class(layers_[l], boxes[i].class_id), fates_[l][i]);
        }
    }
    return result;
}

std::size_t LayerOracle::top_index(Spot spot) const {
    std::size_t index = layers_.size();
    while (!holds(layers_[--index].window, spot)) {}
    return index;
}

/// Pairs change places, so this also gives the target's class of a source class.
int LayerOracle::source_class(const PictureLayer& layer, int class_id) const {
    const bool swapped = layer.placement.flip && !options_.mirrored_class.empty();
    return swapped ? options_.mirrored_class[static_cast<std::size_t>(class_id)] : class_id;
}

/// Where the point (x, y) of the box, in shares of its sides, is to be seen.
std::optional<Spot> LayerOracle::visible_spot(const PictureLayer& layer, const Box& box, double x, double y) const {
    const double width = box.width(), height = box.height();
    const Spot spot = to_target({box.x0 + x * width, box.y0 + y * height}, layer.placement);
    if (!holds(whole_target(kSide), spot) || &top(spot) != &layer) return std::nullopt;
    return spot;
}

/// Counts the points of a grid over the box that are to be seen. Its extent also takes in points of the outline, in
/// which thin tips end.
BoxFate LayerOracle::fate_of(const PictureLayer& layer, const LabelledBox& labelled) const {
    constexpr int kGrid = 36;
    constexpr int kOutline = 256; // points a side
    BoxFate fate;
    fate.extent = {kSide, kSide, 0, 0};
    int visible = 0;
    const auto see = [&](double x, double y) {
        const std::optional<Spot> spot = visible_spot(layer, labelled.box, x, y);
        if (!spot) return 0;
        const auto at_x = static_cast<float>(spot->x), at_y = static_cast<float>(spot->y);
        fate.extent = {std::min(fate.extent.x0, at_x), std::min(fate.extent.y0, at_y), std::max(fate.extent.x1, at_x),
                       std::max(fate.extent.y1, at_y)};
        return 1;
    };
    for (int i = 0; i < kGrid * kGrid; ++i) visible += see((i % kGrid + 0.5) / kGrid, (i / kGrid + 0.5) / kGrid);
    for (int i = 0; i <= kOutline; ++i) {
        const double share = static_cast<double>(i) / kOutline;
        for (const double end : {0.0, 1.0}) {
            see(share, end);
            see(end, share);
        }
    }
    const double longest = std::max(labelled.box.width(), labelled.box.height());
    fate.step = 1.5 * layer.placement.scale * longest / kGrid; // 1.5: the shear
    fate.kind = judge(layer, labelled, static_cast<double>(visible) / (kGrid * kGrid), fate);
    return fate;
}

BoxFate::Kind LayerOracle::judge(const PictureLayer& layer, const LabelledBox& labelled, double share,
                                 const BoxFate& fate) const {
    constexpr double kShareError = 4.0 / 36; // of a grid whose rows and columns are cut at either end
    if (share == 0) return BoxFate::open;    // gone, or a sliver between the grid's points
    const double side = std::min(fate.extent.width(), fate.extent.height());
    if (share < options_.min_visible - kShareError || side + 2 * fate.step < options_.min_side_px) {
        return BoxFate::ignored;
    }
    const bool is_large = share > options_.min_visible + kShareError && side > options_.min_side_px;
    const std::optional<bool> known = is_known(layer, labelled, fate);
    if (known && !*known) return BoxFate::ignored;
    return is_large && known ? BoxFate::kept : BoxFate::open;
}

/// Whether the class of the box is known at its centre, in its picture and in the target; nothing when near an
/// edge.
std::optional<bool> LayerOracle::is_known(const PictureLayer& layer, const LabelledBox& labelled,
                                          const BoxFate& fate) const {
    if (layers_.size() == 1 && !is_blended_) return true;
    const Labels& labels = *layer.picture.labels;
    if (state_at(labels, labelled.class_id, centre_of(labelled.box)) == LabelState::unknown) return false;
    if (is_blended_ && !labels.regions.empty()) return std::nullopt; // the other picture's states count too
    const Point centre = centre_of(fate.extent);
    int known = 0;
    for (int i = 0; i < 9; ++i) {
        const Spot spot{std::clamp(centre.x + (i % 3 - 1) * fate.step, 0.01, kSide - 0.01),
                        std::clamp(centre.y + (i / 3 - 1) * fate.step, 0.01, kSide - 0.01)};
        known += state(source_class(layer, labelled.class_id), spot) != LabelState::unknown ? 1 : 0;
    }
    if (known > 0 && known < 9) return std::nullopt;
    return known == 9;
}

CompositionOracle::CompositionOracle(const Composition& composition, const TransformOptions& options) {
    stacks_.emplace_back(composition.layers, options, composition.blended.has_value());
    if (!composition.blended) return;
    stacks_.emplace_back(std::vector<PictureLayer>{*composition.blended}, options, true);
}

Truth CompositionOracle::at(Spot spot) const {
    Truth truth;
    for (int k = 0; k < kClasses; ++k) {
        const auto c = static_cast<std::size_t>(k);
        truth.states[c] = stacks_[0].state(k, spot);
        truth.ignored[c] = stacks_[0].is_ignored(k, spot);
        if (stacks_.size() == 1) continue;
        truth.states[c] = meet(truth.states[c], stacks_[1].state(k, spot));
        const std::optional<bool> other = stacks_[1].is_ignored(k, spot);
        const bool either = truth.ignored[c].value_or(false) || other.value_or(false);
        const bool is_open = !truth.ignored[c] || !other;
        truth.ignored[c] = is_open && !either ? std::nullopt : std::optional<bool>(either);
    }
    return truth;
}

std::optional<Truth> CompositionOracle::at_pixel(int x, int y) const {
    constexpr double kHair = 0.01;
    const Truth truth = at({x + 0.5, y + 0.5});
    for (const double dx : {-kHair, kHair}) {
        for (const double dy : {-kHair, kHair}) {
            if (!(at({x + 0.5 + dx, y + 0.5 + dy}) == truth)) return std::nullopt;
        }
    }
    return truth;
}

} // namespace banyan::test
