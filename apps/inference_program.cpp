#include "apps/command_runner.h"

// `banyan-infer`: the commands that run networks and judge them, without LibTorch; `banyan` (launcher.cpp) starts it.

int main(int argc, char** argv) {
    using namespace banyan;
    const CommandRunners runners{
        {"detect", run_detect},
        {"eval", run_eval},
        {"compare", run_compare},
        {"bench", run_bench},
        {"quantize", run_quantize},
        {"export", run_export},
        {"distill label", run_distill_label},
    };
    return run_command(runners, argc, argv);
}
