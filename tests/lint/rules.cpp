#include "rules.h"

#include <algorithm>
#include <map>
#include <optional>
#include <regex>
#include <set>

#include "function_spans.h"

namespace banyan::lint {

namespace {

using Names = std::set<std::string>;

/// The layering table. Folders without an entry may not hold code.
const std::map<std::string, Names>& layering() {
    static const std::map<std::string, Names> table{
        {"core", {}},
        {"graph", {"core"}},
        {"anchors", {"core"}},
        {"image", {"core"}},
        {"data", {"core", "image"}},
        {"eval", {"core", "image", "data", "report"}},
        {"report", {"core"}},
        {"backbone", {"core", "graph"}},
        {"heads", {"core", "graph", "anchors"}},
        {"network", {"core", "graph", "backbone", "anchors", "heads"}},
        {"model", {"core", "graph", "backbone", "anchors", "heads", "network"}},
        {"train", {"core", "graph", "anchors", "heads", "network", "model", "image", "data", "eval", "report"}},
        {"combine",
         {"core", "graph", "anchors", "heads", "network", "model", "image", "data", "eval", "report", "train"}},
        {"engine", {"core", "graph"}},
        {"quant", {"core", "graph", "engine", "report"}},
        {"infer", {"core", "graph", "engine", "anchors", "heads", "network", "image"}},
        {"label", {"core", "graph", "engine", "image", "network", "data", "eval", "infer"}},
    };
    return table;
}

/// These may include everything, but only tests may include tests, and nobody else includes apps or benchmarks.
const Names kTopFolders{"apps", "benchmarks", "examples", "cmake"};
/// Folders that never see a LibTorch tensor, nor do their tests.
const Names kTorchFree{"core",     "graph", "anchors", "image",  "data",  "eval",  "report",
                       "backbone", "heads", "network", "engine", "quant", "label", "lint"};

std::string joined(const Names& names) {
    std::string text;
    for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
    return text.empty() ? "nothing" : text;
}

std::string first_part(const std::string& path) { return path.substr(0, path.find('/')); }

bool starts_with_any(const std::string& path, const std::vector<std::string>& beginnings) {
    return std::any_of(beginnings.begin(), beginnings.end(),
                       [&](const std::string& beginning) { return path.starts_with(beginning); });
}

/// Why `file` may not include `path`, if so.
std::optional<std::string> layering_breach(const SourceFile& file, const std::string& path) {
    const std::string folder = file.folder();
    const std::string target = first_part(path);
    const bool is_rooted = path.find('/') != std::string::npos && path.find("..") == std::string::npos;
    if (!is_rooted && folder != "tests") return "write the path from the repository's root, e.g. \"core/box.h\"";
    if (folder == "tests" || target == folder) return std::nullopt;
    if (kTopFolders.contains(folder)) {
        if (layering().contains(target)) return std::nullopt;
        return folder + "/ may include only the library's folders and its own files";
    }
    const Names& allowed = layering().at(folder);
    if (allowed.contains(target)) return std::nullopt;
    return folder + "/ may not include " + target + "/; allowed: " + joined(allowed);
}

void find_includes(const SourceFile& file, const std::vector<std::string>& beginnings, const std::string& message,
                   Findings& findings) {
    for (const Include& include : file.includes()) {
        if (!starts_with_any(include.path, beginnings)) continue;
        findings.push_back({file.path, include.line, "\"" + include.path + "\": " + message});
    }
}

bool may_hold_json(const SourceFile& file) {
    static const std::regex places("(core|tests)/.*"
                                   "|(data|eval)/.*\\.cpp"
                                   "|data/json_\\w+\\.h" // the streaming reader's interface
                                   "|graph/graph_json\\.cpp"
                                   "|apps/\\w+\\.cpp"                                 // what commands print and write
                                   "|train/(run_folder|metrics_log|batch_dump)\\.cpp" // a run's files
                                   "|(combine|label)/\\w+_json\\.cpp"
                                   "|\\w+/(\\w+_)?config\\.cpp");
    return std::regex_match(file.path, places);
}

std::size_t columns_of(const std::string& line) {
    return static_cast<std::size_t>(
        std::count_if(line.begin(), line.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

void check_line_count(const SourceFile& file, std::size_t lines, Findings& findings) {
    const std::size_t most = file.is_header() ? kMaxHeaderLines : kMaxSourceLines;
    if (lines <= most) return;
    findings.push_back({file.path, lines,
                        std::to_string(lines) + " lines; a " + (file.is_header() ? "header" : "source file") +
                            " has at most " + std::to_string(most) + ": split it by concept"});
}

} // namespace

Findings check_layering(const SourceFile& file) {
    const std::string folder = file.folder();
    if (folder != "tests" && !kTopFolders.contains(folder) && !layering().contains(folder)) {
        return {{file.path, 1, "the folder " + folder + "/ is not in the layering table"}};
    }
    Findings findings;
    for (const Include& include : file.includes()) {
        const bool ours = layering().contains(first_part(include.path));
        if (!include.quoted && ours) {
            findings.push_back({file.path, include.line, "<" + include.path + ">: our own headers stand in quotes"});
        }
        if (!include.quoted) continue;
        if (const auto breach = layering_breach(file, include.path)) {
            findings.push_back({file.path, include.line, "\"" + include.path + "\": " + *breach});
        }
    }
    return findings;
}

Findings check_includes_exist(const SourceFile& file, const std::vector<SourceFile>& all) {
    const std::string own_folder = file.path.substr(0, file.path.rfind('/') + 1);
    Findings findings;
    for (const Include& include : file.includes()) {
        const auto is_target = [&](const SourceFile& other) {
            const bool beside = other.path == own_folder + include.path || other.path == "tests/" + include.path;
            return other.path == include.path || (file.folder() == "tests" && beside);
        };
        if (include.quoted && std::none_of(all.begin(), all.end(), is_target)) {
            findings.push_back({file.path, include.line, "\"" + include.path + "\": no such file"});
        }
    }
    return findings;
}

Findings check_torch(const SourceFile& file) {
    const std::vector<std::string> torch{"torch/", "ATen/", "c10/", "caffe2/"};
    Findings findings;
    find_includes(file, {"torch/torch.h", "torch/all.h", "torch/extension.h"},
                  "doubles the time to compile a file; include \"model/libtorch.h\"", findings);
    if (kTorchFree.contains(file.tested_folder())) {
        find_includes(file, torch, file.tested_folder() + "/ is free of LibTorch", findings);
    } else if (file.folder() == "infer" && file.is_header() && !file.name().starts_with("torch_")) {
        find_includes(file, torch, "infer/'s public headers are free of LibTorch", findings);
    } else if (file.is_header() && file.folder() != "tests") {
        find_includes(file, {"torch/nn.h", "model/libtorch.h"},
                      "too costly for a header; include the narrowest file, e.g. <ATen/core/Tensor.h>", findings);
    }
    return findings;
}

Findings check_opencv(const SourceFile& file) {
    const std::string folder = file.tested_folder();
    const bool allowed = folder == "apps" || folder == "benchmarks" || folder == "examples" ||
                         ((folder == "data" || folder == "image") && (!file.is_header() || file.folder() == "tests"));
    Findings findings;
    if (!allowed) find_includes(file, {"opencv2/"}, "OpenCV stays in image/*.cpp, data/*.cpp and apps/", findings);
    return findings;
}

Findings check_json(const SourceFile& file) {
    Findings findings;
    if (!may_hold_json(file)) {
        find_includes(file, {"nlohmann/"}, "JSON types stay in core/, the JSON readers and *_config.cpp", findings);
    }
    return findings;
}

Findings check_lengths(const SourceFile& file) {
    Findings findings;
    check_line_count(file, lines_of(file.text).size(), findings);
    for (const FunctionSpan& function : function_spans(file.text)) {
        if (function.line_count() <= kMaxFunctionLines) continue;
        findings.push_back({file.path, function.first_line,
                            "a function of " + std::to_string(function.line_count()) + " lines, at most " +
                                std::to_string(kMaxFunctionLines) + ": " + function.signature.substr(0, 80)});
    }
    return findings;
}

Findings check_columns(const SourceFile& file) {
    const std::vector<std::string> lines = lines_of(file.text);
    Findings findings;
    for (std::size_t i = 0; i < lines.size(); ++i) {
        const std::size_t columns = columns_of(lines[i]);
        if (columns <= kMaxColumns) continue;
        findings.push_back(
            {file.path, i + 1, std::to_string(columns) + " columns, at most " + std::to_string(kMaxColumns)});
    }
    return findings;
}

Findings check_habits(const SourceFile& file) {
    static const std::regex left_over("\\b(TO"
                                      "DO|FIX"
                                      "ME|X"
                                      "XX)\\b");
    Findings findings;
    if (file.is_header() && !file.text.starts_with("#pragma once\n")) {
        findings.push_back({file.path, 1, "a header begins with #pragma once"});
    }
    std::size_t number = 0;
    for (const std::string& line : lines_of(file.text)) {
        ++number;
        if (std::regex_search(line, left_over)) findings.push_back({file.path, number, "nothing may be left to do"});
        if (line.find('\t') != std::string::npos) findings.push_back({file.path, number, "a tab; indent with blanks"});
        if (line.ends_with(' ')) findings.push_back({file.path, number, "a blank at the end of the line"});
    }
    return findings;
}

Findings check_type_names(const std::vector<SourceFile>& all) {
    static const std::regex opens("namespace ([\\w:]+) \\{"), closes("\\} // namespace.*");
    static const std::regex defines("(?:struct|class|enum|enum class) (\\w+)(?: final)?(?: : .+)? \\{.*");
    std::map<std::string, std::string> first_path; // of each type
    Findings findings;
    for (const SourceFile& file : all) {
        if (!file.is_header() || file.folder() == "tests") continue;
        std::vector<std::string> scopes{""};
        std::size_t number = 0;
        for (const std::string& line : lines_of(file.text)) {
            ++number;
            std::smatch parts;
            if (std::regex_match(line, parts, opens)) scopes.push_back(scopes.back() + parts[1].str() + "::");
            if (std::regex_match(line, closes) && scopes.size() > 1) scopes.pop_back();
            if (!std::regex_match(line, parts, defines)) continue;
            const std::string type = scopes.back() + parts[1].str();
            const auto [known, is_new] = first_path.emplace(type, file.path);
            if (!is_new) findings.push_back({file.path, number, type + " is defined in " + known->second + " as well"});
        }
    }
    return findings;
}

} // namespace banyan::lint
