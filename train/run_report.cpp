#include "train/run_report.h"

#include <algorithm>
#include <filesystem>

#include "core/atomic_file.h"
#include "eval/result_output.h"
#include "image/image_codec.h"
#include "report/axis_ticks.h"
#include "report/svg_plot.h"
#include "train/conflict_report.h"
#include "train/metrics_log.h"

namespace banyan {

namespace {

std::vector<PlotSeries> to_series(const std::map<std::string, Curve>& curves) {
    std::vector<PlotSeries> series;
    for (const auto& [name, curve] : curves) series.push_back({name, curve});
    return series;
}

void add_plot(HtmlReport& report, const std::string& path, const std::vector<PlotSeries>& series,
              const LinePlotOptions& options) {
    if (series.empty()) return;
    const std::string svg = line_plot_svg(series, options);
    write_file_atomically(path, svg);
    report.svg(svg);
}

LinePlotOptions plot_options(const std::string& title, const std::string& y_label, double smoothing) {
    LinePlotOptions options;
    options.title = title;
    options.x_label = "step";
    options.y_label = y_label;
    options.smoothing = smoothing;
    return options;
}

/// Whether any branch ever had another weight than 1.
bool is_balanced(const MetricsLog& log) {
    return std::any_of(log.weight.begin(), log.weight.end(), [](const auto& branch) {
        return std::any_of(branch.second.begin(), branch.second.end(), [](const CurvePoint& p) { return p.y != 1; });
    });
}

} // namespace

void add_curve_section(HtmlReport& report, const std::string& run_folder) {
    constexpr double kSmoothing = 0.9;
    const MetricsLog log = read_metrics(run_folder);
    const std::string plots = run_folder + "/plots/";
    report.section("Training");
    LinePlotOptions total = plot_options("Loss, sum over branches", "loss", kSmoothing);
    total.log_y = true;
    add_plot(report, plots + "loss.svg", {{"loss", log.loss}}, total);
    LinePlotOptions classes = plot_options("Class loss by branch", "loss", kSmoothing);
    classes.log_y = true;
    add_plot(report, plots + "class_loss.svg", to_series(log.class_loss), classes);
    add_plot(report, plots + "box_loss.svg", to_series(log.box_loss),
             plot_options("Box loss by branch", "loss", kSmoothing));
    add_plot(report, plots + "teacher_loss.svg", to_series(log.teacher_loss),
             plot_options("Teachers' loss by branch", "loss", kSmoothing));
    if (!log.hint_loss.empty()) {
        add_plot(report, plots + "hint_loss.svg", {{"hints", log.hint_loss}},
                 plot_options("Loss of the teachers' hints", "loss", kSmoothing));
    }
    if (is_balanced(log)) {
        add_plot(report, plots + "weight.svg", to_series(log.weight), plot_options("Weight by branch", "weight", 0));
    }
    LinePlotOptions ap50 = plot_options("AP50 by task", "AP50", 0);
    ap50.y_low = 0;
    ap50.y_high = 1;
    add_plot(report, plots + "ap50.svg", to_series(log.ap50), ap50);
    LinePlotOptions rate = plot_options("Training speed", "images per second", 0);
    rate.y_low = 0;
    add_plot(report, plots + "speed.svg", {{"images/s", log.images_per_second}}, rate);
}

void add_picture_section(HtmlReport& report, const std::string& text, const std::vector<DetectionPicture>& pictures) {
    if (pictures.empty()) return;
    report.section("Detections");
    report.text(text);
    std::vector<ReportPicture> gallery;
    for (const DetectionPicture& picture : pictures) gallery.push_back({encode_jpeg(picture.image), picture.name});
    report.gallery(gallery);
}

void write_run_report(const std::string& run_folder, const EvalReport& result,
                      const std::vector<DetectionPicture>& pictures) {
    HtmlReport report("Run " + std::filesystem::path(run_folder).filename().string(), "banyan train");
    add_result_section(report, result);
    add_curve_section(report, run_folder);
    add_conflict_section(report, run_folder);
    add_picture_section(report, "Validation pictures with all detections of score 0.3 or more, of all tasks.",
                        pictures);
    report.section("Config");
    report.code(read_file(run_folder + "/config.json"));
    report.save(run_folder + "/report.html");
}

} // namespace banyan
