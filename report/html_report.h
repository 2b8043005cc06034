#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace banyan {

/// A table; all cells are plain text.
struct ReportTable {
    std::vector<std::string> header;
    std::vector<std::vector<std::string>> rows; ///< each as long as the header
    std::string caption = {};
    bool first_column_is_text = true; ///< the other columns are numbers, aligned at the right
    int highlighted_row = -1;         ///< this row stands out, e.g. the chosen plan; -1: none
};

/// An encoded picture.
struct ReportPicture {
    std::string bytes; ///< a JPEG's or PNG's
    std::string caption = {};
};

/// Builds one HTML page that needs nothing else: style, SVG plots and pictures (as data URIs) stand in the file, and
/// there is no script. Whatever text is given is escaped. Sections are listed at the top in order.
///
///     HtmlReport report("Run street-portrait-workshop", "MobileNetV2, 3 tasks");
///     report.section("Loss");
///     report.svg(line_plot_svg(series, options), "Loss of each task");
///     report.save("runs/demo/report.html");
class HtmlReport {
public:
    explicit HtmlReport(std::string title, std::string subtitle = "");

    void section(std::string title);
    void text(std::string_view paragraph);
    /// A row of headline numbers: (name, value), e.g. {"AP50 person", "0.91"}.
    void figures(const std::vector<std::pair<std::string, std::string>>& figures);
    /// Names and values below each other, e.g. the settings of a run.
    void facts(const std::vector<std::pair<std::string, std::string>>& facts);
    /// @throws CheckError a row's length differs from the header's
    void table(const ReportTable& table);
    /// `svg` as made by svg_plot.h; it is the one thing that is not escaped. @throws CheckError it is no SVG element
    void svg(std::string_view svg, std::string_view caption = {});
    /// Plots side by side, two to a row where there is room, each with its caption.
    /// @throws CheckError one is no SVG element
    void plots(const std::vector<std::pair<std::string, std::string>>& svgs_and_captions);
    /// Pictures side by side, as many to a row as fit. @throws CheckError one is neither JPEG nor PNG
    void gallery(const std::vector<ReportPicture>& pictures);
    /// Text in a fixed-width font, line breaks kept.
    void code(std::string_view text);

    std::string html() const;
    /// Writes the page atomically (core/atomic_file.h). @throws IoError
    void save(const std::string& path) const;

private:
    void caption(std::string_view text);

    std::string title_;
    std::string subtitle_;
    std::vector<std::string> sections_;
    std::string body_;
};

} // namespace banyan
