#include <iostream>

#include <ATen/Functions.h>

#include "apps/option_values.h"
#include "apps/run_commands.h"
#include "apps/transplant_output.h"
#include "combine/transplant.h"
#include "core/log.h"
#include "model/saved_model.h"

namespace banyan {

ExitCode run_merge_split(const Options& options) {
    MultiTaskModel source = load_model(text_option(options, "model"));
    const MergePlan plan = split_plan(source.options(), text_option(options, "branch"));
    const int side = source.options().input_side;
    Transplant made = merge_branches(source, plan, at::empty({0, side, side, 3}, at::kByte));
    const std::string out = text_option(options, "out");
    save_model(out, made.model, {{"merge_plan", plan_text(plan)}, {"merged_from", text_option(options, "model")}});
    log_info("split: " + out);
    const TransplantResult result{out, plan, made.branches, {}, {}};
    std::cout << (options.count("json") != 0 ? transplant_json(result) : transplant_text(result));
    return ExitCode::ok;
}

} // namespace banyan
