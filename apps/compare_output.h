#pragma once

#include <string>
#include <vector>

#include "eval/paired_bootstrap.h"

namespace banyan {

/// What `banyan compare` found out, and from what.
struct Comparison {
    const BootstrapResult& result;
    const BootstrapOptions& options;
    std::vector<std::vector<std::string>> files; ///< [side][seed]
};

/// One line, as docs/cli.md describes it.
std::string comparison_json(const Comparison& comparison);
/// Tables for people, in percent.
std::string comparison_table(const Comparison& comparison);

} // namespace banyan
