#include "apps/merge_auto_output.h"

#include <cstdint>
#include <set>

#include "apps/option_values.h"
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
    table.add(
        {"candidate", "predicted ms", "measured ms", "predicted accuracy", "transplanted AP", "healed AP", "verdict"});
    for (std::size_t i = 0; i < outcome.candidates.size(); ++i) {
        const MergeCandidate& candidate = outcome.candidates[i];
        std::string healed = "–", verdict = "not tried";
        if (candidate.verdict) {
            healed = points(candidate.verdict->comparison.mean.ap.sides.front().estimate);
            verdict = candidate.verdict->accepted ? "accepted" : "not accepted";
        }
        table.add({plan_text(candidate.predicted.plan), format_fixed(candidate.predicted.cost, 2),
                   format_fixed(candidate.latency.median_ms, 2),
                   format_fixed(100 * candidate.predicted.relative_accuracy, 1) + "%",
                   points(outcome.transplanted.mean.ap.sides.at(i + 1).estimate), healed, verdict});
    }
    return table.text();
}

std::string latency_text(const PlanLatency& before, const PlanLatency& after) {
    return "latency: " + format_fixed(before.median_ms, 2) + " ms -> " + format_fixed(after.median_ms, 2) + " ms\n";
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

/// The values of one option as words behind it; one empty word of an option without a value.
std::vector<std::string> values_of(const boost::any& value) {
    if (const auto* text = boost::any_cast<std::string>(&value)) return {*text};
    if (const auto* texts = boost::any_cast<std::vector<std::string>>(&value)) return *texts;
    if (const auto* number = boost::any_cast<int>(&value)) return {std::to_string(*number)};
    if (const auto* number = boost::any_cast<std::int64_t>(&value)) return {std::to_string(*number)};
    return {format_short(boost::any_cast<double>(value), 15)};
}

/// Options that stand on the command line, without some of them: " --threads 1 --fp32".
std::string given_options(const Options& given, const std::set<std::string>& without) {
    std::string text;
    for (const auto& [name, value] : given) {
        if (value.defaulted() || without.contains(name)) continue;
        for (const std::string& word : values_of(value.value())) {
            text += " --" + name + (word.empty() ? "" : " " + quoted(word));
        }
    }
    return text;
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
    if (outcome.has_result()) text += latency_text(outcome.unmerged_latency.value(), outcome.latency());
    return text;
}

NextSteps merge_next_steps(const MergeAutoOptions& options, const MergeAutoOutcome& outcome, const Options& given) {
    const auto at_out = [&](const char* name) { return quoted(options.folder + "/" + name); };
    const std::string config = quoted(text_option(given, "config"));
    const auto again = [&](const std::string& option, const std::string& value) {
        return "banyan merge auto " + config + given_options(given, {"config", "resume", "json", option}) +
               " --resume --" + option + " " + value;
    };
    NextSteps steps;
    if (outcome.has_result()) {
        steps.emplace_back("Use the network:",
                           "banyan detect --model " + at_out("merged.banyan.safetensors") + " PICTURES --out results");
        steps.emplace_back("Follow the plan with another network of these tasks:",
                           "banyan merge apply --model MODEL --plan " + at_out("plan.json") + " --data " + config +
                               " --out merged.banyan.safetensors");
    }
    steps.emplace_back("Go back: the network as it was lies beside it.",
                       "cp " + at_out("unmerged.banyan.safetensors") + " MODEL");
    steps.emplace_back("Try more plans, judge with more seeds, or allow another loss; what is done stays:",
                       again("candidates", std::to_string(options.candidates + 3)) + "\n" +
                           again("seeds", std::to_string(options.seeds + 2)) + "\n" +
                           again("max-drop", format_short(2 * options.max_drop + 0.5)));
    steps.emplace_back(
        "Another budget, with the network that is trained already:",
        "banyan merge auto " + config + " --model " + at_out("unmerged.banyan.safetensors") +
            given_options(given, {"config", "model", "run", "steps", "every", "budget", "out", "resume", "json"}) +
            " --budget BUDGET --out FOLDER");
    return steps;
}

} // namespace banyan
