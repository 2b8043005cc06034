#include "rules.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace banyan::lint {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

SourceFile file_of(const std::string& path, const std::string& text) { return {path, text}; }

SourceFile including(const std::string& path, const std::string& target) {
    return file_of(path, "#include " + target + "\n");
}

TEST(CheckLayering, AllowsOnlyTheEdgesOfTheTable) {
    EXPECT_THAT(check_layering(including("heads/a.cpp", "\"anchors/b.h\"")), IsEmpty());
    EXPECT_THAT(check_layering(including("heads/a.cpp", "\"heads/b.h\"")), IsEmpty());
    EXPECT_THAT(check_layering(including("core/a.cpp", "\"graph/b.h\"")), SizeIs(1));
    EXPECT_THAT(check_layering(including("train/a.cpp", "\"infer/b.h\"")), SizeIs(1));
    EXPECT_THAT(check_layering(including("infer/a.cpp", "\"train/b.h\"")), SizeIs(1));
    EXPECT_THAT(check_layering(including("infer/quant/a.cpp", "\"data/b.h\"")), SizeIs(1));
    EXPECT_THAT(check_layering(including("model/a.h", "\"apps/b.h\"")), SizeIs(1));
    const Findings findings = check_layering(file_of("graph/a.h", "#pragma once\n#include \"eval/b.h\"\n"));
    ASSERT_THAT(findings, SizeIs(1));
    EXPECT_EQ(findings[0].line, 2U);
    EXPECT_THAT(findings[0].message, HasSubstr("graph/ may not include eval/; allowed: core"));
}

TEST(CheckLayering, LetsAppsAndTestsSeeTheWholeLibrary) {
    for (const std::string target : {"\"train/a.h\"", "\"infer/a.h\"", "\"report/a.h\""}) {
        EXPECT_THAT(check_layering(including("apps/a.cpp", target)), IsEmpty());
        EXPECT_THAT(check_layering(including("tests/core/a_test.cpp", target)), IsEmpty());
        EXPECT_THAT(check_layering(including("benchmarks/a.cpp", target)), IsEmpty());
    }
    EXPECT_THAT(check_layering(including("tests/core/a_test.cpp", "\"helper.h\"")), IsEmpty());
    EXPECT_THAT(check_layering(including("apps/a.cpp", "\"tests/support/a.h\"")), SizeIs(1));
}

TEST(CheckLayering, WantsOwnHeadersInQuotesByTheirPathFromTheRoot) {
    EXPECT_THAT(check_layering(including("core/a.cpp", "\"b.h\"")), SizeIs(1));
    EXPECT_THAT(check_layering(including("graph/a.cpp", "\"../core/b.h\"")), SizeIs(1));
    EXPECT_THAT(check_layering(including("graph/a.cpp", "<core/b.h>")), SizeIs(1));
    EXPECT_THAT(check_layering(including("graph/a.cpp", "<vector>")), IsEmpty());
}

TEST(CheckLayering, WantsEveryFolderInTheTable) { EXPECT_THAT(check_layering(file_of("misc/a.cpp", "")), SizeIs(1)); }

TEST(CheckLayering, IgnoresIncludesInCommentsAndTexts) {
    EXPECT_THAT(check_layering(file_of("core/a.cpp", "// #include \"graph/b.h\"\n/*\n#include \"graph/b.h\"\n*/\n"
                                                     "auto t = R\"(\n#include \"graph/b.h\"\n)\";\n")),
                IsEmpty());
}

TEST(CheckIncludesExist, FindsDeadIncludes) {
    const SourceFile box = file_of("core/box.h", "");
    const SourceFile helper = file_of("tests/core/helper.h", "");
    EXPECT_THAT(check_includes_exist(including("core/a.cpp", "\"core/box.h\""), {box}), IsEmpty());
    EXPECT_THAT(check_includes_exist(including("core/a.cpp", "\"core/bix.h\""), {box}), SizeIs(1));
    EXPECT_THAT(check_includes_exist(including("tests/core/a.cpp", "\"helper.h\""), {helper}), IsEmpty());
    EXPECT_THAT(check_includes_exist(including("tests/graph/a.cpp", "\"helper.h\""), {helper}), SizeIs(1));
}

TEST(CheckTorch, KeepsTheLowerFoldersAndTheirTestsFree) {
    EXPECT_THAT(check_torch(including("model/a.h", "<ATen/core/Tensor.h>")), IsEmpty());
    EXPECT_THAT(check_torch(including("train/a.cpp", "\"model/libtorch.h\"")), IsEmpty());
    EXPECT_THAT(check_torch(including("tests/train/a.h", "\"model/libtorch.h\"")), IsEmpty());
    EXPECT_THAT(check_torch(including("train/a.cpp", "<torch/torch.h>")), SizeIs(1));
    EXPECT_THAT(check_torch(including("infer/torch_executor.h", "<ATen/core/Tensor.h>")), IsEmpty());
    EXPECT_THAT(check_torch(including("model/a.h", "\"model/libtorch.h\"")), SizeIs(1));
    EXPECT_THAT(check_torch(including("infer/detector.h", "<ATen/core/Tensor.h>")), SizeIs(1));
    EXPECT_THAT(check_torch(including("heads/a.cpp", "<ATen/core/Tensor.h>")), SizeIs(1));
    EXPECT_THAT(check_torch(including("tests/core/a_test.cpp", "<c10/util/Exception.h>")), SizeIs(1));
}

TEST(CheckOpenCv, StaysInDataSourcesAndApps) {
    const std::string opencv = "<opencv2/core.hpp>";
    EXPECT_THAT(check_opencv(including("data/a.cpp", opencv)), IsEmpty());
    EXPECT_THAT(check_opencv(including("apps/a.cpp", opencv)), IsEmpty());
    EXPECT_THAT(check_opencv(including("tests/data/a_test.cpp", opencv)), IsEmpty());
    EXPECT_THAT(check_opencv(including("data/a.h", opencv)), SizeIs(1));
    EXPECT_THAT(check_opencv(including("train/a.cpp", opencv)), SizeIs(1));
    EXPECT_THAT(check_opencv(including("tests/core/a_test.cpp", opencv)), SizeIs(1));
}

TEST(CheckJson, StaysInReadersAndConfigs) {
    const std::string json = "<nlohmann/json.hpp>";
    for (const std::string path :
         {"core/a.h", "data/coco_reader.cpp", "eval/results.cpp", "graph/graph_json.cpp", "heads/head_config.cpp",
          "tests/train/a_test.cpp", "apps/train.cpp", "train/run_folder.cpp"}) {
        EXPECT_THAT(check_json(including(path, json)), IsEmpty()) << path;
    }
    for (const std::string path : {"heads/head_config.h", "model/checkpoint.cpp", "data/dataset.h", "graph/graph.cpp",
                                   "heads/misconfig.cpp", "train/trainer.cpp"}) {
        EXPECT_THAT(check_json(including(path, json)), SizeIs(1)) << path;
    }
}

std::string lines(std::size_t count) {
    std::string text;
    for (std::size_t i = 0; i < count; ++i) text += "int a;\n";
    return text;
}

TEST(CheckLengths, LimitsLinesOfFiles) {
    EXPECT_THAT(check_lengths(file_of("core/a.h", lines(200))), IsEmpty());
    EXPECT_THAT(check_lengths(file_of("core/a.h", lines(201))), SizeIs(1));
    EXPECT_THAT(check_lengths(file_of("core/a.cpp", lines(400))), IsEmpty());
    const Findings findings = check_lengths(file_of("core/a.cpp", lines(401)));
    ASSERT_THAT(findings, SizeIs(1));
    EXPECT_EQ(findings[0].message, "401 lines; a source file has at most 400: split it by concept");
}

TEST(CheckLengths, LimitsLinesOfFunctions) {
    EXPECT_THAT(check_lengths(file_of("core/a.cpp", "void f() {\n" + lines(58) + "}\n")), IsEmpty());
    const Findings findings = check_lengths(file_of("core/a.cpp", "\nvoid f() {\n" + lines(59) + "}\n"));
    ASSERT_THAT(findings, SizeIs(1));
    EXPECT_EQ(findings[0].line, 2U);
    EXPECT_EQ(findings[0].message, "a function of 61 lines, at most 60: void f()");
}

TEST(CheckColumns, CountsCharacters) {
    std::string euros;
    for (int i = 0; i < 118; ++i) euros += "\xE2\x82\xAC";
    EXPECT_THAT(check_columns(file_of("core/a.cpp", "//" + euros)), IsEmpty());
    EXPECT_THAT(check_columns(file_of("core/a.cpp", "// " + euros)), SizeIs(1));
}

TEST(CheckHabits, FindsThemAll) {
    EXPECT_THAT(check_habits(file_of("core/a.h", "#pragma once\n\nint a;\n")), IsEmpty());
    EXPECT_THAT(check_habits(file_of("core/a.h", "// text\n#pragma once\n")), SizeIs(1));
    EXPECT_THAT(check_habits(file_of("core/a.cpp", std::string("// TO") + "DO: later\n")), SizeIs(1));
    EXPECT_THAT(check_habits(file_of("core/a.cpp", "\tint a;\n")), SizeIs(1));
    EXPECT_THAT(check_habits(file_of("core/a.cpp", "int a; \n")), SizeIs(1));
}

TEST(CheckTypeNames, FindsTwoDefinitionsInOneNamespace) {
    const std::string opening = "namespace banyan {\n", closing = "\n} // namespace banyan\n";
    const SourceFile first = file_of("core/a.h", opening + "struct A {\n};\nclass B;" + closing);
    const auto found = [&](const std::string& path, const std::string& text) {
        return check_type_names({first, file_of(path, text)});
    };
    EXPECT_THAT(found("data/a.h", opening + "enum class A { one };" + closing), SizeIs(1));
    EXPECT_THAT(found("data/a.h", opening + "class A final : public C {\n};" + closing), SizeIs(1));
    EXPECT_THAT(found("data/a.h", opening + "class A;\nstruct B {};" + closing), IsEmpty());
    EXPECT_THAT(found("data/a.h", "namespace banyan::demo {\nstruct A {};\n} // namespace banyan::demo\n"), IsEmpty());
    EXPECT_THAT(found("data/a.cpp", opening + "struct A {};" + closing), IsEmpty());
}

} // namespace
} // namespace banyan::lint
