#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "source_file.h"

namespace banyan::lint {

/// One breach of a rule.
struct Finding {
    std::string path;
    std::size_t line = 0;
    std::string message;
};

using Findings = std::vector<Finding>;

constexpr std::size_t kMaxHeaderLines = 200;
constexpr std::size_t kMaxSourceLines = 400;
constexpr std::size_t kMaxFunctionLines = 60;
constexpr std::size_t kMaxColumns = 120;

/// A folder includes only the folders that the layering table allows it, by paths from the repository's root.
Findings check_layering(const SourceFile& file);
/// Every quoted include is one of `all` (test helpers beside the test may be named alone).
Findings check_includes_exist(const SourceFile& file, const std::vector<SourceFile>& all);
/// LibTorch only in model/, train/, infer/, apps/, benchmarks/ and their tests; never in infer/'s public headers (its
/// torch back end's own header begins with "torch_"); never <torch/torch.h> or <torch/nn.h> in a header.
Findings check_torch(const SourceFile& file);
/// OpenCV only in data/'s source files, apps/ and their tests.
Findings check_opencv(const SourceFile& file);
/// JSON types only in core/, the source files of data/ and eval/ (their readers), graph_json.cpp, *_config.cpp and
/// tests.
Findings check_json(const SourceFile& file);
/// Lines of a file and of a function.
Findings check_lengths(const SourceFile& file);
/// Columns of a line.
Findings check_columns(const SourceFile& file);
/// Headers begin with #pragma once; nothing is left to do; no tabs.
Findings check_habits(const SourceFile& file);
/// Of all headers but those of tests no two define a type of one name in one namespace: the linker would not say a word
/// about such a breach of the one definition rule.
Findings check_type_names(const std::vector<SourceFile>& all);

} // namespace banyan::lint
