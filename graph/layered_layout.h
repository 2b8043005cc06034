#pragma once

#include <array>
#include <set>
#include <string>
#include <vector>

namespace banyan {

/// A box of a picture in which every box stands below those that it reads.
struct LayeredBox {
    std::string part;        ///< boxes of one part stand in one column, those of all parts of the trunk as well
    std::vector<int> inputs; ///< boxes that it reads, all before it in the list; kImageGroup for the image
    int lowest_row = 0;      ///< the box is stretched down to this row, if it does not stand below it anyway
    std::string colour{};    ///< "#rrggbb"
    std::string title{};     ///< shown when the mouse points at the box
    std::vector<std::string> lines{};
    bool is_output = false;
};

/// Sizes in pixels.
constexpr int kBoxWidth = 196, kBoxHeight = 48; ///< of a box of one row
constexpr int kLaneWidth = kBoxWidth + 20, kRowHeight = kBoxHeight + 22;
constexpr int kPictureMargin = 20;

/// Places for boxes: a column for each part, as wide as it needs lanes. A box's first row is the one below all that it
/// reads; the image has row 0. In a row a box stands below the box that it reads if that lane is free.
class LayeredLayout {
public:
    struct Column {
        std::string title;
        int lanes = 1;
        int left = 0; ///< pixels
    };

    /// @param left, top pixels: corner of the picture, margin and titles included
    LayeredLayout(const std::vector<LayeredBox>& boxes, int left, int top);

    const std::vector<Column>& columns() const { return columns_; }
    int right_edge() const { return right_edge_; }
    int lower_edge() const;

    /// Of a box by its index, or of the image by kImageGroup.
    int left(int box) const;
    int top(int box) const;
    int height(int box) const;
    int last_row(int box) const { return place_of(box).last_row; }

private:
    struct Place {
        int column = 0, lane = 0;
        int first_row = 0, last_row = 0;
    };

    const Place& place_of(int box) const { return places_[static_cast<std::size_t>(box + 1)]; }
    Place place(const LayeredBox& box);
    int column_of(const std::string& part);
    int free_lane(const LayeredBox& box, const Place& place) const;
    bool is_free(int lane, const Place& place) const;

    int top_;
    std::vector<Place> places_; ///< the image's, then by box
    std::vector<Column> columns_;
    std::set<std::array<int, 3>> taken_; ///< column, lane, row
    int last_row_ = 0;                   ///< of all
    int right_edge_ = 0;
};

} // namespace banyan
