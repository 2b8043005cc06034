#include "apps/command_runner.h"

// `banyan-infer`: the commands that run networks, without LibTorch; `banyan` (launcher.cpp) starts it.

int main(int argc, char** argv) {
    using namespace banyan;
    const CommandRunners runners{
        {"detect", run_detect},
        {"bench", run_bench},
        {"quantize", run_quantize},
        {"export", run_export},
    };
    return run_command(runners, argc, argv);
}
