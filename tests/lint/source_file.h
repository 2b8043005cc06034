#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace banyan::lint {

/// One #include directive.
struct Include {
    std::string path;
    bool quoted = false; ///< "path", not <path>
    std::size_t line = 0;
};

/// A header or source file of the project.
struct SourceFile {
    std::string path; ///< relative to the repository's root, with '/'
    std::string text;

    /// First part of the path: "core" of "core/box.h".
    std::string folder() const;
    /// The folder a test belongs to: "core" of "tests/core/box_test.cpp"; folder() of other files.
    std::string tested_folder() const;
    std::string name() const;
    bool is_header() const;
    std::vector<Include> includes() const;
};

/// All *.h and *.cpp files below `root`, sorted by path, except in hidden folders and the folders of outputs.
std::vector<SourceFile> project_sources(const std::string& root);

/// `text` with every comment and the inside of every text and character literal blanked; line breaks stay.
std::string code_only(const std::string& text);

std::vector<std::string> lines_of(const std::string& text);

} // namespace banyan::lint
