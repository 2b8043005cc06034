#include "report/html_report.h"

#include <gmock/gmock.h>
#include <pugixml.hpp>

#include "core/atomic_file.h"
#include "core/error.h"
#include "report/base64.h"
#include "report/svg_plot.h"
#include "support/expect_error.h"
#include "support/temp_dir.h"

namespace banyan {
namespace {

using testing::HasSubstr;
using testing::Not;

const std::string kPng = "\x89PNG\r\n\x1A\n-and-more";
const std::string kJpeg = "\xFF\xD8\xFF-and-more";

HtmlReport full_report() {
    HtmlReport report("Run <1>", "a & b");
    report.section("Numbers");
    report.text("AP < 1 & \"fine\"");
    report.figures({{"AP50 person", "0.91"}});
    report.facts({{"seed", "1"}, {"path", "a<b"}});
    report.table(
        {.header = {"task", "AP"}, .rows = {{"face", "0.9"}, {"<hand>", "0.8"}}, .caption = "c", .highlighted_row = 1});
    report.section("Pictures");
    report.svg(line_plot_svg({{"a", {{0, 1}, {1, 0}}}}, {.title = "t"}), "plot <1>");
    report.plots({{line_plot_svg({}, {}), "left"}, {line_plot_svg({}, {}), "right <2>"}});
    report.gallery({{kPng, "one"}, {kJpeg, "two > one"}});
    report.code("line 1\n<line 2>");
    return report;
}

TEST(HtmlReport, IsWellFormed) {
    pugi::xml_document document;
    const std::string html = full_report().html();
    const auto result = document.load_string(html.c_str(), pugi::parse_default | pugi::parse_doctype);
    ASSERT_TRUE(result) << result.description() << " near " << html.substr(static_cast<std::size_t>(result.offset), 60);
    EXPECT_EQ(document.select_nodes("//section").size(), 2U);
    EXPECT_EQ(document.select_nodes("//img").size(), 2U);
    EXPECT_EQ(document.select_nodes("//section/figure/svg").size(), 1U);
    EXPECT_EQ(document.select_nodes("//div[@class='plots']/figure/svg").size(), 2U);
    EXPECT_STREQ(document.select_node("//tbody/tr[@class='chosen']/td[1]").node().child_value(), "<hand>");
}

TEST(HtmlReport, EscapesEveryText) {
    const std::string html = full_report().html();
    for (const char* raw : {"<1>", "a & b", "AP < 1", "a<b", "<hand>", "two > one", "<line 2>", "right <2>"}) {
        EXPECT_THAT(html, Not(HasSubstr(raw)));
    }
    EXPECT_THAT(html, HasSubstr("AP &lt; 1 &amp; &quot;fine&quot;"));
}

TEST(HtmlReport, LinksLeadToTheSections) {
    pugi::xml_document document;
    ASSERT_TRUE(document.load_string(full_report().html().c_str(), pugi::parse_default | pugi::parse_doctype));
    for (const auto& link : document.select_nodes("//nav/a")) {
        const std::string target = std::string(link.node().attribute("href").value()).substr(1);
        EXPECT_EQ(document.select_nodes(("//section[@id='" + target + "']").c_str()).size(), 1U) << target;
    }
}

TEST(HtmlReport, HoldsPicturesAsDataUris) {
    const std::string html = full_report().html();
    EXPECT_THAT(html, HasSubstr("src=\"data:image/png;base64," + encode_base64(kPng) + "\""));
    EXPECT_THAT(html, HasSubstr("src=\"data:image/jpeg;base64," + encode_base64(kJpeg) + "\""));
}

TEST(HtmlReport, NeedsNothingFromOutside) {
    const std::string html = full_report().html();
    for (const char* word : {"<script", "<link", "@import", "url(", "src=\"http", "href=\"http"})
        EXPECT_THAT(html, Not(HasSubstr(word)));
}

TEST(HtmlReport, SavesWhatItShows) {
    const TempDir dir;
    const HtmlReport report = full_report();
    report.save(dir.file("run/report.html"));
    EXPECT_EQ(read_file(dir.file("run/report.html")), report.html());
}

TEST(HtmlReport, RefusesWhatIsNotWhatItShouldBe) {
    HtmlReport report("t");
    expect_error<CheckError>(
        [&] {
            report.table({.header = {"a", "b"}, .rows = {{"1"}}, .caption = "sizes"});
        },
        {"sizes", "1 cells", "of 2"});
    expect_error<CheckError>([&] { report.svg("<p>"); }, {"<svg", "<p>"});
    expect_error<CheckError>([&] { report.plots({{"<p>", ""}}); }, {"<svg", "<p>"});
    expect_error<CheckError>([&] { report.gallery({{"GIF89a"}}); }, {"neither JPEG nor PNG"});
}

} // namespace
} // namespace banyan
