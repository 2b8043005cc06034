#include <algorithm>
#include <array>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <utility>

#include "core/atomic_file.h"
#include "core/error.h"
#include "data/label_readers.h"
#include "data/parse_number.h"
#include "data/picture_files.h"
#include "data/split_list.h"
#include "data/text_lines.h"
#include "data/yolo_names.h"

namespace banyan {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> read_names(const std::string& path, DataProblems& problems) {
    const std::string text = read_file(path, std::size_t{16} << 20);
    const std::string extension = fs::path(path).extension().string();
    try {
        const bool is_list = extension == ".txt" || extension == ".names";
        return is_list ? parse_yolo_name_list(text, path) : parse_yolo_yaml(text, path);
    } catch (const DataError& error) {
        problems.add(error);
        return {};
    }
}

/// "a/images/b.jpg" -> "a/labels/b.txt"; the last folder "images" counts.
std::string label_file_of(const std::string& picture) {
    std::vector<fs::path> parts;
    for (const fs::path& part : fs::path(picture).parent_path()) parts.push_back(part);
    const auto last = std::find(parts.rbegin(), parts.rend(), "images");
    if (last != parts.rend()) *last = "labels";
    fs::path result;
    for (const fs::path& part : parts) result /= part;
    return (result / fs::path(picture).stem()).string() + ".txt";
}

/// One line "class x_centre y_centre width height" of a label file.
class LineReader {
public:
    LineReader(std::string where, std::size_t class_count, DataProblems& problems)
        : where_(std::move(where)), class_count_(class_count), problems_(problems) {}

    /// False where the line has a fault.
    bool read(std::string_view line, SourceBox& box) {
        std::array<std::string_view, 5> fields;
        std::size_t count = 0;
        for (std::string_view word = take_word(line); !word.empty(); word = take_word(line)) {
            if (count < fields.size()) fields[count] = word;
            ++count;
        }
        if (count != fields.size()) return refuse_count(count);
        std::array<double, 4> values{};
        for (std::size_t i = 0; i < values.size(); ++i) {
            const auto value = parse_finite(fields[i + 1]);
            if (!value) return refuse("not a number", "a finite fraction", fields[i + 1]);
            values[i] = *value;
        }
        const auto [x, y, width, height] = values;
        if (width < 0 || height < 0) return refuse("negative size", "width and height >= 0", fields[width < 0 ? 3 : 4]);
        box = {x - width / 2, y - height / 2, x + width / 2, y + height / 2, 0, false, 0};
        return read_class(fields[0], box.source_class);
    }

private:
    bool read_class(std::string_view field, int& source_class) {
        const auto number = parse_integer(field);
        if (!number) return refuse("not a class number", "an integer", field);
        if (*number < 0 || *number >= static_cast<std::int64_t>(class_count_)) {
            return refuse("class number out of range", "0 to " + std::to_string(class_count_ - 1), field);
        }
        source_class = static_cast<int>(*number);
        return true;
    }

    bool refuse_count(std::size_t count) {
        std::string next = "";
        if (count == 6) next = "drop the sixth field (a confidence?): labels are no detections";
        if (count > 6) next = "a polygon or key points? convert them to boxes";
        return refuse("wrong number of fields", "5: class x_centre y_centre width height", std::to_string(count), next);
    }

    bool refuse(const std::string& problem, const std::string& expected, std::string_view found,
                const std::string& next_step = "") {
        problems_.add({where_, problem, expected, std::string(found.substr(0, 40)), next_step});
        return false;
    }

    std::string where_;
    std::size_t class_count_;
    DataProblems& problems_;
};

void read_labels(const std::string& path, std::size_t class_count, SourcePicture& picture, DataProblems& problems) {
    picture.boxes_where = path + ":";
    const std::string text = read_file(path, std::size_t{64} << 20);
    std::int64_t number = 0;
    for (std::string_view rest = text; !rest.empty();) {
        const std::string_view line = trimmed(take_line(rest));
        ++number;
        if (line.empty()) continue;
        SourceBox box;
        LineReader reader(path + ":" + std::to_string(number), class_count, problems);
        if (!reader.read(line, box)) continue;
        box.place = number;
        picture.boxes.push_back(box);
    }
}

SourcePicture picture_named(const std::string& name, const std::string& where) {
    SourcePicture picture;
    picture.name = fs::path(name).lexically_normal().string();
    picture.id = picture.name;
    picture.file = picture.name;
    picture.where = where;
    return picture;
}

std::vector<SourcePicture> list_pictures(const DatasetOptions& options, const DataFolder& folder, SourceLabels& labels,
                                         DataProblems& problems) {
    std::vector<SourcePicture> pictures;
    if (!options.split.empty()) {
        const std::string split = folder.path(options.split);
        for (const SplitEntry& entry : read_split(split, problems)) {
            pictures.push_back(picture_named(entry.name, split + ":" + std::to_string(entry.line)));
        }
        return select_pictures(std::move(pictures), "", options.limit, problems);
    }
    const PictureFiles files = find_pictures(folder.images());
    if (files.other_types > 0) {
        labels.warnings.push_back("pictures of types other than JPEG and PNG left out: " +
                                  std::to_string(files.other_types));
    }
    for (const std::string& name : files.names) {
        pictures.push_back(picture_named((fs::path(options.images) / name).string(), folder.images() + "/" + name));
    }
    return select_pictures(std::move(pictures), "", options.limit, problems);
}

} // namespace

SourceLabels read_yolo(const DatasetOptions& options, DataFolder& folder, DataProblems& problems) {
    SourceLabels labels;
    labels.base = folder.root();
    labels.in_fractions = true;
    labels.classes = read_names(folder.path(options.annotations), problems);
    if (labels.classes.empty()) return labels;
    labels.pictures = list_pictures(options, folder, labels, problems);

    std::size_t missing = 0;
    std::error_code ignored; // what cannot be looked at is reported when it is read
    for (SourcePicture& picture : labels.pictures) {
        try {
            const std::string path = folder.inside(labels.base, label_file_of(picture.file), picture.where);
            const bool is_missing = fs::status(path, ignored).type() == fs::file_type::not_found;
            if (is_missing) ++missing;
            if (!is_missing) read_labels(path, labels.classes.size(), picture, problems);
        } catch (const DataError& error) {
            problems.add(error);
        }
    }
    if (missing > 0 && missing == labels.pictures.size()) {
        const std::string first = label_file_of(labels.pictures.front().file);
        problems.add({folder.root(), "no picture has a label file", "e.g. " + first, "",
                      "labels stand in a folder \"labels\" beside \"images\""});
    } else if (missing > 0) {
        labels.warnings.push_back("pictures without a label file taken as without objects: " + std::to_string(missing));
    }
    return labels;
}

} // namespace banyan
