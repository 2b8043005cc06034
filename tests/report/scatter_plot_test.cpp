#include "report/scatter_plot.h"

#include <cmath>

#include <gmock/gmock.h>
#include <pugixml.hpp>

#include "core/error.h"
#include "support/expect_error.h"

namespace banyan {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsSupersetOf;
using testing::Not;

constexpr double kNone = ScatterPoint::kNone;

pugi::xml_document parse(const std::string& svg) {
    pugi::xml_document document;
    const pugi::xml_parse_result result = document.load_string(svg.c_str());
    EXPECT_TRUE(result) << result.description() << " at " << result.offset;
    EXPECT_STREQ(document.document_element().name(), "svg");
    return document;
}

std::vector<std::string> texts(const pugi::xml_document& document) {
    std::vector<std::string> result;
    for (const auto& node : document.document_element().children("text")) result.emplace_back(node.child_value());
    return result;
}

/// Centres of the marks: circles with a tooltip.
std::vector<std::pair<double, double>> marks(const pugi::xml_document& document) {
    std::vector<std::pair<double, double>> result;
    for (const auto& node : document.document_element().children("circle")) {
        if (node.child("title").empty()) continue;
        result.emplace_back(node.attribute("cx").as_double(), node.attribute("cy").as_double());
    }
    return result;
}

pugi::xml_node text_node(const pugi::xml_document& document, const std::string& content) {
    for (const auto& node : document.document_element().children("text")) {
        if (node.child_value() == content) return node;
    }
    return {};
}

TEST(ParetoFront, KeepsWhatNothingCheaperReaches) {
    const std::vector<ScatterPoint> points{{3, 0.9}, {1, 0.5}, {2, 0.4}, {4, 0.9}, {2, 0.7}};
    EXPECT_THAT(pareto_front(points), ElementsAre(1, 4, 0));
}

TEST(ParetoFront, TakesTheFirstOfEqualPointsAndNothingThatIsNotFinite) {
    EXPECT_THAT(pareto_front({{1, 2}, {1, 2}, {kNone, 9}, {0, kNone}, {1, INFINITY}}), ElementsAre(0));
    EXPECT_TRUE(pareto_front({}).empty());
}

TEST(ParetoFront, HoldsExactlyThePointsThatNoOtherBeats) {
    std::vector<ScatterPoint> points;
    for (int i = 0; i < 200; ++i)
        points.push_back({static_cast<double>(i * 37 % 101), static_cast<double>(i * 53 % 97)});
    const std::vector<std::size_t> front = pareto_front(points);
    for (std::size_t i = 0; i < points.size(); ++i) {
        const bool beaten = std::any_of(points.begin(), points.end(), [&](const ScatterPoint& other) {
            return other.x <= points[i].x && other.y >= points[i].y && (other.x < points[i].x || other.y > points[i].y);
        });
        const bool in_front = std::find(front.begin(), front.end(), i) != front.end();
        EXPECT_TRUE(in_front != beaten) << i;
    }
}

TEST(ScatterPlotSvg, LaysMarksOutInProportion) {
    const auto document = parse(scatter_plot_svg({{"plans", {{0, 0}, {25, 1}, {100, 0.5}}}}, {}));
    const auto found = marks(document);
    ASSERT_EQ(found.size(), 3U);
    EXPECT_NEAR((found[1].first - found[0].first) / (found[2].first - found[0].first), 0.25, 1e-3);
    EXPECT_NEAR((found[0].second - found[2].second) / (found[0].second - found[1].second), 0.5, 1e-3);
    EXPECT_LT(found[1].second, found[0].second); // up is smaller
}

TEST(ScatterPlotSvg, NamesAxesSeriesAndPoints) {
    const auto document = parse(scatter_plot_svg({{"measured", {{1, 0.3, "a | b"}, {2, 0.4, "a+b"}}}, {"single", {}}},
                                                 {.title = "Accuracy against cost", .x_label = "ms", .y_label = "AP"}));
    EXPECT_THAT(texts(document),
                IsSupersetOf({"Accuracy against cost", "ms", "AP", "measured", "single (no data)", "a | b", "a+b"}));
}

TEST(ScatterPlotSvg, ErrorBarsReachTheirEnds) {
    ScatterPoint point{5, 0.5, "p"};
    point.y_low = 0.25;
    point.y_high = 1;
    point.x_high = 7.5;
    const auto document = parse(scatter_plot_svg({{"s", {point, {0, 0}, {10, 1}}}}, {}));
    const auto found = marks(document);
    ASSERT_EQ(found.size(), 3U);
    const double x_scale = (found[2].first - found[1].first) / 10, y_scale = found[2].second - found[1].second;
    int up = 0, down = 0, right = 0;
    for (const auto& line : document.document_element().children("line")) {
        const double x = line.attribute("x1").as_double(), y = line.attribute("y1").as_double();
        if (std::abs(x - found[0].first) > 0.01 || std::abs(y - found[0].second) > 0.01) continue;
        const double dx = line.attribute("x2").as_double() - x, dy = line.attribute("y2").as_double() - y;
        up += std::abs(dy - 0.5 * y_scale) < 0.02;
        down += std::abs(dy + 0.25 * y_scale) < 0.02;
        right += std::abs(dx - 2.5 * x_scale) < 0.02;
    }
    EXPECT_THAT((std::vector{up, down, right}), ElementsAre(1, 1, 1));
}

TEST(ScatterPlotSvg, StairsOfTheFrontRunToTheRightEdge) {
    const auto document =
        parse(scatter_plot_svg({{"s", {{1, 1}, {2, 3}}}, {"t", {{1.5, 0.5}, {3, 2}}}}, {.pareto_line = true}));
    const std::string stairs = document.document_element().child("path").attribute("d").value();
    EXPECT_EQ(std::count(stairs.begin(), stairs.end(), 'M'), 1);
    EXPECT_EQ(std::count(stairs.begin(), stairs.end(), 'L'), 3); // along, up, to the edge
    EXPECT_TRUE(parse(scatter_plot_svg({{"s", {{1, 1}}}}, {})).document_element().child("path").empty());
}

TEST(ScatterPlotSvg, LabelsOfNeighboursDoNotCoverEachOther) {
    const auto document = parse(scatter_plot_svg(
        {{"s", {{0, 0}, {5, 0.5, "first"}, {5, 0.5, "second"}, {10, 1, "a long name near the right edge"}}}}, {}));
    const auto first = text_node(document, "first"), second = text_node(document, "second");
    const double dx = std::abs(first.attribute("x").as_double() - second.attribute("x").as_double());
    const double dy = std::abs(first.attribute("y").as_double() - second.attribute("y").as_double());
    EXPECT_TRUE(dx > 40 || dy > 12) << dx << " " << dy;
    EXPECT_LT(text_node(document, "a long name near the right edge").attribute("x").as_double(),
              marks(document).back().first);
}

TEST(ScatterPlotSvg, HighlightedPointHasARing) {
    ScatterPoint chosen{1, 1, "chosen"};
    chosen.highlighted = true;
    const auto document = parse(scatter_plot_svg({{"s", {chosen, {2, 2}}}}, {}));
    int rings = 0;
    for (const auto& circle : document.document_element().children("circle"))
        rings += circle.attribute("fill").value() == std::string("none");
    EXPECT_EQ(rings, 1);
}

TEST(ScatterPlotSvg, SurvivesNoPointsAndUndrawableOnes) {
    parse(scatter_plot_svg({}, {.pareto_line = true}));
    const std::string svg = scatter_plot_svg({{"<b>&", {{kNone, 1}, {1, INFINITY}, {1, 1, "\"x\""}}}}, {});
    EXPECT_EQ(marks(parse(svg)).size(), 1U);
    EXPECT_THAT(svg, Not(HasSubstr("nan")));
    EXPECT_THAT(svg, Not(HasSubstr("inf")));
}

TEST(ScatterPlotSvg, RefusesImpossibleSizes) {
    expect_error<CheckError>([] { scatter_plot_svg({}, {.width = 10}); }, {"[240, 4096]", "10"});
}

} // namespace
} // namespace banyan
