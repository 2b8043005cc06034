#include "eval/coco_files.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <span>
#include <unordered_set>
#include <vector>

#include "core/atomic_file.h"
#include "core/error.h"
#include "eval/coco_record.h"
#include "eval/id_index.h"
#include "eval/json_cursor.h"

namespace banyan {

namespace {

using Names = std::span<const std::string_view>;

constexpr const char* kNegativeKey = "neg_category_ids";
constexpr const char* kNotExhaustiveKey = "not_exhaustive_category_ids";

/// What an image says of its labels, by category ids.
struct ImageLabels {
    std::int64_t image_id = 0;
    std::size_t record = 0;    // place in the file's list
    bool is_federated = false; // only categories annotated or listed as negative are judged
    std::vector<std::int64_t> negative;
    std::vector<std::int64_t> not_exhaustive;
};

/// An annotation before its ids are looked up: the file may list it ahead of images and categories.
struct RawAnnotation {
    CocoAnnotation annotation;
    std::int64_t id = 0;
    std::int64_t image_id = 0;
    std::int64_t category_id = 0;
};

struct RawGroundTruth {
    std::vector<CocoImage> images;
    std::vector<CocoCategory> categories;
    std::vector<RawAnnotation> annotations;
    std::vector<ImageLabels> labels; // of images that say something
};

std::vector<std::int64_t> read_ids(JsonCursor& cursor) {
    std::vector<std::int64_t> ids;
    cursor.enter_array();
    while (cursor.next_element()) ids.push_back(cursor.integer());
    return ids;
}

void read_images(JsonCursor& cursor, RawGroundTruth& raw) {
    enum Key : std::size_t { id, file_name, negative, not_exhaustive };
    static constexpr std::array<std::string_view, 4> kKeys = {"id", "file_name", kNegativeKey, kNotExhaustiveKey};
    KnownKeys keys{Names(kKeys)};
    cursor.enter_array();
    while (cursor.next_element()) {
        CocoImage image;
        ImageLabels labels;
        keys.read_object(cursor, 1, [&](std::size_t key) {
            if (key == Key::id) image.id = cursor.integer();
            if (key == Key::file_name) image.file_name = cursor.string();
            if (key == Key::not_exhaustive) labels.not_exhaustive = read_ids(cursor);
            if (key != Key::negative) return;
            labels.negative = read_ids(cursor);
            labels.is_federated = true;
        });
        labels.image_id = image.id;
        labels.record = raw.images.size();
        raw.images.push_back(std::move(image));
        if (labels.is_federated || !labels.not_exhaustive.empty()) raw.labels.push_back(std::move(labels));
    }
}

void read_categories(JsonCursor& cursor, RawGroundTruth& raw) {
    enum Key : std::size_t { id, name, task };
    static constexpr std::array<std::string_view, 3> kKeys = {"id", "name", "task"};
    KnownKeys keys{Names(kKeys)};
    cursor.enter_array();
    while (cursor.next_element()) {
        CocoCategory category;
        keys.read_object(cursor, Key::task, [&](std::size_t key) {
            if (key == Key::id) category.id = cursor.integer();
            if (key == Key::name) category.name = cursor.string();
            if (key == Key::task) category.task = cursor.string();
        });
        raw.categories.push_back(std::move(category));
    }
}

double read_area(JsonCursor& cursor) {
    const double area = cursor.number();
    if (area < 0) cursor.fail("negative area", "a number of at least 0", std::to_string(area));
    return area;
}

void read_annotations(JsonCursor& cursor, RawGroundTruth& raw) {
    enum Key : std::size_t { id, image_id, category_id, bbox, area, iscrowd, ignore_polygon };
    static constexpr std::array<std::string_view, 7> kKeys = {"id",   "image_id", "category_id",   "bbox",
                                                              "area", "iscrowd",  "ignore_polygon"};
    KnownKeys keys{Names(kKeys)};
    cursor.enter_array();
    while (cursor.next_element()) {
        RawAnnotation& record = raw.annotations.emplace_back();
        keys.read_object(cursor, Key::iscrowd, [&](std::size_t key) {
            switch (static_cast<Key>(key)) {
            case Key::id: record.id = cursor.integer(); break;
            case Key::image_id: record.image_id = cursor.integer(); break;
            case Key::category_id: record.category_id = cursor.integer(); break;
            case Key::bbox: record.annotation.box = read_coco_box(cursor); break;
            case Key::area: record.annotation.area = read_area(cursor); break;
            case Key::iscrowd: record.annotation.crowd = cursor.flag(); break;
            case Key::ignore_polygon: record.annotation.outline = read_coco_polygon(cursor); break;
            }
        });
        if (!record.annotation.crowd) record.annotation.outline.corners.clear();
        record.annotation.zero_id = record.id == 0;
    }
}

RawGroundTruth read_raw_ground_truth(std::string_view text, const std::string& name) {
    static constexpr std::array<std::string_view, 3> kKeys = {"images", "categories", "annotations"};
    JsonCursor cursor(text, name);
    RawGroundTruth raw;
    KnownKeys keys{Names(kKeys)};
    keys.read_object(cursor, kKeys.size(), [&](std::size_t key) {
        if (key == 0)
            read_images(cursor, raw);
        else if (key == 1)
            read_categories(cursor, raw);
        else
            read_annotations(cursor, raw);
    });
    cursor.finish();
    return raw;
}

/// Sorts by id. @throws DataError an id that is there twice; `list` is the key in the file
template <typename Record>
void sort_by_id(std::vector<Record>& records, const std::string& file, const char* list) {
    const auto by_id = [](const Record& a, const Record& b) { return a.id < b.id; };
    if (!std::is_sorted(records.begin(), records.end(), by_id)) {
        std::stable_sort(records.begin(), records.end(), by_id);
    }
    const auto twice = std::adjacent_find(records.begin(), records.end(),
                                          [](const Record& a, const Record& b) { return a.id == b.id; });
    if (twice == records.end()) return;
    throw DataError(
        ErrorText{file + ":/" + list, "repeated id", "ids that differ", std::to_string(twice->id) + " twice", ""});
}

void check_category_names(const std::vector<CocoCategory>& categories, const std::string& file) {
    std::unordered_set<std::string_view> names;
    for (const CocoCategory& category : categories) {
        if (names.insert(category.name).second) continue;
        throw DataError(ErrorText{file + ":/categories", "repeated name", "names that differ",
                                  "\"" + category.name + "\" twice", "results are listed by name"});
    }
}

void check_annotation_ids(const std::vector<RawAnnotation>& annotations, const std::string& file) {
    std::vector<std::int64_t> ids;
    ids.reserve(annotations.size());
    for (const RawAnnotation& record : annotations) ids.push_back(record.id);
    std::sort(ids.begin(), ids.end());
    const auto twice = std::adjacent_find(ids.begin(), ids.end());
    if (twice == ids.end()) return;
    throw DataError(ErrorText{file + ":/annotations", "repeated id", "ids that differ",
                              std::to_string(*twice) + " twice", "number the annotations from 1"});
}

/// Where an id stands in a file, for a message that is seldom needed.
struct IdPlace {
    const std::string& file;
    const char* list; ///< of the records that refer to the id
    std::size_t record;
    const char* key;
};

/// `owner` is the list that should have the id.
std::int32_t look_up(IdIndex& index, std::int64_t id, const char* owner, const IdPlace& place) {
    const auto found = index.find(id);
    if (found) return *found;
    const std::string record = std::string("/") + place.list + "/" + std::to_string(place.record);
    throw DataError(ErrorText{place.file + ":" + record + "/" + place.key, "unknown id",
                              std::string("an id that /") + owner + " has", std::to_string(id), ""});
}

void resolve_annotations(std::vector<RawAnnotation>& raw, const std::string& file, CocoProblem& problem) {
    IdIndex images(problem.images);
    IdIndex categories(problem.categories);
    problem.annotations.reserve(raw.size());
    for (std::size_t i = 0; i < raw.size(); ++i) {
        CocoAnnotation& annotation = problem.annotations.emplace_back(std::move(raw[i].annotation));
        annotation.image = look_up(images, raw[i].image_id, "images", {file, "annotations", i, "image_id"});
        annotation.category =
            look_up(categories, raw[i].category_id, "categories", {file, "annotations", i, "category_id"});
    }
}

/// LVIS's rule: a category with an annotation in the image, or listed there, is judged.
void resolve_labels(const std::vector<ImageLabels>& all_labels, const std::string& file, CocoProblem& problem) {
    if (all_labels.empty()) return;
    const std::size_t count = problem.categories.size();
    std::vector<bool> annotated(problem.images.size() * count);
    for (const CocoAnnotation& each : problem.annotations) {
        annotated[static_cast<std::size_t>(each.image) * count + static_cast<std::size_t>(each.category)] = true;
    }
    IdIndex images(problem.images);
    IdIndex categories(problem.categories);
    for (const ImageLabels& labels : all_labels) {
        const auto image = static_cast<std::size_t>(images.find(labels.image_id).value());
        for (std::size_t category = 0; labels.is_federated && category < count; ++category) {
            if (!annotated[image * count + category]) {
                problem.set_judgement(image, category, CocoJudgement::unknown);
            }
        }
        const auto set_all = [&](const std::vector<std::int64_t>& ids, const char* key, CocoJudgement judgement) {
            for (const std::int64_t id : ids) {
                const auto category = look_up(categories, id, "categories", {file, "images", labels.record, key});
                problem.set_judgement(image, static_cast<std::size_t>(category), judgement);
            }
        };
        set_all(labels.negative, kNegativeKey, CocoJudgement::judged);
        set_all(labels.not_exhaustive, kNotExhaustiveKey, CocoJudgement::partial);
    }
}

/// Ids of images that the ground truth lacks, for one message.
class UnknownImages {
public:
    void add(std::int64_t id) {
        ++detections_;
        if (ids_.insert(id).second && ids_.size() <= kListed) list_ += (list_.empty() ? "" : ", ") + std::to_string(id);
    }

    void check(const std::string& file) const {
        if (detections_ == 0) return;
        throw DataError(ErrorText{file, "detections of unknown images", "image ids of the ground truth",
                                  std::to_string(detections_) + " detections of " + std::to_string(ids_.size()) +
                                      " others: " + list_ + (ids_.size() > kListed ? ", ..." : ""),
                                  "are both files of the same split?"});
    }

private:
    static constexpr std::size_t kListed = 10;
    std::size_t detections_ = 0;
    std::unordered_set<std::int64_t> ids_;
    std::string list_;
};

struct RawDetection {
    CocoDetection detection;
    std::int64_t image_id = 0;
    std::int64_t category_id = 0;
};

RawDetection read_detection(JsonCursor& cursor, KnownKeys& keys, std::size_t required) {
    enum Key : std::size_t { image_id, category_id, bbox, score };
    RawDetection record;
    keys.read_object(cursor, required, [&](std::size_t key) {
        switch (static_cast<Key>(key)) {
        case Key::image_id: record.image_id = cursor.integer(); break;
        case Key::category_id: record.category_id = cursor.integer(); break;
        case Key::bbox: record.detection.box = read_coco_box(cursor); break;
        case Key::score: record.detection.score = cursor.number(); break;
        }
    });
    return record;
}

class LoadClock {
public:
    double seconds() const { return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin_).count(); }

private:
    std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
};

} // namespace

CocoProblem parse_coco_ground_truth(std::string_view text, const std::string& name) {
    RawGroundTruth raw = read_raw_ground_truth(text, name);
    sort_by_id(raw.images, name, "images");
    sort_by_id(raw.categories, name, "categories");
    check_category_names(raw.categories, name);
    check_annotation_ids(raw.annotations, name);

    CocoProblem problem;
    problem.images = std::move(raw.images);
    problem.categories = std::move(raw.categories);
    resolve_annotations(raw.annotations, name, problem);
    resolve_labels(raw.labels, name, problem);
    return problem;
}

CocoProblem read_coco_ground_truth(const std::string& path) {
    const LoadClock clock;
    CocoProblem problem = parse_coco_ground_truth(read_file(path), path);
    problem.load_seconds = clock.seconds();
    return problem;
}

void parse_coco_detections(std::string_view text, const std::string& name, CocoProblem& problem) {
    static constexpr std::array<std::string_view, 4> kKeys = {"image_id", "category_id", "bbox", "score"};
    JsonCursor cursor(text, name);
    KnownKeys keys{Names(kKeys)};
    IdIndex images(problem.images);
    IdIndex categories(problem.categories);
    UnknownImages unknown;
    problem.detections.clear();
    problem.unknown_category_detections = 0;
    cursor.enter_array();
    while (cursor.next_element()) {
        RawDetection record = read_detection(cursor, keys, kKeys.size());
        const auto image = images.find(record.image_id);
        const auto category = categories.find(record.category_id);
        if (!image) {
            unknown.add(record.image_id);
        } else if (!category) {
            ++problem.unknown_category_detections;
        } else {
            record.detection.image = *image;
            record.detection.category = *category;
            problem.detections.push_back(record.detection);
        }
    }
    cursor.finish();
    unknown.check(name);
}

void read_coco_detections(const std::string& path, CocoProblem& problem) {
    const LoadClock clock;
    parse_coco_detections(read_file(path), path, problem);
    problem.load_seconds += clock.seconds();
}

} // namespace banyan
