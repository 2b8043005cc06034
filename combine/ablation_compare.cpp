#include "combine/ablation_compare.h"

#include <algorithm>
#include <map>
#include <set>

#include "core/error.h"
#include "eval/coco_files.h"
#include "eval/coco_renumber.h"

namespace banyan {

namespace {

const RunRow* run_of(const CellSummary& cell, std::uint64_t seed) {
    for (const RunRow* row : cell.done) {
        if (row->seed == seed) return row;
    }
    return nullptr;
}

std::vector<std::uint64_t> common_seeds(const std::vector<const CellSummary*>& cells) {
    std::vector<std::uint64_t> seeds;
    for (const RunRow* row : cells.front()->done) {
        const auto has_seed = [&](const CellSummary* cell) { return run_of(*cell, row->seed) != nullptr; };
        if (std::all_of(cells.begin(), cells.end(), has_seed)) seeds.push_back(row->seed);
    }
    if (!seeds.empty()) return seeds;
    std::string labels;
    for (const CellSummary* cell : cells) labels += (labels.empty() ? "\"" : " and \"") + cell_label(cell->cell) + "\"";
    throw UsageError(ErrorText{labels, "no seed is finished in all of these cells", "", "", "run `banyan ablate` on"});
}

struct GroundTruth {
    std::string file;
    CocoProblem problem;
};

/// The ground truth with the most classes: a cell of fewer tasks was judged on a part of it.
GroundTruth widest_ground_truth(const std::string& folder, const std::vector<const CellSummary*>& cells) {
    std::set<std::string> files;
    for (const CellSummary* cell : cells) {
        for (const RunRow* row : cell->done) files.insert(folder + "/" + row->ground_truth);
    }
    std::map<std::size_t, std::vector<GroundTruth>> by_classes;
    for (const std::string& file : files) {
        CocoProblem problem = read_coco_ground_truth(file);
        by_classes[problem.categories.size()].push_back({file, std::move(problem)});
    }
    std::vector<GroundTruth>& widest = by_classes.rbegin()->second;
    if (widest.size() == 1) return std::move(widest.front());
    throw UsageError(ErrorText{widest[1].file, "runs of these cells were judged by other tasks, images or labels",
                               "those of " + widest[0].file, "", "compare cells of one validation set"});
}

/// `problem` with the categories in `kept` only.
CocoProblem cut_to(const CocoProblem& problem, const std::vector<bool>& kept) {
    CocoProblem cut;
    cut.images = problem.images;
    std::vector<std::int32_t> places(kept.size(), -1);
    for (std::size_t k = 0; k < kept.size(); ++k) {
        if (!kept[k]) continue;
        places[k] = static_cast<std::int32_t>(cut.categories.size());
        cut.categories.push_back(problem.categories[k]);
    }
    for (CocoAnnotation annotation : problem.annotations) {
        annotation.category = places[static_cast<std::size_t>(annotation.category)];
        if (annotation.category >= 0) cut.annotations.push_back(std::move(annotation));
    }
    for (std::size_t image = 0; image < cut.images.size(); ++image) {
        for (std::size_t k = 0; k < kept.size(); ++k) {
            if (kept[k]) cut.set_judgement(image, static_cast<std::size_t>(places[k]), problem.judgement(image, k));
        }
    }
    return cut;
}

std::vector<bool> common_categories(const std::vector<const CellSummary*>& cells, const CocoProblem& problem) {
    std::vector<bool> kept;
    for (const CocoCategory& category : problem.categories) {
        const std::string& task = category.task.empty() ? category.name : category.task;
        kept.push_back(std::all_of(cells.begin(), cells.end(),
                                   [&](const CellSummary* cell) { return cell->tasks.contains(task); }));
    }
    if (std::find(kept.begin(), kept.end(), true) != kept.end()) return kept;
    throw UsageError(ErrorText{"\"" + cell_label(cells.front()->cell) + "\"",
                               "has no judged task in common with the other cells", "", "", ""});
}

/// A run's detections in the numbers of `problem`, a part of `truth`; those of other classes are left out.
std::vector<CocoDetection> detections_of(const RunRow& row, const std::string& folder, const GroundTruth& truth,
                                         const CocoProblem& problem) {
    CocoProblem own = read_coco_ground_truth(folder + "/" + row.ground_truth);
    read_coco_detections(folder + "/" + row.predictions, own);
    return renumber_detections(own, problem, truth.file).problem.detections;
}

} // namespace

CellComparison compare_cells(const std::string& folder, const std::vector<const CellSummary*>& cells,
                             BootstrapOptions options) {
    CellComparison comparison;
    comparison.seeds = common_seeds(cells);
    options.resample_seeds = comparison.seeds.size() > 1;
    comparison.options = options;
    const GroundTruth truth = widest_ground_truth(folder, cells);
    const CocoProblem problem = cut_to(truth.problem, common_categories(cells, truth.problem));
    std::vector<BootstrapSide> sides;
    for (const CellSummary* cell : cells) {
        const auto letter = static_cast<char>('A' + sides.size());
        BootstrapSide& side = sides.emplace_back();
        side.name = sides.size() <= 26 ? std::string(1, letter) : "side " + std::to_string(sides.size());
        std::vector<std::string>& files = comparison.files.emplace_back();
        for (const std::uint64_t seed : comparison.seeds) {
            const RunRow& row = *run_of(*cell, seed);
            side.seeds.push_back(detections_of(row, folder, truth, problem));
            files.push_back(folder + "/" + row.predictions);
        }
    }
    comparison.result = paired_bootstrap(problem, sides, options);
    return comparison;
}

} // namespace banyan
