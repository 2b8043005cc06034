#pragma once

#include <boost/program_options.hpp>

#include "core/error.h"

namespace banyan {

using Options = boost::program_options::variables_map;

/// One function a command: prints results to stdout, progress to stderr, returns the exit code, throws Error.
ExitCode run_train(const Options& options);
ExitCode run_eval(const Options& options);
ExitCode run_compare(const Options& options);
ExitCode run_check(const Options& options);
ExitCode run_detect(const Options& options);
ExitCode run_explain(const Options& options);
ExitCode run_bench(const Options& options);
ExitCode run_quantize(const Options& options);
ExitCode run_export(const Options& options);
ExitCode run_distill(const Options& options);
ExitCode run_distill_label(const Options& options);
ExitCode run_env(const Options& options);
ExitCode run_demo(const Options& options);
ExitCode run_merge_auto(const Options& options);
ExitCode run_merge_measure(const Options& options);
ExitCode run_merge_plan(const Options& options);
ExitCode run_merge_apply(const Options& options);
ExitCode run_merge_split(const Options& options);
ExitCode run_merge_heal(const Options& options);
ExitCode run_merge_confirm(const Options& options);
ExitCode run_ablate(const Options& options);
ExitCode run_ablate_show(const Options& options);
ExitCode run_ablate_compare(const Options& options);

} // namespace banyan
