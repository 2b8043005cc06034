#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "rules.h"
#include "source_file.h"

namespace banyan::lint {
namespace {

const std::vector<SourceFile>& sources() {
    static const std::vector<SourceFile> files = project_sources(BANYAN_SOURCE_DIR);
    return files;
}

template <typename Rule>
void hold_all_files_to(Rule rule) {
    for (const SourceFile& file : sources()) {
        for (const Finding& finding : rule(file)) {
            ADD_FAILURE_AT(finding.path.c_str(), static_cast<int>(finding.line)) << finding.message;
        }
    }
}

TEST(Project, IsReadWhole) {
    std::set<std::string> folders;
    for (const SourceFile& file : sources()) folders.insert(file.folder());
    for (const std::string folder : {"core", "graph", "anchors", "tests"}) {
        EXPECT_TRUE(folders.contains(folder)) << folder;
    }
    EXPECT_FALSE(folders.contains("build"));
}

TEST(Project, KeepsTheLayering) { hold_all_files_to(check_layering); }

TEST(Project, IncludesFilesThatExist) {
    hold_all_files_to([](const SourceFile& file) { return check_includes_exist(file, sources()); });
}

TEST(Project, KeepsLibTorchToItsFolders) { hold_all_files_to(check_torch); }

TEST(Project, KeepsOpenCvToItsFolders) { hold_all_files_to(check_opencv); }

TEST(Project, KeepsJsonToItsFiles) { hold_all_files_to(check_json); }

TEST(Project, KeepsFilesAndFunctionsShort) { hold_all_files_to(check_lengths); }

TEST(Project, KeepsLinesShort) { hold_all_files_to(check_columns); }

TEST(Project, GivesEachTypeANameOfItsOwn) {
    for (const Finding& finding : check_type_names(sources())) {
        ADD_FAILURE_AT(finding.path.c_str(), static_cast<int>(finding.line)) << finding.message;
    }
}

TEST(Project, KeepsItsHabits) { hold_all_files_to(check_habits); }

TEST(Project, HasScriptsThatCanBeCalled) {
    namespace fs = std::filesystem;
    int count = 0;
    for (const char* folder : {"/benchmarks", "/scripts"}) {
        for (const auto& item : fs::recursive_directory_iterator(BANYAN_SOURCE_DIR + std::string(folder))) {
            std::string first;
            std::getline(std::ifstream(item.path()), first);
            if (!first.starts_with("#!")) continue;
            const fs::perms execute = item.status().permissions() & fs::perms::owner_exec;
            EXPECT_NE(execute, fs::perms::none) << item.path() << ": chmod +x";
            ++count;
        }
    }
    EXPECT_GT(count, 0);
}

} // namespace
} // namespace banyan::lint
