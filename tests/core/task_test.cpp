#include "core/task.h"

#include <stdexcept>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "core/error.h"
#include "support/expect_error.h"

namespace banyan {
namespace {

const std::vector<Task> kTasks{{"person", {"person"}}, {"head", {"helmet", "bare"}}, {"torso", {"vest", "none"}}};

TEST(ClassTable, NumbersClassesTaskByTask) {
    const ClassTable table(kTasks);
    EXPECT_EQ(table.size(), 5);
    EXPECT_EQ(table.tasks(), kTasks);
    EXPECT_EQ(table.class_names(), (std::vector<std::string>{"person", "helmet", "bare", "vest", "none"}));
    EXPECT_EQ(table.class_name(2), "bare");
    EXPECT_EQ(table.task_of(0), 0);
    EXPECT_EQ(table.task_of(2), 1);
    EXPECT_EQ(table.task_name_of(4), "torso");
    EXPECT_EQ(table.first_class(0), 0);
    EXPECT_EQ(table.first_class(1), 1);
    EXPECT_EQ(table.first_class(2), 3);
}

TEST(ClassTable, FindsByExactName) {
    const ClassTable table(kTasks);
    EXPECT_EQ(table.find_class("vest"), 3);
    EXPECT_EQ(table.find_class("Vest"), std::nullopt);
    EXPECT_EQ(table.find_class("head"), std::nullopt);
    EXPECT_EQ(table.find_task("head"), 1);
    EXPECT_EQ(table.find_task("helmet"), std::nullopt);
    for (int id = 0; id < table.size(); ++id) EXPECT_EQ(table.find_class(table.class_name(id)), id);
}

TEST(ClassTable, IsEmptyByDefault) {
    EXPECT_EQ(ClassTable().size(), 0);
    EXPECT_EQ(ClassTable(std::vector<Task>{}).find_class("x"), std::nullopt);
}

void expect_refused(const std::vector<Task>& tasks, const std::vector<std::string>& words) {
    expect_error<ConfigError>([&] { ClassTable{tasks}; }, words);
}

TEST(ClassTable, RefusesBadTasks) {
    expect_refused({Task{"a", {"x"}}, Task{"a", {"y"}}}, {"tasks", "\"a\" is named twice"});
    expect_refused({Task{"a", {"x", "y", "x"}}}, {"class \"x\" is listed twice", "\"a\""});
    expect_refused({Task{"a", {"x"}}, Task{"b", {"x"}}}, {"\"x\" is listed twice", "\"b\""});
    expect_refused({Task{"a", {}}}, {"\"a\" has no classes"});
    expect_refused({Task{"", {"x"}}}, {"task 0", "empty name"});
    expect_refused({Task{"a", {""}}}, {"\"a\"", "empty name"});
}

TEST(ClassTable, ChecksIds) {
    const ClassTable table(kTasks);
    EXPECT_THROW(table.class_name(5), std::out_of_range);
    EXPECT_THROW(table.task_of(-1), std::out_of_range);
    EXPECT_THROW(table.first_class(3), std::out_of_range);
}

} // namespace
} // namespace banyan
