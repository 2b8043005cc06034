#include "report/html_report.h"

#include "core/atomic_file.h"
#include "core/check.h"
#include "report/base64.h"
#include "report/xml_text.h"

namespace banyan {
namespace {

constexpr std::string_view kStyle = R"css(
:root { color-scheme: light; --ink: #1f2933; --soft: #52606d; --line: #dde3ea; --ground: #f5f7fa; --accent: #0072b2; }
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink); line-height: 1.55;
  font: 15px/1.55 system-ui, "Segoe UI", "DejaVu Sans", sans-serif; }
main, header > div { max-width: 1060px; margin: 0 auto; padding: 0 24px; }
header { background: #fff; border-bottom: 1px solid var(--line); padding: 28px 0 18px; }
h1 { margin: 0; font-size: 26px; letter-spacing: -0.01em; }
header p { margin: 4px 0 0; color: var(--soft); }
nav { margin-top: 14px; display: flex; flex-wrap: wrap; gap: 6px 18px; }
nav a { color: var(--accent); text-decoration: none; font-size: 14px; }
nav a:hover { text-decoration: underline; }
section { background: #fff; border: 1px solid var(--line); border-radius: 10px; margin: 22px 0;
  padding: 6px 22px 20px; }
h2 { font-size: 19px; margin: 14px 0 10px; }
p { max-width: 75ch; margin: 10px 0; }
figure { margin: 14px 0; overflow-x: auto; }
figure svg { max-width: 100%; height: auto; display: block; }
.caption, figcaption { color: var(--soft); font-size: 13px; margin: 6px 0 0; overflow-wrap: anywhere; }
.table { overflow-x: auto; margin: 14px 0; }
table { border-collapse: collapse; min-width: 50%; font-variant-numeric: tabular-nums; }
th, td { padding: 6px 14px; text-align: right; border-bottom: 1px solid var(--line); white-space: nowrap; }
th { font-weight: 600; border-bottom: 2px solid #b8c4d0; }
.first th:first-child, .first td:first-child { text-align: left; }
tbody tr:hover { background: #f8fafc; }
tr.chosen td { background: #e8f3fa; font-weight: 600; }
.figures { display: flex; flex-wrap: wrap; gap: 12px; margin: 14px 0; }
.figures div { flex: 1 1 130px; background: var(--ground); border-radius: 8px; padding: 10px 16px; }
.figures dt { color: var(--soft); font-size: 13px; }
.figures dd { margin: 0; font-size: 24px; font-weight: 600; font-variant-numeric: tabular-nums; }
dl.facts { display: grid; grid-template-columns: max-content 1fr; gap: 4px 22px; margin: 14px 0; }
dl.facts dt { color: var(--soft); }
dl.facts dd { margin: 0; overflow-wrap: anywhere; }
.plots { display: grid; grid-template-columns: repeat(auto-fill, minmax(420px, 1fr)); gap: 8px 22px; }
.plots figure { margin: 6px 0; }
.gallery { display: grid; grid-template-columns: repeat(auto-fill, minmax(230px, 1fr)); gap: 14px; margin: 14px 0; }
.gallery figure { margin: 0; }
.gallery img { width: 100%; height: auto; border-radius: 6px; display: block; }
pre { background: var(--ground); border-radius: 8px; padding: 12px 16px; overflow-x: auto; font-size: 13px; }
@media print {
  body { background: #fff; }
  section { break-inside: avoid; border: 0; padding: 0; }
  nav { display: none; }
}
)css";

std::string element(std::string_view tag, std::string_view text) {
    return "<" + std::string(tag) + ">" + escape_xml(text) + "</" + std::string(tag) + ">";
}

std::string pairs(const std::vector<std::pair<std::string, std::string>>& items, bool boxed) {
    std::string html;
    for (const auto& [name, value] : items) {
        const std::string entry = element("dt", name) + element("dd", value);
        html += boxed ? "<div>" + entry + "</div>\n" : entry + "\n";
    }
    return html;
}

std::string cells(std::string_view tag, const std::vector<std::string>& texts) {
    std::string html;
    for (const std::string& text : texts) html += element(tag, text);
    return html;
}

std::string_view media_type(std::string_view bytes) {
    if (bytes.substr(0, 3) == "\xFF\xD8\xFF") return "image/jpeg";
    BANYAN_CHECK(bytes.substr(0, 8) == "\x89PNG\r\n\x1A\n", "a report's picture is neither JPEG nor PNG (",
                 bytes.size(), " bytes)");
    return "image/png";
}

std::string section_id(std::size_t index) { return "section-" + std::to_string(index + 1); }

} // namespace

HtmlReport::HtmlReport(std::string title, std::string subtitle)
    : title_(std::move(title)), subtitle_(std::move(subtitle)) {}

void HtmlReport::section(std::string title) {
    if (!sections_.empty()) body_ += "</section>\n";
    body_ += "<section id=\"" + section_id(sections_.size()) + "\">\n" + element("h2", title) + "\n";
    sections_.push_back(std::move(title));
}

void HtmlReport::text(std::string_view paragraph) { body_ += element("p", paragraph) + "\n"; }

void HtmlReport::figures(const std::vector<std::pair<std::string, std::string>>& figures) {
    body_ += "<dl class=\"figures\">\n" + pairs(figures, true) + "</dl>\n";
}

void HtmlReport::facts(const std::vector<std::pair<std::string, std::string>>& facts) {
    body_ += "<dl class=\"facts\">\n" + pairs(facts, false) + "</dl>\n";
}

void HtmlReport::table(const ReportTable& table) {
    for (const std::vector<std::string>& row : table.rows) {
        BANYAN_CHECK(row.size() == table.header.size(), "table \"", table.caption, "\": a row of ", row.size(),
                     " cells under a header of ", table.header.size());
    }
    body_ +=
        std::string("<div class=\"table\"><table") + (table.first_column_is_text ? " class=\"first\"" : "") + ">\n";
    body_ += "<thead><tr>" + cells("th", table.header) + "</tr></thead>\n<tbody>\n";
    for (std::size_t i = 0; i < table.rows.size(); ++i) {
        const bool chosen = table.highlighted_row >= 0 && i == static_cast<std::size_t>(table.highlighted_row);
        body_ += (chosen ? "<tr class=\"chosen\">" : "<tr>") + cells("td", table.rows[i]) + "</tr>\n";
    }
    body_ += "</tbody></table>\n";
    caption(table.caption);
    body_ += "</div>\n";
}

void HtmlReport::svg(std::string_view svg, std::string_view caption) {
    BANYAN_CHECK(svg.substr(0, 5) == "<svg ", "a report's plot must begin with \"<svg \", got \"", svg.substr(0, 20),
                 "\"");
    body_ += "<figure>\n" + std::string(svg);
    if (!caption.empty()) body_ += element("figcaption", caption);
    body_ += "</figure>\n";
}

void HtmlReport::plots(const std::vector<std::pair<std::string, std::string>>& svgs_and_captions) {
    body_ += "<div class=\"plots\">\n";
    for (const auto& [plot, caption] : svgs_and_captions) svg(plot, caption);
    body_ += "</div>\n";
}

void HtmlReport::gallery(const std::vector<ReportPicture>& pictures) {
    body_ += "<div class=\"gallery\">\n";
    for (const ReportPicture& picture : pictures) {
        const std::string source =
            "data:" + std::string(media_type(picture.bytes)) + ";base64," + encode_base64(picture.bytes);
        body_ += "<figure><img src=\"" + source + "\" alt=\"" + escape_xml(picture.caption) + "\"/>";
        if (!picture.caption.empty()) body_ += element("figcaption", picture.caption);
        body_ += "</figure>\n";
    }
    body_ += "</div>\n";
}

void HtmlReport::code(std::string_view text) { body_ += element("pre", text) + "\n"; }

void HtmlReport::caption(std::string_view text) {
    if (!text.empty()) body_ += "<p class=\"caption\">" + escape_xml(text) + "</p>\n";
}

std::string HtmlReport::html() const {
    std::string page = "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n"
                       "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n";
    page += element("title", title_) + "\n<style>" + std::string(kStyle) + "</style>\n</head>\n<body>\n<header><div>\n";
    page += element("h1", title_) + "\n";
    if (!subtitle_.empty()) page += element("p", subtitle_) + "\n";
    if (sections_.size() > 1) {
        page += "<nav>";
        for (std::size_t i = 0; i < sections_.size(); ++i) {
            page += "<a href=\"#" + section_id(i) + "\">" + escape_xml(sections_[i]) + "</a>\n";
        }
        page += "</nav>\n";
    }
    page += "</div></header>\n<main>\n" + body_ + (sections_.empty() ? "" : "</section>\n");
    return page + "</main>\n</body>\n</html>\n";
}

void HtmlReport::save(const std::string& path) const { write_file_atomically(path, html()); }

} // namespace banyan
