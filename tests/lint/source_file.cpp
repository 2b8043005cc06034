#include "source_file.h"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <regex>
#include <set>
#include <sstream>

#include "core/atomic_file.h"

namespace banyan::lint {

namespace fs = std::filesystem;

namespace {

const std::set<std::string> kOutputFolders{"build", "runs", "demo", "results"};

bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

/// Blanks what is no code. One instance walks over one text.
class Blanker {
public:
    explicit Blanker(std::string text) : text_(std::move(text)) {}

    std::string run() {
        while (at_ < text_.size()) step();
        return std::move(text_);
    }

private:
    void step() {
        if (starts_with("//")) return blank_to(end_of_line_comment());
        if (starts_with("/*")) return blank_to(behind("*/", at_ + 2));
        if (text_[at_] == '"') return is_raw() ? blank_raw_text() : blank_literal('"');
        if (text_[at_] == '\'' && !is_digit_separator()) return blank_literal('\'');
        ++at_;
    }

    bool starts_with(const std::string& word) const { return text_.compare(at_, word.size(), word) == 0; }

    std::size_t behind(const std::string& word, std::size_t from) const {
        const std::size_t found = text_.find(word, from);
        return found == std::string::npos ? text_.size() : found + word.size();
    }

    std::size_t end_of_line_comment() const {
        std::size_t end = text_.find('\n', at_);
        while (end != std::string::npos && text_[end - 1] == '\\') end = text_.find('\n', end + 1);
        return std::min(end, text_.size());
    }

    void blank_to(std::size_t end) {
        for (; at_ < end; ++at_) {
            if (text_[at_] != '\n') text_[at_] = ' ';
        }
    }

    void blank_literal(char quote) {
        std::size_t end = at_ + 1;
        while (end < text_.size() && text_[end] != quote && text_[end] != '\n') end += text_[end] == '\\' ? 2 : 1;
        end = std::min(end, text_.size());
        ++at_;
        blank_to(end);
        ++at_;
    }

    bool is_raw() const { return at_ > 0 && text_[at_ - 1] == 'R'; }

    void blank_raw_text() {
        const std::size_t bracket = text_.find('(', at_);
        if (bracket == std::string::npos) return blank_to(text_.size());
        const std::size_t end = behind(")" + text_.substr(at_ + 1, bracket - at_ - 1) + "\"", bracket);
        ++at_;
        blank_to(end - 1);
        ++at_;
    }

    bool is_digit_separator() const {
        std::size_t start = at_;
        while (start > 0 && (is_word(text_[start - 1]) || text_[start - 1] == '\'')) --start;
        return start < at_ && std::isdigit(static_cast<unsigned char>(text_[start])) != 0;
    }

    std::string text_;
    std::size_t at_ = 0;
};

bool is_source(const fs::path& path) { return path.extension() == ".h" || path.extension() == ".cpp"; }

bool is_skipped(const fs::directory_entry& entry) {
    const std::string name = entry.path().filename().string();
    return entry.is_directory() && (name.front() == '.' || kOutputFolders.contains(name));
}

} // namespace

std::string SourceFile::folder() const { return path.substr(0, path.find('/')); }

std::string SourceFile::tested_folder() const {
    if (folder() != "tests") return folder();
    const std::string inside = path.substr(path.find('/') + 1);
    return inside.substr(0, inside.find('/'));
}

std::string SourceFile::name() const { return path.substr(path.rfind('/') + 1); }

bool SourceFile::is_header() const { return path.ends_with(".h"); }

std::vector<Include> SourceFile::includes() const {
    static const std::regex directive("^\\s*#\\s*include\\b.*");
    static const std::regex target("^\\s*#\\s*include\\s*([\"<])([^\">]+)[\">].*");
    const std::vector<std::string> written = lines_of(text);
    const std::vector<std::string> code = lines_of(code_only(text)); // no include inside comments and texts
    std::vector<Include> result;
    std::smatch match;
    for (std::size_t i = 0; i < code.size(); ++i) {
        if (std::regex_match(code[i], directive) && std::regex_match(written[i], match, target)) {
            result.push_back({match[2], match[1] == "\"", i + 1});
        }
    }
    return result;
}

std::vector<SourceFile> project_sources(const std::string& root) {
    std::vector<SourceFile> sources;
    for (auto entry = fs::recursive_directory_iterator(root); entry != fs::recursive_directory_iterator(); ++entry) {
        if (is_skipped(*entry)) {
            entry.disable_recursion_pending();
        } else if (entry->is_regular_file() && is_source(entry->path())) {
            const std::string path = fs::relative(entry->path(), root).generic_string();
            sources.push_back({path, read_file(entry->path().string())});
        }
    }
    std::sort(sources.begin(), sources.end(), [](const SourceFile& a, const SourceFile& b) { return a.path < b.path; });
    return sources;
}

std::string code_only(const std::string& text) { return Blanker(text).run(); }

std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    std::istringstream in(text);
    for (std::string line; std::getline(in, line);) lines.push_back(line);
    return lines;
}

} // namespace banyan::lint
