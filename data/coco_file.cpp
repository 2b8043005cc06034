#include "data/coco_file.h"

#include <limits>
#include <utility>

#include <nlohmann/json.hpp>

#include "core/atomic_file.h"
#include "core/strict_json.h"
#include "data/json_entry_stream.h"

namespace banyan {
namespace {

using Json = nlohmann::json;

/// Getters over one entry. A fault is reported once and leaves `sound()` false; the value read is then of no meaning.
class EntryReader {
public:
    EntryReader(const Json& entry, std::string place, DataProblems& problems)
        : entry_(entry), place_(std::move(place)), problems_(problems) {
        if (!entry.is_object()) refuse("", "wrong entry", "an object", describe_json(entry));
    }

    bool sound() const { return sound_; }
    bool has(const char* key) const { return entry_.is_object() && entry_.contains(key); }

    std::int64_t integer(const char* key, std::int64_t lo = std::numeric_limits<std::int64_t>::min(),
                         std::int64_t hi = std::numeric_limits<std::int64_t>::max()) {
        const Json* value = required(key, "an integer");
        return value == nullptr ? 0 : integer_of(*value, key, lo, hi);
    }

    int side(const char* key) {
        if (!has(key)) return 0;
        return static_cast<int>(integer(key, 1, std::numeric_limits<int>::max()));
    }

    std::string text(const char* key) {
        const Json* value = required(key, "a text");
        if (value == nullptr) return {};
        if (value->is_string() && !value->get_ref<const std::string&>().empty()) return value->get<std::string>();
        refuse(key, "wrong value", "a non-empty text", describe_json(*value));
        return {};
    }

    bool flag(const char* key) {
        if (!has(key)) return false;
        const Json& value = entry_[key];
        return value.is_boolean() ? value.get<bool>() : integer_of(value, key, 0, 1) == 1;
    }

    std::vector<std::int64_t> integers(const char* key) {
        std::vector<std::int64_t> result;
        if (!has(key)) return result;
        const Json& list = entry_[key];
        if (!list.is_array()) refuse(key, "wrong value", "a list of integers", describe_json(list));
        for (const Json& value : list) {
            result.push_back(integer_of(value, key, std::numeric_limits<std::int64_t>::min(),
                                        std::numeric_limits<std::int64_t>::max()));
        }
        return result;
    }

    std::array<double, 4> box(const char* key) {
        std::array<double, 4> result{};
        const Json* list = required(key, "a list of 4 numbers");
        if (list == nullptr) return result;
        if (!list->is_array() || list->size() != result.size()) {
            refuse(key, "wrong value", "[x, y, width, height]", describe_json(*list));
            return result;
        }
        for (std::size_t i = 0; i < result.size(); ++i) {
            const Json& value = (*list)[i];
            if (!value.is_number()) refuse(key, "wrong value", "4 numbers", describe_json(value));
            if (!value.is_number()) return result;
            result[i] = value.get<double>();
        }
        if (result[2] < 0 || result[3] < 0) {
            refuse(key, "negative size", "[x, y, width >= 0, height >= 0]", list->dump());
        }
        return result;
    }

private:
    const Json* required(const char* key, const char* expected) {
        if (!entry_.is_object()) return nullptr; // reported already
        const auto found = entry_.find(key);
        if (found != entry_.end()) return &*found;
        refuse(key, "missing key", expected, "");
        return nullptr;
    }

    std::int64_t integer_of(const Json& value, const char* key, std::int64_t lo, std::int64_t hi) {
        constexpr auto kMax = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
        const bool fits = value.is_number_unsigned() ? value.get<std::uint64_t>() <= kMax : value.is_number_integer();
        const std::int64_t number = fits ? value.get<std::int64_t>() : 0;
        if (fits && number >= lo && number <= hi) return number;
        std::string expected = "an integer";
        if (lo == 0 && hi == 1) expected = "0 or 1";
        if (lo == 1) expected = "an integer >= 1";
        refuse(key, "wrong value", expected, describe_json(value));
        return 0;
    }

    void refuse(const std::string& key, const std::string& problem, const std::string& expected,
                const std::string& found) {
        problems_.add({key.empty() ? place_ : place_ + "/" + key, problem, expected, found, ""});
        sound_ = false;
    }

    const Json& entry_;
    std::string place_;
    DataProblems& problems_;
    bool sound_ = true;
};

CocoFileImage read_image(EntryReader& reader, std::size_t entry) {
    CocoFileImage image;
    image.entry = entry;
    image.id = reader.integer("id");
    image.file_name = reader.text("file_name");
    image.width = reader.side("width");
    image.height = reader.side("height");
    image.is_federated = reader.has("neg_category_ids");
    image.absent = reader.integers("neg_category_ids");
    image.partial = reader.integers("not_exhaustive_category_ids");
    return image;
}

CocoFileCategory read_category(EntryReader& reader, std::size_t entry) {
    return {reader.integer("id"), reader.text("name"), entry};
}

CocoFileAnnotation read_annotation(EntryReader& reader, std::size_t entry) {
    CocoFileAnnotation annotation;
    annotation.entry = entry;
    annotation.image_id = reader.integer("image_id");
    annotation.category_id = reader.integer("category_id");
    annotation.box = reader.box("bbox");
    annotation.crowd = reader.flag("iscrowd");
    return annotation;
}

/// A faulty image or category stays known by its id, so that what refers to it is not a second fault.
bool has_id(const Json& entry) { return entry.is_object() && entry.contains("id") && entry["id"].is_number_integer(); }

} // namespace

CocoFile read_coco_file(const std::string& path, DataProblems& problems) {
    CocoFile file;
    // One list: how each of its entries becomes an element of `target`.
    const auto list = [&](const char* name, std::vector<std::string_view> members, auto& target, auto read) {
        return JsonEntryList{name, std::move(members), [&, name, read](const Json& entry, std::size_t index) {
                                 EntryReader reader(entry, path + ":/" + name + "/" + std::to_string(index), problems);
                                 auto value = read(reader, index);
                                 if (reader.sound() || has_id(entry)) target.push_back(std::move(value));
                             }};
    };
    const std::vector<JsonEntryList> lists = {
        list("images", {"id", "file_name", "width", "height", "neg_category_ids", "not_exhaustive_category_ids"},
             file.images, read_image),
        list("categories", {"id", "name"}, file.categories, read_category),
        list("annotations", {"image_id", "category_id", "bbox", "iscrowd"}, file.annotations, read_annotation)};
    stream_json_entries(read_file(path), path, lists, problems);
    return file;
}

} // namespace banyan
