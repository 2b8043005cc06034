#include "apps/command_runner.h"

// `banyan-train`: the commands that train, judge and merge networks, and those that run them, on a GPU; `banyan`
// (launcher.cpp) starts it.

int main(int argc, char** argv) {
    using namespace banyan;
    const CommandRunners runners{
        {"train", run_train},
        {"check", run_check},
        {"detect", run_detect},
        {"eval", run_eval},
        {"bench", run_bench},
        {"explain", run_explain},
        {"env", run_env},
        {"demo", run_demo},
        {"distill", run_distill},
        {"merge auto", run_merge_auto},
        {"merge measure", run_merge_measure},
        {"merge plan", run_merge_plan},
        {"merge apply", run_merge_apply},
        {"merge split", run_merge_split},
        {"merge heal", run_merge_heal},
        {"merge confirm", run_merge_confirm},
        {"ablate", run_ablate},
        {"ablate show", run_ablate_show},
        {"ablate compare", run_ablate_compare},
    };
    return run_command(runners, argc, argv);
}
