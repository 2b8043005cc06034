#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

namespace banyan::test {

namespace detail {

inline std::string shared_root() {
    if (const char* root = std::getenv("BANYAN_SHARED"); root != nullptr && *root != '\0') return root;
#ifdef BANYAN_SHARED_DIR
    return BANYAN_SHARED_DIR;
#else
    return "../shared";
#endif
}

/// The variable's folder when it is set, with what follows `part` in `relative`; else "".
inline std::string overridden_path(std::string_view relative, std::string_view part, const char* variable) {
    const bool inside = relative == part || relative.substr(0, part.size() + 1) == std::string(part) + "/";
    const char* folder = std::getenv(variable);
    if (!inside || folder == nullptr || *folder == '\0') return "";
    const std::string_view rest = relative.substr(part.size());
    return (std::filesystem::path(folder) / rest.substr(rest.empty() ? 0 : 1)).string();
}

} // namespace detail

/// Path of real data or weights, e.g. shared_path("data/coco128") or shared_path("weights").
/// BANYAN_DATA stands for "data", BANYAN_WEIGHTS for "weights"; else all lies under BANYAN_SHARED, else under the
/// folder known at build time. The path need not exist.
inline std::string shared_path(const std::string& relative) {
    for (const auto& [part, variable] : {std::pair{"data", "BANYAN_DATA"}, std::pair{"weights", "BANYAN_WEIGHTS"}}) {
        const std::string path = detail::overridden_path(relative, part, variable);
        if (!path.empty()) return path;
    }
    return (std::filesystem::path(detail::shared_root()) / relative).string();
}

/// True when `relative` exists; tests of real data are skipped otherwise:
/// `if (!has_shared_data("data/coco128")) GTEST_SKIP() << "needs data/coco128";`
inline bool has_shared_data(const std::string& relative = "data") {
    std::error_code ignored;
    return std::filesystem::exists(shared_path(relative), ignored);
}

} // namespace banyan::test

namespace banyan {
using test::has_shared_data;
using test::shared_path;
} // namespace banyan
