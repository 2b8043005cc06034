#include <algorithm>
#include <iostream>

#include "apps/heal_values.h"
#include "apps/option_values.h"
#include "apps/text_table.h"
#include "combine/confirm.h"
#include "core/log.h"
#include "core/stop_signal.h"
#include "report/axis_ticks.h"

namespace banyan {

namespace {

std::string points(double ap) { return format_fixed(100 * ap, 1); }

std::string signed_points(double ap) { return (ap > 0 ? "+" : "") + points(ap); }

void add_row(const BootstrapRow& row, TextTable& table) {
    const BootstrapMetric& ap = row.ap;
    if (ap.sides.front().estimate < 0) return; // no object
    const BootstrapDifference& difference = ap.differences.front();
    table.add({row.name, points(ap.sides[1].estimate), points(ap.sides[2].estimate), points(ap.sides[0].estimate),
               signed_points(difference.estimate),
               "[" + signed_points(difference.low) + ", " + signed_points(difference.high) + "]"});
}

std::string verdict_text(const CandidateVerdict& verdict) {
    TextTable table;
    table.add({"AP", "unmerged", "transplanted", "healed", "difference", "interval"});
    for (const BootstrapRow& row : verdict.comparison.tasks) add_row(row, table);
    add_row(verdict.comparison.mean, table);
    return plan_text(verdict.plan) + " (" + verdict.model + "): " + (verdict.accepted ? "accepted" : "not accepted") +
           "\n" + table.text() + "\n";
}

ConfirmOptions confirm_options(const Options& options) {
    ConfirmOptions wanted;
    wanted.heal = heal_values(options);
    wanted.heal.teacher = text_option(options, "unmerged");
    wanted.candidates = texts_option(options, "candidates");
    wanted.seeds = number_option<int>(options, "seeds", 1, 100);
    wanted.max_drop = number_option<double>(options, "max-drop", 0, 100);
    wanted.folder = text_option(options, "out");
    wanted.resume = options.count("resume") != 0;
    return wanted;
}

/// The best that was found, for the message of a gate that nothing passed.
double best_bound(const ConfirmOutcome& outcome) {
    double best = outcome.tried.front().least_difference;
    for (const CandidateVerdict& verdict : outcome.tried) best = std::max(best, verdict.least_difference);
    return best;
}

} // namespace

ExitCode run_merge_confirm(const Options& options) {
    const ConfirmOptions wanted = confirm_options(options);
    const ConfirmOutcome outcome = confirm(wanted);
    if (outcome.stop_signal) {
        log_warning("stopped; the same command goes on with --resume");
        return exit_code_of_signal(*outcome.stop_signal);
    }
    if (options.count("json") != 0) {
        std::cout << confirm_json(wanted, outcome);
    } else {
        for (const CandidateVerdict& verdict : outcome.tried) std::cout << verdict_text(verdict);
    }
    if (outcome.accepted) {
        log_info("healed: " + wanted.folder + "/healed.banyan.safetensors; before: " + wanted.folder +
                 "/unmerged.banyan.safetensors");
        return ExitCode::ok;
    }
    throw GateError(ErrorText{"banyan merge confirm", "no candidate passes",
                              "a mean AP that is surely at most " + format_short(wanted.max_drop) + " points lower",
                              "at best one that may be " + format_fixed(-best_bound(outcome), 2) + " lower",
                              "heal longer (--steps), merge fewer tasks, or keep the unmerged network"});
}

} // namespace banyan
