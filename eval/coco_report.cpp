#include "eval/coco_report.h"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <string_view>

namespace banyan {

namespace {

struct NamedCount {
    const char* name;
    std::size_t CocoCounts::*count;
};

constexpr std::array<NamedCount, 9> kCounts = {{
    {"images", &CocoCounts::images},
    {"ground_truth", &CocoCounts::ground_truth},
    {"ignore_regions", &CocoCounts::ignore_regions},
    {"detections", &CocoCounts::detections},
    {"true_positives_50", &CocoCounts::true_positives_50},
    {"false_positives_50", &CocoCounts::false_positives_50},
    {"ignored_50", &CocoCounts::ignored_50},
    {"unjudged_detections", &CocoCounts::unjudged_detections},
    {"unjudged_annotations", &CocoCounts::unjudged_annotations},
}};

std::string number(double value) {
    std::array<char, 32> text{};
    const auto result = std::to_chars(text.data(), text.data() + text.size(), value);
    return {text.data(), result.ptr};
}

std::string quoted(std::string_view text) {
    std::string out = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') {
            out += '\\';
            out += c;
        } else if (static_cast<unsigned char>(c) < 0x20) {
            std::array<char, 8> escape{};
            std::snprintf(escape.data(), escape.size(), "\\u%04x", static_cast<unsigned>(c));
            out += escape.data();
        } else {
            out += c;
        }
    }
    return out + '"';
}

std::string stat_list(const CocoStats& stats) {
    std::string out;
    for (const double value : stats.values) out += (out.empty() ? "" : ", ") + number(value);
    return "[" + out + "]";
}

std::string class_json(const CocoClassResult& of_class) {
    std::string out = "{\"category_id\": " + std::to_string(of_class.id);
    for (std::size_t i = 0; i < kCocoStats; ++i) {
        out += ", " + quoted(kCocoStatNames[i]) + ": " + number(of_class.stats.values[i]);
    }
    for (const NamedCount& each : kCounts) {
        out += ", " + quoted(each.name) + ": " + std::to_string(of_class.counts.*each.count);
    }
    return out + "}";
}

/// Characters of a UTF-8 text, near enough to its width in a terminal.
std::size_t width_of(std::string_view text) {
    const auto begins_character = [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; };
    return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), begins_character));
}

std::string pad_left(const std::string& text, std::size_t width) {
    return std::string(width - std::min(width, width_of(text)), ' ') + text;
}

std::string percent(double value) {
    if (value < 0) return "-";
    std::array<char, 16> text{};
    std::snprintf(text.data(), text.size(), "%.1f", value * 100);
    return text.data();
}

constexpr std::size_t kColumn = 10;

std::string table_row(const std::string& name, std::size_t name_width, const CocoStats& stats,
                      const std::string& objects) {
    std::string row = name + std::string(name_width - width_of(name), ' ');
    for (const double value : stats.values) row += pad_left(percent(value), kColumn);
    return row + pad_left(objects, kColumn) + "\n";
}

std::string table_head(std::size_t name_width) {
    std::string head = "class" + std::string(name_width - 5, ' ');
    for (const char* name : kCocoStatNames) head += pad_left(name, kColumn);
    return head + pad_left("objects", kColumn) + "\n";
}

std::string remarks(const CocoResult& result) {
    std::size_t unjudged = 0;
    for (const CocoClassResult& of_class : result.per_class) unjudged += of_class.counts.unjudged_detections;

    std::string out;
    const auto add = [&out](const char* what, std::size_t count) {
        if (count > 0) out += std::string(what) + ": " + std::to_string(count) + "\n";
    };
    add("detections not judged, in images that do not label their class", unjudged);
    add("detections left out, of categories that the ground truth lacks", result.unknown_category_detections);
    add("annotations with the id 0, whose matches count as false as in pycocotools (number from 1)",
        result.zero_id_annotations);
    return out;
}

} // namespace

std::string coco_report_json(const CocoResult& result) {
    std::string classes;
    for (const CocoClassResult& of_class : result.per_class) {
        classes += (classes.empty() ? "" : ", ") + quoted(of_class.name) + ": " + class_json(of_class);
    }
    return "{\"stats\": " + stat_list(result.stats) + ", \"per_class\": {" + classes +
           "}, \"notes\": {\"unknown_category_detections\": " + std::to_string(result.unknown_category_detections) +
           ", \"zero_id_annotations\": " + std::to_string(result.zero_id_annotations) +
           "}, \"seconds\": {\"load\": " + number(result.seconds.load) +
           ", \"match\": " + number(result.seconds.match) + ", \"accumulate\": " + number(result.seconds.accumulate) +
           "}}\n";
}

std::string coco_report_table(const CocoResult& result) {
    std::size_t name_width = 5;
    std::size_t objects = 0;
    for (const CocoClassResult& of_class : result.per_class) {
        name_width = std::max(name_width, width_of(of_class.name));
        objects += of_class.counts.ground_truth;
    }
    std::string table = table_head(name_width);
    for (const CocoClassResult& of_class : result.per_class) {
        table += table_row(of_class.name, name_width, of_class.stats, std::to_string(of_class.counts.ground_truth));
    }
    table += table_row("mean", name_width, result.stats, std::to_string(objects));
    return table + remarks(result);
}

} // namespace banyan
