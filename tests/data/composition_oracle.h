#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

#include "data/composition.h"
#include "data/sample.h"
#include "data/transform_options.h"

namespace banyan::test {

inline constexpr int kSide = 32; ///< of the targets
inline constexpr int kClasses = 4;

/// Point of a picture or a target.
struct Spot {
    double x = 0, y = 0;
};

/// Undoes a placement.
Spot to_source(Spot target, const Placement& placement);

Point centre_of(const Box& box);

/// What becomes of one box of a source picture.
struct BoxFate {
    enum Kind { kept, ignored, open } kind = open; ///< open: gone, or too near to a limit for the oracle to tell
    Box extent;                                    ///< of what is visible, to the grid's fineness
    double step = 0;                               ///< that fineness in target pixels
};

/// What one stack of opaque layers shows, found by asking the pictures point by point.
class LayerOracle {
public:
    /// @param is_blended  another stack is blended in
    LayerOracle(std::vector<PictureLayer> layers, const TransformOptions& options, bool is_blended);

    const PictureLayer& top(Spot spot) const { return layers_[top_index(spot)]; }
    LabelState state(int class_id, Spot spot) const;
    /// Whether the class is ignored there; nothing where an open box decides.
    std::optional<bool> is_ignored(int class_id, Spot spot) const;
    /// (class in the target, fate) of all boxes.
    std::vector<std::pair<int, BoxFate>> fates() const;

private:
    std::size_t top_index(Spot spot) const;
    int source_class(const PictureLayer& layer, int class_id) const;
    std::optional<Spot> visible_spot(const PictureLayer& layer, const Box& box, double x, double y) const;
    BoxFate fate_of(const PictureLayer& layer, const LabelledBox& labelled) const;
    BoxFate::Kind judge(const PictureLayer& layer, const LabelledBox& labelled, double share,
                        const BoxFate& fate) const;
    std::optional<bool> is_known(const PictureLayer& layer, const LabelledBox& labelled, const BoxFate& fate) const;

    std::vector<PictureLayer> layers_;
    const TransformOptions& options_;
    bool is_blended_;
    std::vector<std::vector<BoxFate>> fates_; ///< [layer][box]
};

/// What is true at a spot of a composition.
struct Truth {
    std::array<LabelState, kClasses> states{};
    std::array<std::optional<bool>, kClasses> ignored{};
    bool operator==(const Truth&) const = default;
};

class CompositionOracle {
public:
    CompositionOracle(const Composition& composition, const TransformOptions& options);

    Truth at(Spot spot) const;
    /// The truth at a pixel's centre; nothing within a hair of an edge.
    std::optional<Truth> at_pixel(int x, int y) const;
    const std::vector<LayerOracle>& stacks() const { return stacks_; }

private:
    std::vector<LayerOracle> stacks_;
};

} // namespace banyan::test
