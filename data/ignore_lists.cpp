#include <algorithm>
#include <cstddef>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "core/atomic_file.h"
#include "core/error.h"
#include "core/polygon.h"
#include "data/label_lists.h"
#include "data/list_file.h"

namespace banyan {

namespace {

constexpr std::size_t kImage = 0, kClass = 1, kBox = 2, kPolygon = 3;

Polygon box_of(const std::vector<double>& corners) {
    return Box{static_cast<float>(corners[0]), static_cast<float>(corners[1]), static_cast<float>(corners[2]),
               static_cast<float>(corners[3])};
}

Polygon polygon_of(const std::vector<double>& numbers) {
    std::vector<Point> corners;
    for (std::size_t i = 0; i < numbers.size(); i += 2) {
        corners.push_back({static_cast<float>(numbers[i]), static_cast<float>(numbers[i + 1])});
    }
    return Polygon(std::move(corners));
}

std::string text_of(const std::vector<double>& numbers) {
    constexpr std::size_t kShown = 5; // one more than a box has
    std::ostringstream out;
    for (std::size_t i = 0; i < std::min(numbers.size(), kShown); ++i) {
        out << (i == 0 ? "" : ", ") << numbers[i];
    }
    if (numbers.size() > kShown) out << ", …";
    return out.str();
}

/// The area of a row; without corners where the row has a fault, which is reported.
Polygon area_of(const ListRow& row, DataProblems& problems) {
    const std::vector<double>&box = row.numbers[kBox], &polygon = row.numbers[kPolygon];
    if (box.empty() == polygon.empty()) {
        problems.add(
            {row.where, box.empty() ? "neither box nor polygon" : "a box and a polygon", "one of the two", "", ""});
        return {};
    }
    if (polygon.empty()) {
        const bool is_box = box.size() == 4 && box[0] < box[2] && box[1] < box[3];
        if (is_box) return box_of(box);
        problems.add({row.where, "wrong box", "x0, y0, x1, y1 with x0 < x1 and y0 < y1", text_of(box), ""});
        return {};
    }
    if (polygon.size() >= 6 && polygon.size() % 2 == 0) return polygon_of(polygon);
    problems.add(
        {row.where, "wrong polygon", "x, y of at least 3 corners", std::to_string(polygon.size()) + " numbers", ""});
    return {};
}

void add_region(const ListRow& row, const Polygon& stated, Record& record, const ListedDataset& dataset,
                DataProblems& problems) {
    const Box window{0, 0, static_cast<float>(record.width), static_cast<float>(record.height)};
    const Polygon cut = clip(stated, window);
    if (!(area(cut) > 0)) {
        problems.add({row.where, "ignore region without an area in " + record.name,
                      "a region in " + std::to_string(record.width) + " x " + std::to_string(record.height) + " pixels",
                      "", ""});
        return;
    }
    if (row.texts[kClass] == "*") {
        record.labels.ignore.push_back({cut, -1});
        return;
    }
    for (const int class_id : listed_classes(row.texts[kClass], row.where, dataset.table, problems)) {
        record.labels.ignore.push_back({cut, class_id});
    }
}

} // namespace

void apply_ignore_regions(const ListedDataset& dataset, DataProblems& problems) {
    const std::vector<ListColumn> columns = {{"image"}, {"class"}, {"box", true, false}, {"polygon", true, false}};
    for (const std::string& list : dataset.options.ignore_regions) {
        const std::string path = dataset.folder.path(list);
        for (const ListRow& row : parse_list(read_file(path), path, columns, problems)) {
            const Polygon stated = area_of(row, problems);
            const auto record = dataset.pictures.require(row.texts[kImage], row.where, problems);
            if (!record || stated.corners.empty()) continue;
            add_region(row, stated, dataset.checked.records[*record], dataset, problems);
        }
    }
}

} // namespace banyan
