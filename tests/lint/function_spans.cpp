#include "function_spans.h"

#include <algorithm>
#include <regex>

#include "source_file.h"

namespace banyan::lint {

namespace {

/// Blanks preprocessor directives with their continuation lines: their braces need not match.
std::string without_directives(const std::string& code) {
    std::string result;
    bool continues = false;
    for (const std::string& line : lines_of(code)) {
        const std::size_t first = line.find_first_not_of(" \t");
        const bool directive = continues || (first != std::string::npos && line[first] == '#');
        continues = directive && line.ends_with('\\');
        result += directive ? "" : line;
        result += '\n';
    }
    return result;
}

std::string on_one_line(const std::string& text) {
    static const std::regex blanks("\\s+");
    const std::string line = std::regex_replace(text, blanks, " ");
    const std::size_t first = line.find_first_not_of(' ');
    return first == std::string::npos ? "" : line.substr(first, line.find_last_not_of(' ') - first + 1);
}

/// What the brace behind `head`, the text since the last statement, opens.
enum class Opens { scope, function, member_initializer, other };

Opens opened_by(const std::string& head) {
    static const std::regex type_or_namespace("^(template ?<.*> ?)?(export |inline |typedef |static |const )*"
                                              "(namespace|class|struct|union|enum|extern)\\b.*");
    static const std::regex body("^.*\\)( ?(const|noexcept|override|final|mutable|try|&|&&)"
                                 "| ?noexcept ?\\(.*\\)| ?-> ?.*| ?requires .*)*$");
    // Behind a constructor's colon: "name_" or "Base<T>", whose braces initialise it.
    static const std::regex member("^.*\\) ?(noexcept )?: ?(.*[,}] ?)?[A-Za-z_][\\w:]*(<.*>)?$");
    const std::string line = on_one_line(head);
    if (line.empty() || line.ends_with('=') || line.ends_with(',')) return Opens::other;
    if (std::regex_match(line, member)) return Opens::member_initializer;
    const bool function = std::regex_match(line, body);
    if (!function && std::regex_match(line, type_or_namespace)) return Opens::scope;
    // "struct Name f() {" is a function; "struct alignas(8) Name {" is not, for it does not end like a signature.
    return function || line.ends_with('}') || line.ends_with(')') ? Opens::function : Opens::other;
}

class Scanner {
public:
    explicit Scanner(const std::string& text) : code_(without_directives(code_only(text))) {}

    std::vector<FunctionSpan> run() {
        while (at_ < code_.size()) step();
        return std::move(spans_);
    }

private:
    void step() {
        const char c = code_[at_];
        if (c == '{') return open();
        ++at_;
        if (c == ';' || c == '}' || (c == ':' && is_access_label())) head_start_ = at_;
    }

    bool is_access_label() const {
        static const std::regex label("(public|private|protected) ?:");
        return std::regex_match(on_one_line(code_.substr(head_start_, at_ - head_start_)), label);
    }

    void open() {
        const std::string head = code_.substr(head_start_, at_ - head_start_);
        const Opens opens = opened_by(head);
        const std::size_t end = matching_brace();
        if (opens == Opens::function) {
            const std::size_t first = head_start_ + head.find_first_not_of(" \t\n");
            spans_.push_back({on_one_line(head), line_at(first), line_at(std::min(end, code_.size() - 1))});
        }
        if (opens == Opens::scope) {
            head_start_ = ++at_;
            return;
        }
        at_ = end + 1;
        // An initialiser's braces are part of the statement they stand in.
        if (opens == Opens::function) head_start_ = at_;
    }

    std::size_t matching_brace() const {
        std::size_t depth = 0;
        for (std::size_t i = at_; i < code_.size(); ++i) {
            if (code_[i] == '{') ++depth;
            if (code_[i] == '}' && --depth == 0) return i;
        }
        return code_.size();
    }

    std::size_t line_at(std::size_t position) const {
        const auto end = code_.begin() + static_cast<std::ptrdiff_t>(position);
        return 1 + static_cast<std::size_t>(std::count(code_.begin(), end, '\n'));
    }

    std::string code_;
    std::size_t at_ = 0;
    std::size_t head_start_ = 0; ///< where the statement or declaration at `at_` begins
    std::vector<FunctionSpan> spans_;
};

} // namespace

std::vector<FunctionSpan> function_spans(const std::string& text) { return Scanner(text).run(); }

} // namespace banyan::lint
