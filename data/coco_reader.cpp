#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "data/coco_file.h"
#include "data/label_readers.h"
#include "data/split_list.h"

namespace banyan {
namespace {

using IndexOfId = std::unordered_map<std::int64_t, std::size_t>;

/// Matches the ids of a COCO file's entries.
class CocoLinker {
public:
    CocoLinker(std::string path, DataProblems& problems) : path_(std::move(path)), problems_(problems) {}

    void take_categories(std::vector<CocoFileCategory> categories, SourceLabels& labels) {
        for (CocoFileCategory& category : categories) {
            if (!category_of_.emplace(category.id, labels.classes.size()).second) {
                refuse_repeated("categories", category.entry, "id", std::to_string(category.id));
            }
            labels.classes.push_back(std::move(category.name));
        }
    }

    void take_images(std::vector<CocoFileImage> images, SourceLabels& labels) {
        std::unordered_set<std::string> names;
        for (CocoFileImage& image : images) {
            const bool new_id = image_of_.emplace(image.id, labels.pictures.size()).second;
            const bool new_name = image.file_name.empty() || names.insert(image.file_name).second;
            if (!new_id) refuse_repeated("images", image.entry, "id", std::to_string(image.id));
            if (!new_name) refuse_repeated("images", image.entry, "file_name", "\"" + image.file_name + "\"");
            if (new_id) labels.pictures.push_back(picture_of(std::move(image)));
        }
    }

    void take_annotations(const std::vector<CocoFileAnnotation>& annotations, SourceLabels& labels) {
        for (const CocoFileAnnotation& annotation : annotations) {
            const auto image = image_of_.find(annotation.image_id);
            const auto category = category_of_.find(annotation.category_id);
            const auto entry = annotation.entry;
            if (image == image_of_.end()) {
                refuse_unknown("annotations", entry, "image_id", annotation.image_id);
            }
            if (category == category_of_.end()) {
                refuse_unknown("annotations", entry, "category_id", annotation.category_id);
            }
            if (image == image_of_.end() || category == category_of_.end()) continue;
            const auto [x, y, width, height] = annotation.box;
            labels.pictures[image->second].boxes.push_back({x, y, x + width, y + height,
                                                            static_cast<int>(category->second), annotation.crowd,
                                                            static_cast<std::int64_t>(entry)});
        }
    }

private:
    SourcePicture picture_of(CocoFileImage image) {
        SourcePicture picture;
        picture.where = place("images", image.entry);
        picture.boxes_where = path_ + ":/annotations/";
        picture.is_federated = image.is_federated;
        picture.absent = classes_of(image.absent, image.entry, "neg_category_ids");
        picture.partial = classes_of(image.partial, image.entry, "not_exhaustive_category_ids");
        picture.name = std::move(image.file_name);
        picture.id = picture.name;
        picture.file = picture.name;
        picture.image_id = image.id;
        picture.width = image.width;
        picture.height = image.height;
        return picture;
    }

    std::vector<int> classes_of(const std::vector<std::int64_t>& category_ids, std::size_t entry, const char* key) {
        std::vector<int> classes;
        for (const std::int64_t id : category_ids) {
            const auto category = category_of_.find(id);
            if (category == category_of_.end()) {
                refuse_unknown("images", entry, key, id);
            } else {
                classes.push_back(static_cast<int>(category->second));
            }
        }
        return classes;
    }

    std::string place(const char* list, std::size_t entry) const {
        return path_ + ":/" + list + "/" + std::to_string(entry);
    }

    void refuse_repeated(const char* list, std::size_t entry, const char* key, const std::string& value) {
        problems_.add({place(list, entry) + "/" + key, std::string(key) + " " + value + " is used twice", "", "",
                       "each entry needs its own"});
    }

    void refuse_unknown(const char* list, std::size_t entry, const char* key, std::int64_t id) {
        const bool is_image = std::string(key) == "image_id";
        problems_.add({place(list, entry) + "/" + key, "unknown id " + std::to_string(id),
                       is_image ? "an id of \"images\"" : "an id of \"categories\"", "", ""});
    }

    std::string path_;
    DataProblems& problems_;
    IndexOfId category_of_;
    IndexOfId image_of_;
};

} // namespace

SourceLabels read_coco(const DatasetOptions& options, DataFolder& folder, DataProblems& problems) {
    const std::string path = folder.path(options.annotations);
    CocoFile file = read_coco_file(path, problems);
    SourceLabels labels;
    labels.base = folder.images();
    CocoLinker linker(path, problems);
    linker.take_categories(std::move(file.categories), labels);
    linker.take_images(std::move(file.images), labels);
    linker.take_annotations(file.annotations, labels);
    const std::string split = options.split.empty() ? "" : folder.path(options.split);
    labels.pictures = select_pictures(std::move(labels.pictures), split, options.limit, problems);
    return labels;
}

} // namespace banyan
