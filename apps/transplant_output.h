#pragma once

#include <string>
#include <vector>

#include "combine/merge_plan.h"
#include "combine/transplant.h"
#include "eval/evaluate.h"

namespace banyan {

/// What `banyan merge apply` and `banyan merge split` tell.
struct TransplantResult {
    std::string file;
    MergePlan plan;
    std::vector<BranchTransplant> branches;
    EvalReport before, after; ///< without tasks: was not judged
};

/// One line, as docs/cli.md describes it.
std::string transplant_json(const TransplantResult& result);
/// Tables for people.
std::string transplant_text(const TransplantResult& result);

} // namespace banyan
