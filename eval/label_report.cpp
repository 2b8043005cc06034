#include "eval/label_report.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <string>

#include "image/image_codec.h"
#include "report/axis_ticks.h"
#include "report/heat_map.h"

namespace banyan {

namespace {

constexpr int kDecimals = 2;
constexpr std::size_t kMappedScores = 3;               // of kLeakageScores, as heat maps
constexpr std::array<std::size_t, 2> kTabled = {1, 2}; // of kLeakageScores, as columns: 0.3 and 0.5
constexpr int kCropSide = 320;

double per_image(std::size_t count, std::size_t images) {
    return static_cast<double>(count) / static_cast<double>(images);
}

std::string rate(std::size_t count, std::size_t images) { return format_fixed(per_image(count, images), kDecimals); }

std::string at_least(double score) { return "≥ " + format_fixed(score, 1); }

/// Where a class of the task is not labelled the leakage, else the normal rate, framed, beside what is labelled.
HeatCell heat_cell(const LeakageCell& cell, std::size_t score) {
    HeatCell heat;
    if (cell.unlabelled_images > 0) {
        heat.value = per_image(cell.leaked[score], cell.unlabelled_images);
    } else if (cell.labelled_images > 0) {
        heat.value = per_image(cell.found[score], cell.labelled_images);
        heat.note = rate(cell.objects, cell.labelled_images) + " labelled";
        heat.outlined = true;
    }
    return heat;
}

/// Highest leakage of all cells, so that the normal rates do not take the colours away from it.
double highest_leakage(const LeakageMatrix& matrix, std::size_t score) {
    double highest = 0.01;
    for (const std::vector<LeakageCell>& row : matrix.cells) {
        for (const LeakageCell& cell : row) {
            if (cell.unlabelled_images == 0) continue;
            highest = std::max(highest, per_image(cell.leaked[score], cell.unlabelled_images));
        }
    }
    return highest;
}

std::string leakage_map(const LeakageMatrix& matrix, std::size_t score) {
    HeatMap map;
    map.rows = matrix.tasks;
    map.columns = matrix.datasets;
    map.title = "Detections per image, score " + at_least(kLeakageScores[score]);
    map.row_title = "task";
    map.column_title = "data set";
    map.decimals = kDecimals;
    map.low = 0;
    map.high = highest_leakage(matrix, score);
    for (std::size_t t = 0; t < matrix.tasks.size(); ++t) {
        std::vector<HeatCell>& row = map.cells.emplace_back();
        for (std::size_t d = 0; d < matrix.datasets.size(); ++d) row.push_back(heat_cell(matrix.cells[d][t], score));
    }
    return heat_map_svg(map);
}

/// Calls use(data set, task, cell) for all cells.
template <typename Use>
void for_each_cell(const LeakageMatrix& matrix, Use use) {
    for (std::size_t d = 0; d < matrix.datasets.size(); ++d) {
        for (std::size_t t = 0; t < matrix.tasks.size(); ++t) {
            use(matrix.datasets[d], matrix.tasks[t], matrix.cells[d][t]);
        }
    }
}

ReportTable empty_image_table(const LeakageMatrix& matrix) {
    ReportTable table{{"data set, task", "images"}, {}};
    for (const double score : kLeakageScores) table.header.push_back(at_least(score));
    for_each_cell(matrix, [&](const std::string& dataset, const std::string& task, const LeakageCell& cell) {
        if (cell.empty_images == 0) return;
        std::vector<std::string>& row = table.rows.emplace_back();
        row = {dataset + ", " + task, std::to_string(cell.empty_images)};
        for (const std::size_t count : cell.false_in_empty) row.push_back(rate(count, cell.empty_images));
    });
    table.caption = "False detections per image, by score, in images that are known to hold no object of the task.";
    return table;
}

ReportTable labelled_table(const LeakageMatrix& matrix) {
    ReportTable table{{"data set, task", "images", "objects"}, {}};
    for (const std::size_t s : kTabled) {
        table.header.push_back("true " + at_least(kLeakageScores[s]));
        table.header.push_back("false " + at_least(kLeakageScores[s]));
    }
    for_each_cell(matrix, [&](const std::string& dataset, const std::string& task, const LeakageCell& cell) {
        if (cell.labelled_images == 0) return;
        std::vector<std::string>& row = table.rows.emplace_back();
        row = {dataset + ", " + task, std::to_string(cell.labelled_images), rate(cell.objects, cell.labelled_images)};
        for (const std::size_t s : kTabled) {
            row.push_back(rate(cell.true_found[s], cell.labelled_images));
            row.push_back(rate(cell.false_found[s], cell.labelled_images));
        }
    });
    table.caption = "Objects and detections per image where the task is labelled, true and false at IoU 0.5.";
    return table;
}

} // namespace

void add_box_gallery(HtmlReport& report, const std::vector<MissingLabel>& boxes, const std::vector<Dataset>& datasets,
                     const ClassTable& table, int side) {
    std::vector<ReportPicture> pictures;
    for (const MissingLabel& box : boxes) {
        const Dataset& dataset = datasets[box.dataset];
        const std::string name = std::filesystem::path(dataset.record(box.record).name).filename().string();
        const bool is_usual = box.state == LabelState::exhaustive || box.state == LabelState::unknown;
        const std::string state = is_usual ? "" : std::string(" · ") + label_state_name(box.state);
        pictures.push_back(
            {encode_jpeg(draw_missing_label(box, datasets, table, side)), dataset.name() + state + " · " + name});
    }
    report.gallery(pictures);
}

void add_leakage_section(HtmlReport& report, const LeakageMatrix& matrix) {
    report.section("Leakage");
    report.text("What every task finds in every data set. Framed: the task is labelled there, the number is its normal "
                "rate, and below it stand the objects labelled per image. Not framed: the task is not labelled there; "
                "what it finds is either an object that nobody labelled or leakage, and colours are scaled to it.");
    for (std::size_t s = 0; s < kMappedScores; ++s) report.svg(leakage_map(matrix, s));
    const ReportTable empty = empty_image_table(matrix);
    if (!empty.rows.empty()) report.table(empty);
    report.table(labelled_table(matrix));
}

void add_missing_label_sections(HtmlReport& report, const MissingLabels& missing, const std::vector<Dataset>& datasets,
                                const ClassTable& table) {
    if (!missing.likely.empty()) {
        report.section("Likely missing labels");
        report.text("The surest detections in images that claim to label every object of the class, with no labelled "
                    "box near them. Each is a missing label or a false detection. Thin boxes: labelled objects of the "
                    "class.");
        add_box_gallery(report, missing.likely, datasets, table, kCropSide);
    }
    if (missing.addable.empty()) return;
    report.section("Labels to add");
    report.text("The surest detections in images that do not label the class, or only in part.");
    add_box_gallery(report, missing.addable, datasets, table, kCropSide);
}

} // namespace banyan
