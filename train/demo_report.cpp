#include "train/demo_report.h"

#include <algorithm>

#include "data/load_sample.h"
#include "image/draw.h"
#include "image/image_codec.h"
#include "report/axis_ticks.h"
#include "report/svg_plot.h"
#include "train/run_report.h"

namespace banyan {

namespace {

/// Pictures of each training set with the boxes that it labels: what the network gets to know.
std::vector<ReportPicture> labelled_pictures(const std::string& folder) {
    constexpr std::size_t kPicturesEach = 2;
    const RunConfig config = demo_config(folder, {});
    const ClassTable table(config.model.tasks);
    std::vector<ReportPicture> gallery;
    for (const Dataset& dataset : load_datasets(config.datasets, table)) {
        for (std::size_t i = 0; i < std::min(kPicturesEach, dataset.size()); ++i) {
            Sample sample = load_sample(dataset, i);
            std::vector<DrawnBox> boxes;
            for (const LabelledBox& box : sample.labels.boxes) {
                boxes.push_back({box.box, table.class_name(box.class_id), box.class_id});
            }
            draw_boxes(sample.image, boxes);
            gallery.push_back({encode_jpeg(sample.image), "data set \"" + dataset.name() + "\""});
        }
    }
    return gallery;
}

void add_comparison(HtmlReport& report, const DemoOutcome& outcome) {
    std::vector<std::string> groups;
    for (const TaskResult& task : outcome.trainings.front().report.tasks) groups.push_back(task.task);
    std::vector<BarSeries> bars;
    ReportTable table{{"training"}, {}};
    table.header.insert(table.header.end(), groups.begin(), groups.end());
    for (const DemoTraining& training : outcome.trainings) {
        BarSeries series{training.name, {}};
        std::vector<std::string> row{training.name};
        for (const TaskResult& task : training.report.tasks) {
            series.values.push_back(task.stats[CocoStat::ap50]);
            row.push_back(format_fixed(task.stats[CocoStat::ap50], 3));
        }
        bars.push_back(std::move(series));
        table.rows.push_back(std::move(row));
    }
    BarChartOptions options;
    options.title = "AP50 on new, fully labelled scenes";
    options.y_label = "AP50";
    options.y_high = 1;
    report.section("Masked against naive training");
    report.text(
        "Each data set labels one part only. \"masked\" learns a part only where it is labelled; \"naive\" takes every "
        "unlabelled part for background. Everything else is the same.");
    report.svg(bar_chart_svg(groups, bars, options));
    report.table(table);
}

} // namespace

void write_demo_report(const std::string& path, const std::string& folder, const DemoOutcome& outcome,
                       const std::vector<DetectionPicture>& pictures) {
    HtmlReport report("Banyan demo", "one network, three tasks, three data sets that label one part each");
    add_comparison(report, outcome);
    report.section("What the network gets to see");
    report.text("Two training pictures of each data set with all the labels it has.");
    report.gallery(labelled_pictures(folder));
    add_picture_section(report, "New scenes, all parts found in one pass (score 0.3 or more).", pictures);
    add_curve_section(report, folder + "/" + outcome.trainings.front().name);
    report.section("Time");
    std::vector<std::pair<std::string, std::string>> facts;
    for (const auto& [stage, seconds] : outcome.seconds) facts.emplace_back(stage, format_fixed(seconds, 1) + " s");
    report.facts(facts);
    report.save(path);
}

} // namespace banyan
