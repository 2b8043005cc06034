#include "report/heat_map.h"

#include <gmock/gmock.h>
#include <pugixml.hpp>

#include "core/error.h"
#include "support/expect_error.h"

namespace banyan {
namespace {

using testing::Contains;
using testing::IsSupersetOf;

pugi::xml_document parse(const std::string& svg) {
    pugi::xml_document document;
    const pugi::xml_parse_result result = document.load_string(svg.c_str());
    EXPECT_TRUE(result) << result.description() << " at " << result.offset;
    return document;
}

std::vector<std::string> texts(const pugi::xml_document& document) {
    std::vector<std::string> result;
    for (const auto& node : document.document_element().children("text")) result.push_back(node.child_value());
    return result;
}

/// Colour of the cell whose tooltip begins with `name`.
std::string colour_of(const pugi::xml_document& document, const std::string& name) {
    for (const auto& node : document.document_element().children("rect")) {
        const std::string tooltip = node.child("title").child_value();
        if (tooltip.starts_with(name)) return node.attribute("fill").value();
    }
    ADD_FAILURE() << "no cell " << name;
    return "";
}

HeatMap map_of(std::vector<std::vector<double>> values) {
    HeatMap map;
    for (const std::vector<double>& row : values) {
        std::vector<HeatCell> cells;
        for (const double value : row) cells.push_back({value});
        map.rows.push_back("row " + std::to_string(map.rows.size()));
        map.cells.push_back(cells);
    }
    for (std::size_t c = 0; c < values.front().size(); ++c) map.columns.push_back("column " + std::to_string(c));
    return map;
}

TEST(HeatMapSvg, WritesNamesTitlesNumbersAndNotes) {
    HeatMap map = map_of({{0.5, 0.25}, {1, 0}});
    map.title = "Conflicts <of> gradients";
    map.row_title = "branch";
    map.column_title = "data set";
    map.cells[0][1].note = "± 0.03";
    const auto document = parse(heat_map_svg(map));
    EXPECT_THAT(texts(document), IsSupersetOf({"Conflicts <of> gradients", "branch", "data set", "row 0", "row 1",
                                               "column 0", "column 1", "0.50", "0.25", "1.00", "0.00", "± 0.03"}));
}

TEST(HeatMapSvg, SequentialColoursGrowDarker) {
    const auto document = parse(heat_map_svg(map_of({{0, 0.5, 1}})));
    EXPECT_EQ(colour_of(document, "row 0, column 0"), "#f4f8fb");
    EXPECT_EQ(colour_of(document, "row 0, column 2"), "#08478a");
    EXPECT_EQ(colour_of(document, "row 0, column 1"), "#73add4"); // half-way between the two middle colours
}

TEST(HeatMapSvg, DivergingColoursArePaleAtZeroAndAsWideToBothSides) {
    HeatMap map = map_of({{-1, 0, 0.5}});
    map.scale = ColourScale::diverging;
    const auto document = parse(heat_map_svg(map));
    EXPECT_EQ(colour_of(document, "row 0, column 0"), "#ab3e08");
    EXPECT_EQ(colour_of(document, "row 0, column 1"), "#f7f7f7");
    EXPECT_EQ(colour_of(document, "row 0, column 2"), "#7fb6dc");
    map.cells = {{{0}, {0}, {}}};
    EXPECT_EQ(colour_of(parse(heat_map_svg(map)), "row 0, column 0"), "#f7f7f7") << "also where all are zero";
}

TEST(HeatMapSvg, FixedLimitsHoldAndValuesBeyondHaveTheEndsColour) {
    HeatMap map = map_of({{-3, 5, 0.5}});
    map.low = 0;
    map.high = 1;
    const auto document = parse(heat_map_svg(map));
    EXPECT_EQ(colour_of(document, "row 0, column 0"), "#f4f8fb");
    EXPECT_EQ(colour_of(document, "row 0, column 1"), "#08478a");
    EXPECT_THAT(texts(document), Contains("5.00"));
}

TEST(HeatMapSvg, CellsWithoutAValueAreGreyAndOutlinedOnesFramed) {
    HeatMap map = map_of({{1, 0}});
    map.cells[0][1].value = std::numeric_limits<double>::quiet_NaN();
    const auto plain = parse(heat_map_svg(map));
    EXPECT_EQ(colour_of(plain, "row 0, column 1"), "#e8ecf0");
    EXPECT_THAT(texts(plain), Contains("–"));
    EXPECT_FALSE(plain.document_element().child("path"));
    map.cells[0][0].outlined = true;
    EXPECT_TRUE(parse(heat_map_svg(map)).document_element().child("path"));
}

TEST(HeatMapSvg, LongColumnNamesStandUpright) {
    HeatMap map = map_of({{1}});
    const auto turned = [](const pugi::xml_document& document) {
        for (const auto& node : document.document_element().children("text")) {
            if (node.attribute("transform")) return true;
        }
        return false;
    };
    map.columns = {"short"};
    EXPECT_FALSE(turned(parse(heat_map_svg(map))));
    map.columns = {"a name that is wider than a cell"};
    EXPECT_TRUE(turned(parse(heat_map_svg(map))));
}

TEST(HeatMapSvg, EqualValuesAreDrawn) {
    EXPECT_THAT(texts(parse(heat_map_svg(map_of({{0, 0}})))), Contains("0.00"));
    EXPECT_THAT(texts(parse(heat_map_svg(map_of({{-2, -2}})))), Contains("-2.00"));
}

TEST(HeatMapSvg, RefusesCellsThatDoNotFitTheNames) {
    HeatMap map = map_of({{0, 1}, {1, 0}});
    map.cells[1].pop_back();
    expect_error<CheckError>([&] { heat_map_svg(map); }, {"1 cells", "2 columns"});
    map.cells.pop_back();
    expect_error<CheckError>([&] { heat_map_svg(map); }, {"1 rows", "2 names"});
    expect_error<CheckError>([] { heat_map_svg({}); }, {"at least one row"});
    HeatMap limits = map_of({{0, 1}});
    limits.low = 2;
    expect_error<CheckError>([&] { heat_map_svg(limits); }, {"low < high"});
}

} // namespace
} // namespace banyan
