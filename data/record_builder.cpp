#include "data/record_builder.h"

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <exception>
#include <sstream>
#include <thread>
#include <utility>

#include "core/error.h"
#include "image/image_codec.h"

namespace banyan {
namespace {

constexpr std::size_t kMaxThreads = 8;

/// A picture's file: its size, or what is wrong with it.
struct PictureCheck {
    std::string path;
    ImageInfo info;
    std::string fault;
};

void check_picture(PictureCheck& check) {
    if (check.path.empty()) return;
    try {
        check.info = check_image(check.path);
    } catch (const DataError& error) {
        check.fault = error.what();
    } catch (const IoError& error) {
        check.fault = error.what();
    }
}

/// Opening many files is slow on cold disks: it is done by several threads, in any order, results by index.
void check_pictures(std::vector<PictureCheck>& checks) {
    std::atomic<std::size_t> next{0};
    std::vector<std::exception_ptr> failures(kMaxThreads);
    const auto work = [&](std::size_t thread) {
        try {
            for (std::size_t i = next++; i < checks.size(); i = next++) check_picture(checks[i]);
        } catch (...) {
            failures[thread] = std::current_exception();
        }
    };
    {
        const std::size_t wanted = std::max(1U, std::thread::hardware_concurrency());
        const std::size_t count = std::min({kMaxThreads, wanted, checks.size() / 64 + 1});
        std::vector<std::jthread> threads;
        for (std::size_t t = 1; t < count; ++t) threads.emplace_back(work, t);
        work(0);
    }
    for (const std::exception_ptr& failure : failures) {
        if (failure) std::rethrow_exception(failure);
    }
}

std::string size_text(int width, int height) { return std::to_string(width) + " x " + std::to_string(height); }

std::string box_text(const SourceBox& box) {
    std::ostringstream out;
    out << "corners (" << box.x0 << ", " << box.y0 << ") and (" << box.x1 << ", " << box.y1 << ")";
    return out.str();
}

class RecordBuilder {
public:
    RecordBuilder(const ClassMap& map, bool in_fractions, DataProblems& problems)
        : map_(map), in_fractions_(in_fractions), problems_(problems) {}

    Record build(SourcePicture& picture, PictureCheck& check) {
        Record record;
        record.name = std::move(picture.name);
        record.image_id = picture.image_id;
        record.file = std::move(check.path);
        record.width = check.info.width;
        record.height = check.info.height;
        check_stated_size(picture, record);
        record.labels.states = picture_states(map_, picture);
        for (const SourceBox& box : picture.boxes) add_box(picture, box, record);
        return record;
    }

    std::vector<std::string> warnings() const {
        std::vector<std::string> lines;
        if (clipped_ > 0) lines.push_back("boxes over the edge clipped: " + std::to_string(clipped_));
        if (without_area_ > 0) lines.push_back("boxes without area dropped: " + std::to_string(without_area_));
        return lines;
    }

private:
    void check_stated_size(const SourcePicture& picture, const Record& record) {
        const bool width_agrees = picture.width == 0 || picture.width == record.width;
        const bool height_agrees = picture.height == 0 || picture.height == record.height;
        if (width_agrees && height_agrees) return;
        const bool turned = picture.width == record.height && picture.height == record.width;
        problems_.add({picture.where, "stated size disagrees with the picture " + record.file,
                       size_text(record.width, record.height), size_text(picture.width, picture.height),
                       turned ? "labels must count in the stored pixels, before any EXIF turn" : ""});
    }

    void add_box(const SourcePicture& picture, const SourceBox& source, Record& record) {
        const int class_id = map_.class_of_source[static_cast<std::size_t>(source.source_class)];
        if (class_id < 0) return;
        const SourceBox stated = in_pixels(source, record);
        if (!is_near(stated, record)) {
            problems_.add({picture.boxes_where + std::to_string(source.place), "box outside its picture",
                           "inside " + size_text(record.width, record.height) + " but for max(2 px, 1 %)",
                           box_text(stated), ""});
            return;
        }
        const Box box = clipped(stated, record);
        if (box.area() <= 0) {
            ++without_area_;
            record.unplaced.push_back(class_id);
        } else if (source.ignore) {
            record.labels.ignore.push_back({box, class_id});
        } else if (record.labels.states[static_cast<std::size_t>(class_id)] == LabelState::absent) {
            problems_.add({picture.boxes_where + std::to_string(source.place),
                           "box of a class that is verified absent from the picture", "", "", "remove one of the two"});
        } else {
            record.labels.boxes.push_back({box, class_id});
        }
    }

    SourceBox in_pixels(SourceBox box, const Record& record) const {
        if (!in_fractions_) return box;
        box.x0 *= record.width;
        box.x1 *= record.width;
        box.y0 *= record.height;
        box.y1 *= record.height;
        return box;
    }

    static double over_edge(double low, double high, double side) { return std::max(-low, high - side); }

    static bool is_near(const SourceBox& box, const Record& record) {
        const auto tolerance = [](double side) { return std::max(2.0, 0.01 * side); };
        const bool x_near = over_edge(box.x0, box.x1, record.width) <= tolerance(record.width);
        return x_near && over_edge(box.y0, box.y1, record.height) <= tolerance(record.height);
    }

    Box clipped(const SourceBox& box, const Record& record) {
        // Fractions reach a few units of rounding over the edge; that is not worth a warning.
        constexpr double kRounding = 1e-3;
        const double over = std::max(over_edge(box.x0, box.x1, record.width), over_edge(box.y0, box.y1, record.height));
        if (over > kRounding) ++clipped_;
        const Box stated{static_cast<float>(box.x0), static_cast<float>(box.y0), static_cast<float>(box.x1),
                         static_cast<float>(box.y1)};
        return clip(stated, static_cast<float>(record.width), static_cast<float>(record.height));
    }

    const ClassMap& map_;
    bool in_fractions_;
    DataProblems& problems_;
    std::size_t clipped_ = 0;
    std::size_t without_area_ = 0;
};

} // namespace

CheckedRecords build_records(SourceLabels labels, const ClassMap& map, DataFolder& folder, DataProblems& problems) {
    std::vector<PictureCheck> checks(labels.pictures.size());
    for (std::size_t i = 0; i < checks.size(); ++i) {
        const SourcePicture& picture = labels.pictures[i];
        if (picture.file.empty()) continue; // the reader has reported it
        try {
            checks[i].path = folder.inside(labels.base, picture.file, picture.where);
        } catch (const DataError& error) {
            problems.add(error);
        }
    }
    check_pictures(checks);

    CheckedRecords result;
    result.warnings = std::move(labels.warnings);
    RecordBuilder builder(map, labels.in_fractions, problems);
    for (std::size_t i = 0; i < checks.size(); ++i) {
        if (!checks[i].fault.empty()) problems.add(DataError(checks[i].fault));
        if (!checks[i].fault.empty() || checks[i].path.empty()) continue;
        result.records.push_back(builder.build(labels.pictures[i], checks[i]));
        if (result.records.back().image_id == 0) result.records.back().image_id = static_cast<std::int64_t>(i) + 1;
    }
    for (std::string& line : builder.warnings()) result.warnings.push_back(std::move(line));
    return result;
}

} // namespace banyan
