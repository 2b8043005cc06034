#include "quant/quantization_report.h"

#include <gmock/gmock.h>

#include "tests/quant/observed_network.h"

namespace banyan {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

const CalibrationPictures kCalibration{4, test::coloured_squares};

CalibratedNetwork calibrated() {
    return calibrate_network(test::with_random_values(test::two_branches()), test::picture_options(), kCalibration, {});
}

std::size_t count_of(const std::string& text, const std::string& part) {
    std::size_t count = 0;
    for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
    return count;
}

TEST(QuantizationReport, ShowsEachValueAndLayer) {
    const CalibratedNetwork network = calibrated();
    HtmlReport report("8 bits");
    add_value_section(report, network);
    add_weight_section(report, network);
    const std::string html = report.html();
    for (const QuantizedValue& value : network.values) EXPECT_THAT(html, HasSubstr("<td>" + value.name + "</td>"));
    for (const QuantLayer& layer : quant_layers(network)) EXPECT_THAT(html, HasSubstr("<td>" + layer.name + "</td>"));
    EXPECT_EQ(count_of(html, "<svg "), network.values.size());
    EXPECT_LT(html.size(), 2'000'000U / kShownHistograms * network.values.size());
}

TEST(QuantizationReport, RanksLayersByBranch) {
    const std::vector<BranchOutputNames> branches{{"red", {"red.cls"}, {"red.box"}},
                                                  {"blue", {"blue.cls"}, {"blue.box"}}};
    const CalibratedNetwork network = calibrated();
    HtmlReport report("8 bits");
    add_sensitivity_section(report, branches,
                            measure_sensitivity(network, branches, test::picture_options(), kCalibration));
    EXPECT_THAT(report.html(), AllOf(HasSubstr("red: layer in 8 bits"), HasSubstr("blue: layer in 8 bits"),
                                     HasSubstr("8 most harmful of 10 layers"), HasSubstr("trunk.stem")));
}

TEST(QuantizationReport, TellsWhatWasJudged) {
    const Fallback fallback{{{{}, {0.5, -1}, 0.2}, {{"trunk.stem"}, {0.699, -1}, 0.001}}, 1, true};
    HtmlReport report("8 bits");
    add_fallback_section(report, {{"face", "hand"}, {0.7, -1}, 0.005}, fallback);
    EXPECT_THAT(report.html(), AllOf(HasSubstr("AP50 face"), HasSubstr("0.50 points"), HasSubstr("20.00"),
                                     HasSubstr("<tr class=\"chosen\"><td>8 bits but 1 layer</td><td>69.90</td>"),
                                     HasSubstr("<dd>trunk.stem</dd>")));
    HtmlReport failed("8 bits");
    add_fallback_section(failed, {{"face", "hand"}, {0.7, -1}, 0.005}, {fallback.tries, 0, false});
    EXPECT_THAT(failed.html(), AllOf(HasSubstr("None was good enough"), Not(HasSubstr("<dd>trunk.stem</dd>"))));
}

} // namespace
} // namespace banyan
