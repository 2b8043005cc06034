#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace banyan::lint {

/// Lines of one function definition, from the first line of its signature to its closing brace.
struct FunctionSpan {
    std::string signature; ///< as written, on one line
    std::size_t first_line = 0;
    std::size_t last_line = 0;

    std::size_t line_count() const { return last_line - first_line + 1; }
};

/// Function definitions of a C++ text, members of classes included; what is nested in a function (lambdas, local
/// classes) counts for that function. Finds them by their braces alone, with no knowledge of types: enough for code in
/// this project's style.
std::vector<FunctionSpan> function_spans(const std::string& text);

} // namespace banyan::lint
