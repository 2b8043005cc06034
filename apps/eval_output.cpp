#include "apps/eval_output.h"

#include <nlohmann/json.hpp>

#include "eval/result_output.h"
#include "report/axis_ticks.h"

namespace banyan {

namespace {

using Json = nlohmann::ordered_json;

constexpr int kDecimals = 2;
constexpr std::size_t kShownScores = 3; // of kLeakageScores, as tables

Json rates(const LeakageCounts& counts, std::size_t images) {
    Json list = Json::array();
    for (const std::size_t count : counts) {
        list.push_back(images == 0 ? 0.0 : static_cast<double>(count) / static_cast<double>(images));
    }
    return list;
}

Json cell_json(const LeakageCell& cell) {
    return {
        {"labelled",
         {{"images", cell.labelled_images},
          {"objects", cell.objects},
          {"detections_per_image", rates(cell.found, cell.labelled_images)},
          {"true_per_image", rates(cell.true_found, cell.labelled_images)},
          {"false_per_image", rates(cell.false_found, cell.labelled_images)}}},
        {"unlabelled",
         {{"images", cell.unlabelled_images}, {"detections_per_image", rates(cell.leaked, cell.unlabelled_images)}}},
        {"empty", {{"images", cell.empty_images}, {"false_per_image", rates(cell.false_in_empty, cell.empty_images)}}}};
}

Json leakage_json(const LeakageMatrix& matrix) {
    Json tasks = Json::object();
    for (std::size_t t = 0; t < matrix.tasks.size(); ++t) {
        Json& of_task = tasks[matrix.tasks[t]] = Json::object();
        for (std::size_t d = 0; d < matrix.datasets.size(); ++d) {
            of_task[matrix.datasets[d]] = cell_json(matrix.cells[d][t]);
        }
    }
    return {{"scores", kLeakageScores}, {"tasks", std::move(tasks)}};
}

void append_missing(const std::vector<MissingLabel>& missing, const char* kind, const EvalFindings& findings,
                    Json& list) {
    for (const MissingLabel& each : missing) {
        const Dataset& dataset = findings.datasets[each.dataset];
        list.push_back({{"kind", kind},
                        {"data_set", dataset.name()},
                        {"image", dataset.record(each.record).name},
                        {"task", findings.classes.task_name_of(each.class_id)},
                        {"class", findings.classes.class_name(each.class_id)},
                        {"state", label_state_name(each.state)},
                        {"score", each.score},
                        {"box_xyxy", {each.box.x0, each.box.y0, each.box.x1, each.box.y1}}});
    }
}

std::string pad_right(std::string text, std::size_t width) {
    if (text.size() < width) text.append(width - text.size(), ' ');
    return text;
}

std::string pad_left(const std::string& text, std::size_t width) {
    return std::string(text.size() < width ? width - text.size() : 0, ' ') + text;
}

std::size_t widest(const std::vector<std::string>& texts, std::size_t least) {
    for (const std::string& text : texts) least = std::max(least, text.size());
    return least;
}

std::string rate_text(std::size_t count, std::size_t images) {
    return format_fixed(static_cast<double>(count) / static_cast<double>(images), kDecimals);
}

/// The leakage, or with a star the normal rate where the task is labelled.
std::string cell_text(const LeakageCell& cell, std::size_t score) {
    if (cell.unlabelled_images > 0) return rate_text(cell.leaked[score], cell.unlabelled_images) + " ";
    if (cell.labelled_images > 0) return rate_text(cell.found[score], cell.labelled_images) + "*";
    return "- ";
}

std::string leakage_table(const LeakageMatrix& matrix) {
    const std::size_t name_width = widest(matrix.tasks, 4), column = widest(matrix.datasets, 6) + 2;
    std::string table;
    for (std::size_t s = 0; s < kShownScores; ++s) {
        table += "\ndetections per image, score " + format_fixed(kLeakageScores[s], 1) +
                 " or more (*: the task is labelled there)\n" + pad_right("task", name_width);
        for (const std::string& dataset : matrix.datasets) table += pad_left(dataset + " ", column);
        table += "\n";
        for (std::size_t t = 0; t < matrix.tasks.size(); ++t) {
            table += pad_right(matrix.tasks[t], name_width);
            for (const std::vector<LeakageCell>& cells : matrix.cells)
                table += pad_left(cell_text(cells[t], s), column);
            table += "\n";
        }
    }
    return table;
}

std::string empty_image_table(const LeakageMatrix& matrix) {
    const std::size_t name_width = widest(matrix.tasks, 4) + 2, dataset_width = widest(matrix.datasets, 8) + 2;
    std::string rows;
    for (std::size_t d = 0; d < matrix.datasets.size(); ++d) {
        for (std::size_t t = 0; t < matrix.tasks.size(); ++t) {
            const LeakageCell& cell = matrix.cells[d][t];
            if (cell.empty_images == 0) continue;
            rows += pad_right(matrix.datasets[d], dataset_width) + pad_right(matrix.tasks[t], name_width) +
                    pad_left(std::to_string(cell.empty_images), 6);
            for (const std::size_t count : cell.false_in_empty)
                rows += pad_left(rate_text(count, cell.empty_images), 8);
            rows += "\n";
        }
    }
    if (rows.empty()) return "";
    std::string head = pad_right("data set", dataset_width) + pad_right("task", name_width) + "images";
    for (const double score : kLeakageScores) head += pad_left(">= " + format_fixed(score, 1), 8);
    return "\nfalse detections per image, by score, in images known to hold no object of the task\n" + head + "\n" +
           rows;
}

std::string missing_table(const std::vector<MissingLabel>& missing, const EvalFindings& findings) {
    const std::size_t class_width = widest(findings.classes.class_names(), 5) + 2;
    std::string table = "score  " + pad_right("class", class_width) + pad_right("state", 12) +
                        pad_right("box (x0 y0 x1 y1)", 24) + "image\n";
    for (const MissingLabel& each : missing) {
        const Dataset& dataset = findings.datasets[each.dataset];
        std::string box;
        for (const float value : {each.box.x0, each.box.y0, each.box.x1, each.box.y1}) {
            box += (box.empty() ? "" : " ") + format_fixed(static_cast<double>(value), 0);
        }
        table += format_fixed(each.score, 3) + "  " +
                 pad_right(findings.classes.class_name(each.class_id), class_width) +
                 pad_right(label_state_name(each.state), 12) + pad_right(box, 24) + dataset.name() + "/" +
                 dataset.record(each.record).name + "\n";
    }
    return table;
}

} // namespace

std::string findings_json(const EvalFindings& findings) {
    Json json = Json::parse(eval_json(findings.report));
    if (findings.leakage != nullptr) json["leakage"] = leakage_json(*findings.leakage);
    if (findings.missing != nullptr) {
        Json& list = json["missing"] = Json::array();
        append_missing(findings.missing->likely, "likely", findings, list);
        append_missing(findings.missing->addable, "addable", findings, list);
    }
    return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string findings_table(const EvalFindings& findings) {
    std::string text = eval_table(findings.report);
    if (findings.leakage != nullptr) text += leakage_table(*findings.leakage) + empty_image_table(*findings.leakage);
    if (findings.missing == nullptr) return text;
    text += "\nlikely missing labels: found where every object is said to be labelled, far from any label\n" +
            missing_table(findings.missing->likely, findings);
    return text + "\nlabels to add: found where the class is not labelled, or only in part\n" +
           missing_table(findings.missing->addable, findings);
}

} // namespace banyan
