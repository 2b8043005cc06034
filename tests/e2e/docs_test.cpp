#include <iterator>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "process.h"
#include "small_run.h"

namespace banyan::test {
namespace {

/// All matches of the pattern's first group.
std::set<std::string> matches(const std::string& text, const std::string& pattern) {
    const std::regex expression(pattern);
    std::set<std::string> found;
    for (std::sregex_iterator match(text.begin(), text.end(), expression), end; match != end; ++match)
        found.insert((*match)[1]);
    return found;
}

/// Part of docs/cli.md under the command's heading.
std::string section_of(const std::string& docs, const std::string& command) {
    const std::size_t begin = docs.find("\n## banyan " + command + "\n");
    if (begin == std::string::npos) return "";
    return docs.substr(begin, docs.find("\n## ", begin + 1) - begin);
}

std::vector<std::string> words_of(const std::string& text) {
    std::istringstream in(text);
    return {std::istream_iterator<std::string>(in), {}};
}

TEST(CommandLineDocs, NameEveryOptionOfEveryCommandAndNoOther) {
    const std::string docs = read_text(std::string(BANYAN_SOURCE_DIR) + "/docs/cli.md");
    const std::set<std::string> commands = matches(banyan({"--help"}).out, "\n  ([a-z]+(?: [a-z]+)?)  +[a-zA-Z]");
    EXPECT_GE(commands.size(), 6U);
    for (const std::string& command : commands) {
        const std::string section = section_of(docs, command);
        ASSERT_FALSE(section.empty()) << "docs/cli.md lacks the heading \"## banyan " << command << "\"";
        const std::set<std::string> options =
            matches(banyan(words_of(command + " --help")).out, "\n  (?:-h \\[ )?(--[a-z0-9-]+)");
        const std::set<std::string> documented = matches(section, "\n\\| `(--[a-z0-9-]+)");
        for (const std::string& option : options) {
            if (option == "--help") continue;
            EXPECT_TRUE(documented.contains(option)) << "banyan " << command << ": docs/cli.md lacks " << option;
        }
        for (const std::string& option : documented) {
            EXPECT_TRUE(options.contains(option))
                << "banyan " << command << ": docs/cli.md has " << option << ", which is no option";
        }
    }
}

} // namespace
} // namespace banyan::test
