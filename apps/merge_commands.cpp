#include "apps/command_line.h"

#include <cstdint>

namespace banyan {

namespace po = boost::program_options;

namespace {

using Texts = std::vector<std::string>;

po::typed_value<std::string>* text() { return po::value<std::string>(); }

/// What `merge measure` and `merge auto` share.
void add_measure(po::options_description& options) {
    auto add = options.add_options();
    add("config", text()->required(), "config of a network with a branch for each task");
    add("out", text()->required(), "folder to write");
    add("set", po::value<Texts>()->composing(), "POINTER=VALUE changes one config value; repeatable");
    add("tasks", text(), "measure these tasks only, e.g. face,hand");
    add("steps", po::value<std::int64_t>(), "of the joint run (default: the config's)");
    add("every", po::value<std::int64_t>()->default_value(100), "steps of the joint run between probes");
    add("model", text(), "probe this model as it is instead of a joint run");
    add("run", text(), "the same with the last weights of this run folder");
    add("probes", po::value<std::int64_t>()->default_value(20), "of a given model");
    add("rows", po::value<int>()->default_value(8), "of a probe's batches");
    add("threads", po::value<int>(), "threads of the kernels when latencies are measured (default: all cores)");
    add("fp32", "measure latencies without bfloat16");
    add("rounds", po::value<int>()->default_value(40), "pictures by which each latency is measured, at least 40");
    add("boxes", text()->default_value("per_task"), "box outputs of merged branches: per_task or shared");
    add("pairs", text()->default_value("auto"), "merge every pair untrained to see what it loses: auto, on or off");
    add("images", po::value<std::int64_t>()->default_value(64), "pictures by which merged branches are fitted");
    add("resume", "continue what is in the folder");
    add("json", "result as JSON on stdout");
}

void add_auto(po::options_description& options) {
    add_measure(options);
    auto add = options.add_options();
    add("budget", text()->required(), "latency=12ms, branches=2, or both with a comma between");
    add("max-drop", po::value<double>()->default_value(0.5), "loss of mean AP that is allowed, in points");
    add("candidates", po::value<int>()->default_value(3), "plans within the budget that are tried at most");
    add("plans", po::value<Texts>()->multitoken(),
        "tries these plans in this order instead of the best predicted ones");
    add("seeds", po::value<int>()->default_value(3), "healings of each candidate");
    add("try-all", "heal all candidates, also those behind an accepted one");
    add("heal-steps", po::value<std::int64_t>()->default_value(300), "of a healing");
    add("trunk-lr-scale", po::value<double>()->default_value(0), "learning rate of the trunk in healings; 0 keeps it");
    add("heal-set", po::value<Texts>()->composing(), "POINTER=VALUE changes one value of the healings; repeatable");
}

void add_plan(po::options_description& options) {
    auto add = options.add_options();
    add("table", text(), "losses of trained networks, tab-separated or JSON, to choose from");
    add("tasks", text(),
        "names of a tab-separated table's columns, e.g. depth,edges (default: task1, task2 and so on)");
    add("report-on", text(), "table of the same networks, e.g. on test images, in which the plan's loss is told too");
    add("affinities", text(), "affinities.json of `banyan merge measure`, instead of --table");
    add("costs", text(), "costs.json of `banyan merge measure` (without it every branch costs 1)");
    add("budget", text(), "3 (costs of a table), latency=12ms, branches=2, or several with commas between");
    add("weights", text(), "of the tasks' losses, e.g. person=2,face=0.5 (default: 1)");
    add("accuracies", text(),
        "AP in (0, 1] of the tasks on branches of their own, by which measured drops are divided");
    add("partition", "networks of a table may not overlap");
    add("estimate", text()->default_value("exact"), "how much of a table the search may see: exact, pairs or tag");
    add("regret", "what the estimates miss at every budget");
    add("out", text(), "write plan.json and plans.json into this folder; its affinities.json and costs.json are taken");
    add("json", "result as JSON on stdout");
}

void add_apply(po::options_description& options) {
    auto add = options.add_options();
    add("model", text()->required(), "model file of the network to merge branches of");
    add("plan", text()->required(), "\"person+torso | head+face | hand\", or a plan file (.json)");
    add("data", text()->required(), "training config: its training sets calibrate, its validation sets judge");
    add("out", text()->required(), "model file to write");
    add("images", po::value<std::int64_t>()->default_value(64), "calibration pictures");
    add("method", text()->default_value("auto"), "of fitting towers: auto, average or concatenate");
    add("boxes", text()->default_value("per_task"), "box outputs of merged branches: per_task or shared");
    add("width", po::value<std::int64_t>(), "of merged towers (default: the widest source's)");
    add("no-eval", "do not judge before and after");
    add("json", "result as JSON on stdout");
}

void add_split(po::options_description& options) {
    auto add = options.add_options();
    add("model", text()->required(), "model file with a branch of several tasks");
    add("branch", text(), "branch to split (default: all with several tasks)");
    add("out", text()->required(), "model file to write");
    add("json", "result as JSON on stdout");
}

/// What `merge heal` and `merge confirm` share.
void add_healing(po::options_description& options) {
    auto add = options.add_options();
    add("config", text()->required(), "training config: its data sets, transforms and optimiser are used");
    add("steps", po::value<std::int64_t>()->default_value(300), "of a healing");
    add("trunk-lr-scale", po::value<double>()->default_value(0), "learning rate of the trunk; 0 keeps it as it is");
    add("set", po::value<Texts>()->composing(), "POINTER=VALUE changes one value of the healing's config; repeatable");
    add("json", "result as JSON on stdout");
}

void add_heal(po::options_description& options) {
    auto add = options.add_options();
    add("merged", text()->required(), "model file to heal");
    add("teacher", text()->required(), "model file of the unmerged network");
    add("out", text()->required(), "run folder to write");
    add("seed", po::value<std::uint64_t>()->default_value(1), "of batches and transforms");
    add("resume", "continue the run in the folder from its newest checkpoint");
    add_healing(options);
}

void add_confirm(po::options_description& options) {
    auto add = options.add_options();
    add("unmerged", text()->required(), "model file of the unmerged network");
    add("candidates", po::value<Texts>()->multitoken()->required(), "merged model files, the preferred one first");
    add("out", text()->required(), "folder to write");
    add("seeds", po::value<int>()->default_value(3), "healings of each candidate");
    add("max-drop", po::value<double>()->default_value(0.5), "loss of mean AP that is allowed, in points");
    add("resume", "continue what is in the folder");
    add_healing(options);
}

} // namespace

std::vector<Command> merge_commands() {
    return {
        {"merge auto", "merge tasks under a budget: measure, plan, transplant, heal, confirm",
         "CONFIG --budget B --out DIR [options]",
         "Writes merged.banyan.safetensors, plan.json, result.json and merge-report.html beside what its stages "
         "leave.\n"
         "No plan within the budget, or none that surely loses little: exit 8. Stopped work goes on with --resume.",
         add_auto, "config", 1},
        {"merge measure", "which tasks help each other, and what branches cost", "CONFIG --out DIR [options]",
         "Trains all tasks together and probes meanwhile, or probes a given model. Writes affinities.json,\n"
         "costs.json, unmerged.banyan.safetensors and affinity.html. A stopped measurement goes on with --resume.",
         add_measure, "config", 1},
        {"merge plan", "which tasks should share a network or branch under a budget",
         "--table F | --affinities A.json [--costs C.json] --budget B [options]",
         "Exact up to 10 tasks. Ends with 8 where no plan keeps the budget, and names the nearest.", add_plan, "", 0},
        {"merge apply", "build the merged network from the unmerged one, without training",
         "--model M --plan \"a+b | c\" --data CONFIG --out F [options]",
         "Judges both on the config's validation sets, before any training.", add_apply, "", 0},
        {"merge split", "give the tasks of a merged branch branches of their own, with the same outputs",
         "--model M --out F [options]", "Exact: towers and outputs are copied.", add_split, "", 0},
        {"merge heal", "train a merged network shortly, with the unmerged one as its teacher",
         "--merged M --teacher U --config CONFIG --out DIR [options]",
         "Writes a run folder as `banyan train` does. SIGINT and SIGTERM write a checkpoint first (exit 130 and\n"
         "143); continue with --resume.",
         add_heal, "", 0},
        {"merge confirm", "heal merged networks with several seeds and take the first that surely loses little",
         "--config CONFIG --unmerged U --candidates A B --out DIR [options]",
         "Judges on the config's validation sets by a bootstrap over images and seeds. No candidate passes: exit 8.\n"
         "A stopped confirmation goes on with --resume.",
         add_confirm, "", 0},
    };
}

} // namespace banyan
