#include "report/histogram_plot.h"

#include <gmock/gmock.h>
#include <pugixml.hpp>

#include "core/error.h"
#include "support/expect_error.h"

namespace banyan {
namespace {

using testing::ElementsAre;
using testing::Gt;
using testing::SizeIs;

pugi::xml_document parse(const std::string& svg) {
    pugi::xml_document document;
    const pugi::xml_parse_result result = document.load_string(svg.c_str());
    EXPECT_TRUE(result) << result.description() << " at " << result.offset;
    return document;
}

/// One attribute of the rectangles of a colour, in order.
std::vector<double> of_rectangles(const pugi::xml_document& document, const std::string& colour, const char* name) {
    std::vector<double> numbers;
    for (const auto& node : document.document_element().children("rect")) {
        if (node.attribute("fill").value() == colour) numbers.push_back(node.attribute(name).as_double());
    }
    return numbers;
}

constexpr const char* kBar = "#0072b2";
constexpr const char* kCut = "#fbe4e1";

HistogramPlot four_bins() {
    HistogramPlot plot;
    plot.title = "<value>";
    plot.low = -1;
    plot.bin_width = 0.5;
    plot.counts = {1, 0, 100, 10'000};
    return plot;
}

TEST(HistogramSvg, DrawsLogarithmicBarsAndNoneForEmptyBins) {
    const pugi::xml_document document = parse(histogram_svg(four_bins()));
    const std::vector<double> heights = of_rectangles(document, kBar, "height");
    ASSERT_THAT(heights, SizeIs(3));
    EXPECT_GT(heights[0], 3); // a single number can be seen
    EXPECT_NEAR(heights[2] - heights[1], heights[1] - heights[0], 0.05);
}

TEST(HistogramSvg, MarksWhatIsCut) {
    HistogramPlot plot = four_bins();
    EXPECT_THAT(of_rectangles(parse(histogram_svg(plot)), kCut, "width"), SizeIs(0));
    plot.kept_low = -1;
    plot.kept_high = 0.5;
    const pugi::xml_document document = parse(histogram_svg(plot));
    const std::vector<double> bars = of_rectangles(document, kBar, "x");
    EXPECT_THAT(of_rectangles(document, kCut, "x"), ElementsAre(testing::DoubleNear(bars[2], 0.02)));
}

TEST(HistogramSvg, JoinsBinsThatAreNarrowerThanPixelsAndLosesNone) {
    HistogramPlot plot = four_bins();
    plot.counts.assign(4001, 0.0);
    plot.counts[4000] = 5;
    plot.counts[17] = 5;
    const pugi::xml_document document = parse(histogram_svg(plot));
    EXPECT_THAT(of_rectangles(document, kBar, "width"), ElementsAre(Gt(2.5), Gt(2.5)));
}

TEST(HistogramSvg, RefusesWhatItCannotDraw) {
    HistogramPlot plot = four_bins();
    plot.counts.clear();
    test::expect_error<CheckError>([&] { histogram_svg(plot); }, {"needs bins"});
    plot = four_bins();
    plot.bin_width = 0;
    test::expect_error<CheckError>([&] { histogram_svg(plot); }, {"needs bins"});
    plot = four_bins();
    plot.width = 10;
    test::expect_error<CheckError>([&] { histogram_svg(plot); }, {"[240, 4096]", "10"});
}

} // namespace
} // namespace banyan
