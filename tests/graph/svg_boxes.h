#pragma once

#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <pugixml.hpp>

namespace banyan::test {

inline std::size_t count_of(const std::string& text, const std::string& word) {
    std::size_t count = 0;
    for (std::size_t at = text.find(word); at != std::string::npos; at = text.find(word, at + word.size())) ++count;
    return count;
}

struct SvgBox {
    int left, top, width, height;
    std::string colour;
    std::vector<std::string> lines;
};

/// The boxes of an SVG, which must be well-formed.
inline std::vector<SvgBox> boxes_of(const std::string& svg) {
    pugi::xml_document document;
    const pugi::xml_parse_result result = document.load_string(svg.c_str());
    EXPECT_TRUE(result) << result.description();
    std::vector<SvgBox> boxes;
    for (const pugi::xml_node& group : document.child("svg").children("g")) {
        const pugi::xml_node box = group.child("rect");
        boxes.push_back({box.attribute("x").as_int(),
                         box.attribute("y").as_int(),
                         box.attribute("width").as_int(),
                         box.attribute("height").as_int(),
                         box.attribute("fill").as_string(),
                         {}});
        for (const pugi::xml_node& line : group.children("text")) boxes.back().lines.push_back(line.child_value());
    }
    return boxes;
}

inline void expect_apart(const std::vector<SvgBox>& boxes) {
    for (std::size_t a = 0; a < boxes.size(); ++a) {
        for (std::size_t b = a + 1; b < boxes.size(); ++b) {
            const bool apart =
                boxes[a].left + boxes[a].width <= boxes[b].left || boxes[b].left + boxes[b].width <= boxes[a].left ||
                boxes[a].top + boxes[a].height <= boxes[b].top || boxes[b].top + boxes[b].height <= boxes[a].top;
            EXPECT_TRUE(apart) << "boxes " << a << " and " << b << " overlap";
        }
    }
}

} // namespace banyan::test
