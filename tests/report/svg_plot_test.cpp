#include "report/svg_plot.h"

#include <cmath>
#include <limits>
#include <sstream>

#include <gmock/gmock.h>
#include <pugixml.hpp>

#include "core/error.h"
#include "support/expect_error.h"

namespace banyan {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr double kGap = std::numeric_limits<double>::quiet_NaN();

pugi::xml_document parse(const std::string& svg) {
    pugi::xml_document document;
    const pugi::xml_parse_result result = document.load_string(svg.c_str());
    EXPECT_TRUE(result) << result.description() << " at " << result.offset;
    EXPECT_STREQ(document.document_element().name(), "svg");
    return document;
}

std::vector<std::string> texts(const pugi::xml_document& document) {
    std::vector<std::string> result;
    for (const auto& node : document.document_element().children("text")) result.push_back(node.child_value());
    return result;
}

/// All points of a path "M1 2L3 4…".
std::vector<std::pair<double, double>> points(const pugi::xml_node& path) {
    std::string data = path.attribute("d").value();
    for (char& c : data) c = c == 'M' || c == 'L' ? ' ' : c;
    std::istringstream in(data);
    std::vector<std::pair<double, double>> result;
    for (double x = 0, y = 0; in >> x >> y;) result.emplace_back(x, y);
    return result;
}

Curve line(double from, double to) { return {{0, from}, {50, 0.5 * (from + to)}, {100, to}}; }

TEST(LinePlotSvg, NamesTitleAxesAndSeries) {
    const auto document = parse(line_plot_svg({{"face", line(1, 0)}, {"hand", line(2, 1)}},
                                              {.title = "Loss", .x_label = "step", .y_label = "loss"}));
    EXPECT_THAT(texts(document), testing::IsSupersetOf({"Loss", "step", "loss", "face", "hand", "0.0", "2.0"}));
    EXPECT_EQ(std::distance(document.document_element().children("path").begin(),
                            document.document_element().children("path").end()),
              2);
}

TEST(LinePlotSvg, LaysPointsOutInProportion) {
    const auto document = parse(line_plot_svg({{"a", {{0, 0}, {25, 1}, {100, 0.5}}}}, {}));
    const auto found = points(document.document_element().child("path"));
    ASSERT_EQ(found.size(), 3U);
    EXPECT_NEAR((found[1].first - found[0].first) / (found[2].first - found[0].first), 0.25, 1e-3);
    EXPECT_NEAR((found[0].second - found[2].second) / (found[0].second - found[1].second), 0.5, 1e-3);
    EXPECT_LT(found[1].second, found[0].second); // up is smaller
}

TEST(LinePlotSvg, LogAxisSpacesDecadesEvenly) {
    const auto document = parse(line_plot_svg({{"a", {{0, 1}, {1, 10}, {2, 100}}}}, {.log_y = true}));
    const auto found = points(document.document_element().child("path"));
    ASSERT_EQ(found.size(), 3U);
    EXPECT_NEAR(found[0].second - found[1].second, found[1].second - found[2].second, 0.05);
}

TEST(LinePlotSvg, NonFiniteAndNonPositiveValuesInterruptTheLine) {
    const Curve curve = {{0, 1}, {1, 2}, {2, kGap}, {3, 2}, {4, 1}, {5, -1}, {6, 3}, {7, 2}};
    const std::string linear =
        parse(line_plot_svg({{"a", curve}}, {})).document_element().child("path").attribute("d").value();
    EXPECT_EQ(std::count(linear.begin(), linear.end(), 'M'), 2);
    const std::string log =
        parse(line_plot_svg({{"a", curve}}, {.log_y = true})).document_element().child("path").attribute("d").value();
    EXPECT_EQ(std::count(log.begin(), log.end(), 'M'), 3);
    EXPECT_THAT(linear + log, Not(HasSubstr("nan")));
}

TEST(LinePlotSvg, SmoothingDrawsThePaleRawLineBehind) {
    const auto document = parse(line_plot_svg({{"a", line(1, 0)}}, {.smoothing = 0.8}));
    std::vector<std::string> opacities;
    for (const auto& path : document.document_element().children("path"))
        opacities.push_back(path.attribute("stroke-opacity").value());
    EXPECT_THAT(opacities, testing::ElementsAre("0.25", ""));
}

TEST(LinePlotSvg, SeriesWithoutDataIsSaidToHaveNone) {
    EXPECT_THAT(texts(parse(line_plot_svg({{"a", {}}, {"b", {{0, kGap}}}}, {}))),
                testing::IsSupersetOf({"a (no data)", "b (no data)"}));
    parse(line_plot_svg({}, {.log_y = true}));
}

TEST(LinePlotSvg, OnePointIsVisible) {
    const auto document = parse(line_plot_svg({{"a", {{5, 3}}}}, {}));
    EXPECT_THAT(document.document_element().child("path").attribute("d").value(), HasSubstr("L"));
}

TEST(LinePlotSvg, ManyPointsStaySmall) {
    Curve curve;
    for (int i = 0; i < 500000; ++i) curve.push_back({static_cast<double>(i), std::sin(i * 0.37)});
    EXPECT_LT(line_plot_svg({{"a", curve}}, {}).size(), 100000U);
}

TEST(LinePlotSvg, EscapesNames) {
    const auto document = parse(line_plot_svg({{"<b>&\"x\"", line(0, 1)}}, {.title = "a < b"}));
    EXPECT_THAT(texts(document), testing::IsSupersetOf({"<b>&\"x\"", "a < b"}));
    EXPECT_STREQ(document.document_element().attribute("aria-label").value(), "a < b");
}

TEST(LinePlotSvg, NeedsNothingFromOutside) {
    const std::string svg = line_plot_svg({{"a", line(0, 1)}}, {.title = "t"});
    for (const char* word : {"href", "url(", "<style", "<script", " id="}) EXPECT_THAT(svg, Not(HasSubstr(word)));
}

TEST(LinePlotSvg, RefusesImpossibleSizes) {
    expect_error<CheckError>([] { line_plot_svg({}, {.width = 10}); }, {"[240, 4096]", "10"});
}

TEST(BarChartSvg, BarsAreAsHighAsTheirValues) {
    const auto document =
        parse(bar_chart_svg({"person", "face"}, {{"naive", {0.25, 0.5}}, {"masked", {0.75, 1.0}}}, {.y_high = 1.0}));
    std::vector<double> heights;
    for (const auto& bar : document.document_element().children("rect")) {
        if (!bar.child("title").empty()) heights.push_back(bar.attribute("height").as_double());
    }
    ASSERT_EQ(heights.size(), 4U); // person: naive, masked; face: naive, masked
    EXPECT_NEAR(heights[1] / heights[0], 3, 0.01);
    EXPECT_NEAR(heights[3] / heights[2], 2, 0.01);
    EXPECT_THAT(texts(document), testing::IsSupersetOf({"person", "face", "naive", "masked", "0.25", "1.00"}));
}

TEST(BarChartSvg, MissingValueHasNoBar) {
    const auto document = parse(bar_chart_svg({"a", "b"}, {{"s", {kGap, 0.5}}}, {}));
    int bars = 0;
    for (const auto& bar : document.document_element().children("rect")) bars += !bar.child("title").empty();
    EXPECT_EQ(bars, 1);
    EXPECT_THAT(texts(document), testing::Contains("–"));
}

TEST(BarChartSvg, RefusesUnequalLengths) {
    expect_error<CheckError>([] { bar_chart_svg({"a", "b"}, {{"s", {1}}}, {}); }, {"\"s\"", "1 values", "2 groups"});
}

TEST(BarChartSvg, DrawsNegativeAndEmptyCharts) {
    parse(bar_chart_svg({"a"}, {{"s", {-2}}}, {}));
    parse(bar_chart_svg({}, {}, {}));
}

} // namespace
} // namespace banyan
