#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "eval/coco_problem.h"
#include "eval/json_cursor.h"

namespace banyan {

/// The keys of one kind of record that are read, and which of them the record at hand has shown.
class KnownKeys {
public:
    static constexpr std::size_t kUnknown = 64;

    /// At most 64 names.
    explicit KnownKeys(std::span<const std::string_view> names) : names_(names) {}

    /// Reads the object at hand: calls `read(i)` for a value of key names[i] and passes over the others.
    /// The first `required` names must be there. @throws DataError a key missing or repeated
    template <typename Read>
    void read_object(JsonCursor& cursor, std::size_t required, Read read);

private:
    std::size_t find(std::string_view key);
    void note(JsonCursor& cursor, std::size_t index);
    void require(const JsonCursor& cursor, std::size_t required) const;

    std::span<const std::string_view> names_;
    std::uint64_t seen_ = 0;
    std::size_t next_ = 0; // records of one file have their keys in one order
};

template <typename Read>
void KnownKeys::read_object(JsonCursor& cursor, std::size_t required, Read read) {
    seen_ = 0;
    cursor.enter_object();
    for (std::string_view key; cursor.next_key(key);) {
        const std::size_t index = find(key);
        if (index == kUnknown) {
            cursor.skip_value();
            continue;
        }
        note(cursor, index);
        read(index);
    }
    require(cursor, required);
}

/// [x, y, width, height]; sizes of at least 0. @throws DataError
CocoBox read_coco_box(JsonCursor& cursor);

/// [x0, y0, x1, y1, …], at least three corners. @throws DataError
Polygon read_coco_polygon(JsonCursor& cursor);

} // namespace banyan
