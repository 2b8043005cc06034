#include "apps/merge_auto_output.h"

#include "apps/text_table.h"
#include "report/axis_ticks.h"

namespace banyan {

namespace {

std::string points(double ap) { return ap < 0 ? "–" : format_fixed(100 * ap, 1); }

std::string signed_points(double ap) { return (ap > 0 ? "+" : "") + format_fixed(100 * ap, 1); }

std::vector<std::string> row_cells(const std::string& name, const BootstrapRow& row) {
    const BootstrapMetric& ap = row.ap; // healed, unmerged, transplanted
    if (ap.sides.front().estimate < 0) return {name, "–", "–", "–", "–", "–"};
    const BootstrapDifference& difference = ap.differences.front();
    return {name,
            points(ap.sides[1].estimate),
            points(ap.sides[2].estimate),
            points(ap.sides[0].estimate),
            signed_points(difference.estimate),
            "[" + signed_points(difference.low) + ", " + signed_points(difference.high) + "]"};
}

std::string tasks_text(const CandidateVerdict& verdict) {
    TextTable table;
    table.add({"AP", "before", "transplanted", "healed", "difference", "interval"});
    for (const BootstrapRow& row : verdict.comparison.tasks) table.add(row_cells(row.name, row));
    table.add(row_cells("mean", verdict.comparison.mean));
    return table.text();
}

std::string candidates_text(const MergeAutoOutcome& outcome) {
    TextTable table;
    table.add({"candidate", "predicted ms", "predicted accuracy", "transplanted AP", "healed AP", "verdict"});
    for (std::size_t i = 0; i < outcome.candidates.size(); ++i) {
        const MergeCandidate& candidate = outcome.candidates[i];
        std::string healed = "–", verdict = "not tried";
        if (candidate.verdict) {
            healed = points(candidate.verdict->comparison.mean.ap.sides.front().estimate);
            verdict = candidate.verdict->accepted ? "accepted" : "not accepted";
        }
        table.add({plan_text(candidate.predicted.plan), format_fixed(candidate.predicted.cost, 2),
                   format_fixed(100 * candidate.predicted.relative_accuracy, 1) + "%",
                   points(outcome.transplanted.mean.ap.sides.at(i + 1).estimate), healed, verdict});
    }
    return table.text();
}

std::string latency_text(const MergeLatency& latency) {
    return "latency: " + format_fixed(latency.before_ms, 2) + " ms -> " + format_fixed(latency.after_ms, 2) + " ms\n";
}

/// The words in quotes where a shell would take them apart.
std::string quoted(const std::string& word) {
    const bool plain =
        word.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+=,./:@%") ==
            std::string::npos &&
        !word.empty();
    if (plain) return word;
    std::string text = "'";
    for (const char c : word) text += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return text + "'";
}

} // namespace

std::string merge_auto_text(const MergeAutoOptions& options, const MergeAutoOutcome& outcome) {
    std::string text;
    if (outcome.accepted) {
        text += "plan: " + plan_text(outcome.plan()) + "\n\n" +
                tasks_text(*outcome.candidates[*outcome.accepted].verdict) + "\n";
    } else if (outcome.kept_apart) {
        text += "plan: " + plan_text(outcome.plan()) + ": the network keeps " + merge_budget_text(options.budget) +
                " as it is, and no merge within it is better\n\n";
    } else {
        text += "no plan passes\n\n";
    }
    if (!outcome.candidates.empty()) text += candidates_text(outcome) + "\n";
    if (outcome.latency) text += latency_text(*outcome.latency);
    return text;
}

NextSteps merge_next_steps(const MergeAutoOptions& options, const MergeAutoOutcome& outcome,
                           const std::string& config) {
    const auto at_out = [&](const char* name) { return quoted(options.folder + "/" + name); };
    const std::string again = "banyan merge auto " + quoted(config) + " --out " + quoted(options.folder) +
                              " --budget " + quoted(merge_budget_text(options.budget)) + " --resume";
    NextSteps steps;
    if (outcome.has_result()) {
        steps.emplace_back("Use the network:",
                           "banyan detect --model " + at_out("merged.banyan.safetensors") + " PICTURES --out results");
        steps.emplace_back("Follow the plan with another network of these tasks:",
                           "banyan merge apply --model MODEL --plan " + at_out("plan.json") + " --data " +
                               quoted(config) + " --out merged.banyan.safetensors");
    }
    steps.emplace_back("Go back: the network as it was lies beside it.",
                       "cp " + at_out("unmerged.banyan.safetensors") + " MODEL");
    steps.emplace_back("Try more plans, or more seeds; what is done stays (with the other options that were given):",
                       again + " --candidates " + std::to_string(options.candidates + 3) + "\n" + again + " --seeds " +
                           std::to_string(options.seeds + 2));
    steps.emplace_back("Allow another loss:", again + " --max-drop " + format_short(2 * options.max_drop + 0.5));
    steps.emplace_back("Another budget, from the network that is trained already:",
                       "banyan merge auto " + quoted(config) + " --model " + at_out("unmerged.banyan.safetensors") +
                           " --budget BUDGET --out FOLDER");
    return steps;
}

} // namespace banyan
