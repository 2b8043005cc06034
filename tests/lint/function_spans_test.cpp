#include "function_spans.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "source_file.h"

namespace banyan::lint {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

/// "first-last" of each function.
std::vector<std::string> spans_of(const std::string& text) {
    std::vector<std::string> spans;
    for (const FunctionSpan& span : function_spans(text)) {
        spans.push_back(std::to_string(span.first_line) + "-" + std::to_string(span.last_line));
    }
    return spans;
}

TEST(FunctionSpans, FindsFreeFunctionsInNamespaces) {
    EXPECT_THAT(spans_of("namespace a::b {\nnamespace {\n\nint f(int x) {\n    return x;\n}\n\nvoid g() {}\n}\n}\n"),
                ElementsAre("4-6", "8-8"));
}

TEST(FunctionSpans, CountsASignatureOfSeveralLines) {
    const auto spans = function_spans("void f(int a,\n       int b) {\n}\n");
    ASSERT_EQ(spans.size(), 1U);
    EXPECT_EQ(spans[0].line_count(), 3U);
    EXPECT_EQ(spans[0].signature, "void f(int a, int b)");
}

TEST(FunctionSpans, FindsMembersOfClasses) {
    EXPECT_THAT(spans_of("class A final : public B<int(int)> {\npublic:\n    explicit A(int x) : x_(x) {\n    }\n"
                         "    int get() const noexcept override { return x_; }\nprivate:\n    int x_ = 0;\n"
                         "    std::array<int, 2> y_{1, 2};\n    void last() {\n    }\n};\n"),
                ElementsAre("3-4", "5-5", "9-10"));
}

TEST(FunctionSpans, FollowsConstructorsThroughTheirInitialisers) {
    EXPECT_THAT(spans_of("A::A(int x)\n    : B{x}, a_{x}, b_(f({1, 2})),\n      c_{3} {\n    g();\n}\nint h() {\n}\n"),
                ElementsAre("1-5", "6-7"));
}

TEST(FunctionSpans, KeepsLambdasAndLocalTypesInTheirFunction) {
    EXPECT_THAT(spans_of("void f() {\n    auto g = [](int x) {\n        return x;\n    };\n    struct L {\n"
                         "        void m() {}\n    };\n    if (x) {\n    } else {\n    }\n}\nvoid h() {}\n"),
                ElementsAre("1-11", "12-12"));
}

TEST(FunctionSpans, TakesTestsAndTemplatesForFunctions) {
    EXPECT_THAT(spans_of("TEST(A, B) {\n}\ntemplate <typename T>\nauto f(T x) -> std::vector<T> {\n}\n"),
                ElementsAre("1-2", "3-5"));
    EXPECT_THAT(spans_of("template <typename T>\nrequires std::integral<T>\n"
                         "void f(T x) noexcept(noexcept(x)) {\n}\n"),
                ElementsAre("1-4"));
    EXPECT_THAT(spans_of("struct stat f() {\n}\nbool operator()(int a) const {\n}\n"), ElementsAre("1-2", "3-4"));
}

TEST(FunctionSpans, IgnoresInitialisersAndTypes) {
    EXPECT_THAT(spans_of("const std::map<int, int> m{{1, 2},\n {3, 4}};\nint a[] = {\n1, f(2), {g(3)}\n};\n"
                         "enum class E : int { a, b };\nstruct alignas(64) S {\n    int x{3};\n};\n"
                         "union U { int a; };\n"
                         "extern \"C\" {\nint declared();\n}\n"),
                IsEmpty());
}

TEST(FunctionSpans, AreNotFooledByBracesInTextsCommentsAndMacros) {
    EXPECT_THAT(spans_of("#define OPEN(x) \\\n    if (x) {\n// {\n/* { */\nvoid f() {\n"
                         "    g(\"{\\\"{\", '{', R\"x({)\"})x\");\n"
                         "    int n = 1'000'000;\n    char c = '\\'';\n}\nvoid h() {\n}\n"),
                ElementsAre("5-9", "10-11"));
}

TEST(CodeOnly, BlanksCommentsAndLiteralsButKeepsLinesAndColumns) {
    EXPECT_EQ(code_only("a // b\nc"), "a     \nc");
    EXPECT_EQ(code_only("a/* b\n */c"), "a    \n   c");
    EXPECT_EQ(code_only("f(\"x\\\"y\", 'q')"), "f(\"    \", ' ')");
    EXPECT_EQ(code_only("R\"d(a)\"b)d\" + 1"), "R\"        \" + 1");
    EXPECT_EQ(code_only("1'0 + 0xA'B"), "1'0 + 0xA'B");
    EXPECT_EQ(code_only("// a \\\nb\nc"), "      \n \nc");
    EXPECT_EQ(code_only("\"open\nx"), "\"    \nx");
}

} // namespace
} // namespace banyan::lint
