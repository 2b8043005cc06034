#include "eval/coco_record.h"

#include <array>
#include <cmath>
#include <string>
#include <vector>

namespace banyan {

std::size_t KnownKeys::find(std::string_view key) {
    for (std::size_t tried = 0; tried < names_.size(); ++tried) {
        const std::size_t index = next_ < names_.size() ? next_ : 0;
        next_ = index + 1;
        if (names_[index] == key) return index;
    }
    return kUnknown;
}

void KnownKeys::note(JsonCursor& cursor, std::size_t index) {
    const std::uint64_t bit = std::uint64_t{1} << index;
    if ((seen_ & bit) != 0) cursor.fail("duplicate key", "", "", "keep one of the two");
    seen_ |= bit;
}

void KnownKeys::require(const JsonCursor& cursor, std::size_t required) const {
    for (std::size_t index = 0; index < required; ++index) {
        if ((seen_ >> index & 1U) != 0) continue;
        cursor.fail("missing key", "\"" + std::string(names_[index]) + "\"");
    }
}

CocoBox read_coco_box(JsonCursor& cursor) {
    std::array<double, 4> values{};
    std::size_t count = 0;
    cursor.enter_array();
    for (; cursor.next_element(); ++count) {
        if (count == values.size()) cursor.fail("wrong list", "4 numbers: x, y, width, height", "more");
        values[count] = cursor.number();
        if (count >= 2 && values[count] < 0) {
            cursor.fail("negative size", "a number of at least 0", std::to_string(values[count]),
                        "boxes are [x, y, width, height], not corners");
        }
    }
    if (count != values.size()) {
        cursor.fail("wrong list", "4 numbers: x, y, width, height", std::to_string(count));
    }
    return {values[0], values[1], values[2], values[3]};
}

Polygon read_coco_polygon(JsonCursor& cursor) {
    std::vector<float> values;
    cursor.enter_array();
    while (cursor.next_element()) {
        const auto value = static_cast<float>(cursor.number());
        if (!std::isfinite(value)) cursor.fail("number out of range", "a coordinate in pixels");
        values.push_back(value);
    }
    if (values.size() < 6 || values.size() % 2 != 0) {
        cursor.fail("wrong list", "x and y of three corners or more", std::to_string(values.size()) + " numbers");
    }
    Polygon polygon;
    for (std::size_t i = 0; i < values.size(); i += 2) polygon.corners.push_back({values[i], values[i + 1]});
    return polygon;
}

} // namespace banyan
