#include <filesystem>
#include <map>
#include <string_view>
#include <unordered_map>
#include <utility>

#include <pugixml.hpp>

#include "core/atomic_file.h"
#include "core/error.h"
#include "data/label_readers.h"
#include "data/parse_number.h"
#include "data/picture_files.h"
#include "data/split_list.h"
#include "data/text_lines.h"

namespace banyan {
namespace {

namespace fs = std::filesystem;

/// Numbers class names in the order of their first use.
class ClassNumbers {
public:
    int number_of(const std::string& name) {
        const auto [entry, is_new] = numbers_.emplace(name, static_cast<int>(names_.size()));
        if (is_new) names_.push_back(name);
        return entry->second;
    }
    std::vector<std::string> take() { return std::move(names_); }

private:
    std::map<std::string, int> numbers_;
    std::vector<std::string> names_;
};

/// One annotation file.
class VocReader {
public:
    VocReader(std::string path, ClassNumbers& classes, DataProblems& problems)
        : path_(std::move(path)), classes_(classes), problems_(problems) {}

    /// Faults are added to the problems; the picture is returned all the same, so that a split may name it.
    SourcePicture read() {
        SourcePicture picture;
        picture.where = path_;
        picture.boxes_where = path_ + ":/annotation/object/";
        picture.id = fs::path(path_).stem().string();
        pugi::xml_document document;
        const std::string text = read_file(path_, std::size_t{64} << 20);
        const pugi::xml_parse_result result = document.load_buffer(text.data(), text.size());
        const pugi::xml_node root = document.child("annotation");
        if (!result) {
            const std::string reason = std::string("not valid XML: ") + result.description();
            refuse(" byte " + std::to_string(result.offset), reason, "", "");
        } else if (!root) {
            refuse("", "wrong kind of file", "an element <annotation>", "");
        } else {
            read_annotation(root, picture);
        }
        return picture;
    }

private:
    void read_annotation(const pugi::xml_node& root, SourcePicture& picture) {
        picture.name = text_of(root, "filename", "/annotation/");
        picture.file = picture.name;
        if (const pugi::xml_node size = root.child("size")) {
            picture.width = side_of(size, "width");
            picture.height = side_of(size, "height");
        } else {
            refuse("/annotation/size", "missing element", "<width> and <height>", "");
        }
        std::int64_t place = 0;
        for (const pugi::xml_node& object : root.children("object")) {
            ++place; // counted from 1, as XPath does
            SourceBox box;
            box.place = place;
            if (read_object(object, "/annotation/object/" + std::to_string(place) + "/", box)) {
                picture.boxes.push_back(box);
            }
        }
    }

    bool read_object(const pugi::xml_node& object, const std::string& at, SourceBox& box) {
        const std::size_t faults = problems_.count();
        const std::string name = text_of(object, "name", at);
        const pugi::xml_node corners = object.child("bndbox");
        if (!corners) {
            refuse(at + "bndbox", "missing element", "xmin, ymin, xmax, ymax", "");
        } else {
            box.x0 = number_of(corners, "xmin", at + "bndbox/");
            box.y0 = number_of(corners, "ymin", at + "bndbox/");
            box.x1 = number_of(corners, "xmax", at + "bndbox/");
            box.y1 = number_of(corners, "ymax", at + "bndbox/");
            if (box.x1 < box.x0 || box.y1 < box.y0) {
                refuse(at + "bndbox", "negative size", "xmin <= xmax and ymin <= ymax", "");
            }
        }
        if (object.child("difficult")) box.ignore = flag_of(object, "difficult", at);
        if (problems_.count() != faults) return false;
        box.source_class = classes_.number_of(name);
        return true;
    }

    std::string text_of(const pugi::xml_node& parent, const char* name, const std::string& at) {
        std::string text(trimmed(parent.child(name).text().get()));
        if (text.empty()) refuse(at + name, parent.child(name) ? "empty element" : "missing element", "a text", "");
        return text;
    }

    double number_of(const pugi::xml_node& parent, const char* name, const std::string& at) {
        const std::string text = text_of(parent, name, at);
        const auto value = parse_finite(text);
        if (!value && !text.empty()) refuse(at + name, "not a number", "a finite number", text);
        return value.value_or(0.0);
    }

    int side_of(const pugi::xml_node& size, const char* name) {
        const std::string at = "/annotation/size/";
        const std::string text = text_of(size, name, at);
        const auto value = parse_whole<int>(text);
        const bool valid = value && *value >= 1;
        if (!valid && !text.empty()) refuse(at + name, "wrong value", "an integer >= 1", text);
        return valid ? *value : 0;
    }

    bool flag_of(const pugi::xml_node& object, const char* name, const std::string& at) {
        const std::string text = text_of(object, name, at);
        if (text != "0" && text != "1" && !text.empty()) refuse(at + name, "wrong value", "0 or 1", text);
        return text == "1";
    }

    void refuse(const std::string& at, const std::string& problem, const std::string& expected,
                const std::string& found) {
        problems_.add({at.empty() ? path_ : path_ + ":" + at, problem, expected, found, ""});
    }

    std::string path_;
    ClassNumbers& classes_;
    DataProblems& problems_;
};

void check_names_differ(const std::vector<SourcePicture>& pictures, DataProblems& problems) {
    std::unordered_map<std::string, std::string> first_use;
    for (const SourcePicture& picture : pictures) {
        if (picture.name.empty()) continue; // reported already
        const auto [known, is_new] = first_use.emplace(picture.name, picture.where);
        if (is_new) continue;
        problems.add({picture.where + ":/annotation/filename", "picture \"" + picture.name + "\" is annotated twice",
                      "", "", "the other file is " + known->second});
    }
}

} // namespace

SourceLabels read_voc(const DatasetOptions& options, DataFolder& folder, DataProblems& problems) {
    const std::string annotations = folder.path(options.annotations);
    SourceLabels labels;
    labels.base = folder.images();
    ClassNumbers classes;
    for (const std::string& file : find_files(annotations, ".xml")) {
        labels.pictures.push_back(VocReader((fs::path(annotations) / file).string(), classes, problems).read());
    }
    check_names_differ(labels.pictures, problems);
    labels.classes = classes.take();
    const std::string split = options.split.empty() ? "" : folder.path(options.split);
    labels.pictures = select_pictures(std::move(labels.pictures), split, options.limit, problems);
    return labels;
}

} // namespace banyan
