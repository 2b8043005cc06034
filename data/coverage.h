#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

#include "data/area_map.h"
#include "data/sample.h"

namespace banyan {

/// What the labels of one picture tell at each of its pixels: of a class, its label state and whether it is ignored. A
/// polygon holds the pixels whose centre it contains (core/polygon.h).
///
/// Pictures without regions and ignore regions cost nothing. Else one map of regions serves all classes, and classes
/// for which the same pixels count share one area map; a map is made when it is first asked for. Not for several
/// threads at once.
class Coverage {
public:
    /// `labels` must outlive it. @throws CheckError as AreaMap; more than 65 535 regions; states of different lengths
    Coverage(const Labels& labels, int width, int height);

    const Labels& labels() const { return labels_; }
    int width() const { return width_; }
    int height() const { return height_; }

    /// At the pixel (x, y), which must lie in the picture. @throws CheckError an unknown class id
    LabelState state(int class_id, int x, int y) const;

    /// Pixels where nothing tells that the class is not there: its state is unknown or partial. The class is *covered*
    /// at the others (exhaustive, absent).
    const AreaMap& uncovered(int class_id);
    /// Pixels in any ignore region of the class or of every class.
    const AreaMap& ignored(int class_id);

private:
    const std::vector<LabelState>& states_of(std::size_t region) const;
    void fill_regions();

    const Labels& labels_;
    int width_, height_;
    std::vector<std::uint16_t> regions_; ///< [height, width] 0: Labels::states, i: region i - 1; empty without regions
    std::map<std::vector<bool>, AreaMap> uncovered_; ///< by which of the regions count
    std::map<std::vector<bool>, AreaMap> ignored_;   ///< by which of the ignore regions count
};

} // namespace banyan
