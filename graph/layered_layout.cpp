#include "graph/layered_layout.h"

#include <algorithm>
#include <iterator>

#include "graph/layer_groups.h"

namespace banyan {

namespace {

constexpr int kColumnGap = 36, kTitlesHeight = 54;

} // namespace

LayeredLayout::LayeredLayout(const std::vector<LayeredBox>& boxes, int left, int top) : top_(top), places_(1) {
    for (const LayeredBox& box : boxes) places_.push_back(place(box));
    if (columns_.empty()) columns_.push_back({"", 1, 0});
    left += kPictureMargin;
    for (Column& column : columns_) {
        column.left = left;
        left += column.lanes * kLaneWidth + kColumnGap;
    }
    right_edge_ = left - kColumnGap + kPictureMargin;
}

int LayeredLayout::lower_edge() const { return top_ + kTitlesHeight + (last_row_ + 1) * kRowHeight + kPictureMargin; }

int LayeredLayout::left(int box) const {
    const Place& place = place_of(box);
    return columns_[static_cast<std::size_t>(place.column)].left + place.lane * kLaneWidth;
}

int LayeredLayout::top(int box) const { return top_ + kTitlesHeight + place_of(box).first_row * kRowHeight; }

int LayeredLayout::height(int box) const {
    const Place& place = place_of(box);
    return (place.last_row - place.first_row) * kRowHeight + kBoxHeight;
}

LayeredLayout::Place LayeredLayout::place(const LayeredBox& box) {
    Place result;
    result.column = column_of(box.part);
    for (const int input : box.inputs) result.first_row = std::max(result.first_row, last_row(input) + 1);
    result.last_row = std::max(result.first_row, box.lowest_row);
    result.lane = free_lane(box, result);
    for (int row = result.first_row; row <= result.last_row; ++row) taken_.insert({result.column, result.lane, row});
    Column& column = columns_[static_cast<std::size_t>(result.column)];
    column.lanes = std::max(column.lanes, result.lane + 1);
    last_row_ = std::max(last_row_, result.last_row);
    return result;
}

int LayeredLayout::column_of(const std::string& part) {
    const std::string title = part.starts_with("trunk.") ? "trunk" : part;
    const auto is_it = [&title](const Column& column) { return column.title == title; };
    const auto column = std::find_if(columns_.begin(), columns_.end(), is_it) - columns_.begin();
    if (column == std::ssize(columns_)) columns_.push_back({title, 1, 0});
    return static_cast<int>(column);
}

int LayeredLayout::free_lane(const LayeredBox& box, const Place& place) const {
    for (const int input : box.inputs) {
        if (input == kImageGroup || place_of(input).column != place.column) continue;
        if (is_free(place_of(input).lane, place)) return place_of(input).lane;
    }
    int lane = 0;
    while (!is_free(lane, place)) ++lane;
    return lane;
}

bool LayeredLayout::is_free(int lane, const Place& place) const {
    const auto from = taken_.lower_bound({place.column, lane, place.first_row});
    return from == taken_.end() || *from > std::array{place.column, lane, place.last_row};
}

} // namespace banyan
