#pragma once

#include <exception>
#include <string>
#include <typeinfo>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace banyan::test {

/// Runs `action` and expects an exception of type Expected (exactly, or derived from it) whose what() is one line
/// without a line break that contains every one of `words`. Reports a test failure otherwise.
///
///     expect_error<ConfigError>([&] { reader.finish(); }, {"a.json:/scalez", "unknown key", "did you mean"});
template <typename Expected, typename Action>
void expect_error(Action&& action, const std::vector<std::string>& words = {}) {
    try {
        std::forward<Action>(action)();
    } catch (const Expected& error) {
        const std::string what = error.what();
        EXPECT_FALSE(what.empty()) << "the message is empty";
        EXPECT_EQ(what.find_first_of("\r\n"), std::string::npos) << "the message is not one line: " << what;
        for (const std::string& word : words) {
            EXPECT_NE(what.find(word), std::string::npos) << "\"" << word << "\" is missing in: " << what;
        }
        return;
    } catch (const std::exception& error) {
        ADD_FAILURE() << "expected " << typeid(Expected).name() << ", got " << typeid(error).name() << ": "
                      << error.what();
        return;
    }
    ADD_FAILURE() << "expected " << typeid(Expected).name() << ", nothing was thrown";
}

} // namespace banyan::test

namespace banyan {
using test::expect_error;
} // namespace banyan
