#include "apps/quantize_fallback.h"

#include <algorithm>
#include <utility>

#include "apps/detector_values.h"
#include "apps/judge_datasets.h"
#include "eval/evaluate.h"
#include "infer/detector.h"
#include "network/branch.h"

namespace banyan {

namespace {

/// AP50 of each task, in the model's order; -1 where the data tells nothing of it.
std::vector<double> ap50_by_task(ModelFile model, const FallbackData& data, Bf16 bf16, const std::string& title) {
    const ClassTable classes(model.options.tasks);
    DetectorOptions options;
    options.score_threshold = kEvalScoreThreshold;
    options.bf16 = bf16;
    options.threads = data.threads;
    Detector detector(std::move(model), options);
    const EvalReport report = judge_datasets(predictor_of(detector), detector.side(), data.datasets, classes, title);
    std::vector<double> figures(classes.tasks().size(), -1.0);
    for (const TaskResult& result : report.tasks) {
        const auto& tasks = classes.tasks();
        const auto task =
            std::find_if(tasks.begin(), tasks.end(), [&](const Task& other) { return other.name == result.task; });
        figures[static_cast<std::size_t>(task - tasks.begin())] = result.stats[CocoStat::ap50];
    }
    return figures;
}

/// For each task the layers that reach its branch, the most harmful first.
std::vector<std::vector<std::string>> rankings_by_task(const ModelFile& model, const Sensitivity& sensitivity) {
    const std::vector<Branch> branches = find_branches(model.options, ClassTable(model.options.tasks), model.graph);
    std::vector<std::vector<std::string>> rankings;
    for (const Task& task : model.options.tasks) {
        rankings.emplace_back();
        const auto branch = std::find_if(branches.begin(), branches.end(), [&](const Branch& other) {
            const std::vector<std::string>& tasks = other.options.tasks;
            return std::find(tasks.begin(), tasks.end(), task.name) != tasks.end();
        });
        if (branch == branches.end()) continue;
        for (const std::size_t index :
             ranked_layers(sensitivity, static_cast<std::size_t>(branch - branches.begin()))) {
            rankings.back().push_back(sensitivity.layers[index].layer.name);
        }
    }
    return rankings;
}

std::vector<std::string> nodes_of(const std::vector<std::string>& layers, const Sensitivity& sensitivity) {
    std::vector<std::string> nodes;
    for (const auto& [layer, noises] : sensitivity.layers) {
        if (std::find(layers.begin(), layers.end(), layer.name) == layers.end()) continue;
        nodes.insert(nodes.end(), layer.nodes.begin(), layer.nodes.end());
    }
    return nodes;
}

} // namespace

std::vector<std::string> KeptLayers::nodes(const Sensitivity& sensitivity) const {
    return nodes_of(fallback.tries[fallback.chosen].kept, sensitivity);
}

KeptLayers find_kept_layers(const ModelFile& model, const Sensitivity& sensitivity, const QuantizedModel& quantized,
                            const FallbackData& data, double most_drop) {
    KeptLayers result;
    for (const Task& task : model.options.tasks) result.judged.tasks.push_back(task.name);
    result.judged.most_drop = most_drop;
    result.judged.exact = ap50_by_task(model, data, Bf16::off, "judging float32");
    const std::vector<double>& exact = result.judged.exact;
    if (std::all_of(exact.begin(), exact.end(), [](double figure) { return figure < 0; })) {
        throw DataError("--max-drop: the data has no ground truth of any task of the model");
    }
    const FallbackJudge judge = [&](const std::vector<std::string>& kept) {
        const std::string title = "judging 8 bits, " + std::to_string(kept.size()) + " layers in float";
        return ap50_by_task(quantized(nodes_of(kept, sensitivity)), data, Bf16::automatic, title);
    };
    result.fallback = find_fallback(exact, rankings_by_task(model, sensitivity), judge, most_drop);
    return result;
}

} // namespace banyan
