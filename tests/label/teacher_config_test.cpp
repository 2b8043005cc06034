#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "label/teacher_options.h"
#include "network/model_config.h"
#include "support/expect_error.h"

namespace banyan {
namespace {

const ClassTable& table() {
    static const ClassTable classes({{"person", {"person"}}, {"face", {"bare", "masked"}}});
    return classes;
}

std::vector<LabelTeacherOptions> parse(const std::string& text) {
    ConfigReader reader = ConfigReader::from_text(text, "folder/teachers.json");
    return parse_teachers(reader, table());
}

std::string list_of(const std::string& teacher) { return R"({"teachers": [)" + teacher + "]}"; }

constexpr const char* kLevel = R"({"classes": "1", "boxes": "2", "sizes_px": [10, 20]})";

std::string ssd_with(const std::string& decoder, const std::string& tasks) {
    return list_of(R"({"name": "t", "onnx": "a.onnx", "decoder": )" + decoder + R"(, "tasks": )" + tasks + "}");
}

TEST(TeacherConfig, ReadsModelsOfOurs) {
    const auto teachers = parse(list_of(
        R"({"name": "t", "model": "../a.banyan.safetensors", "tasks": ["face"], "thresholds": {"bare": [0.2, 0.6]}})"));
    ASSERT_EQ(teachers.size(), 1U);
    EXPECT_EQ(teachers[0].file, "a.banyan.safetensors");
    EXPECT_EQ(teachers[0].classes, (std::vector{1, 2}));
    EXPECT_FALSE(teachers[0].onnx);
    EXPECT_EQ(teachers[0].thresholds, (std::map<int, ScoreThresholds>{{1, {0.2, 0.6}}}));
}

TEST(TeacherConfig, ReadsDetectorsOfOthers) {
    const auto teachers = parse(ssd_with(std::string(R"({"kind": "ssd", "levels": [)") + kLevel +
                                             R"(], "variances": [0.3, 0.4], "mean": 127, "std": 128, "bgr": true})",
                                         R"({"face": {"1": "bare", "3": "masked", "4": "masked"}})"));
    const OnnxOptions& onnx = *teachers.at(0).onnx;
    const auto& ssd = std::get<SsdOptions>(onnx.decoder);
    EXPECT_EQ(ssd.levels.at(0).boxes, "2");
    EXPECT_THAT(ssd.levels.at(0).sizes_px, testing::ElementsAre(10, 20));
    EXPECT_EQ(ssd.variances.size, 0.4);
    EXPECT_TRUE(onnx.bgr);
    EXPECT_EQ(onnx.classes, (std::vector<std::pair<int, int>>{{1, 1}, {3, 2}, {4, 2}}));
    EXPECT_EQ(teachers[0].classes, (std::vector{1, 2}));
}

TEST(TeacherConfig, RefusesWhatItDoesNotKnow) {
    const auto refuses = [](const std::string& text, const std::vector<std::string>& words) {
        expect_error<ConfigError>([&] { parse(text); }, words);
    };
    refuses(R"({"teachers": []})", {"teachers.json:/teachers", "empty list"});
    refuses(list_of(R"({"name": "t", "tasks": ["face"]})"), {"/teachers/0", "neither"});
    refuses(list_of(R"({"name": "t", "model": "a", "onnx": "b", "tasks": ["face"]})"), {"one of the two"});
    refuses(list_of(R"({"name": "t", "model": "a", "tasks": ["fase"]})"), {"unknown task \"fase\"", "face"});
    refuses(list_of(R"({"name": "t", "model": "a", "tasks": []})"), {"/tasks", "empty"});
    refuses(list_of(R"({"name": "", "model": "a", "tasks": ["face"]})"), {"/name"});
    refuses(list_of(R"({"name": "t", "model": "a", "tasks": ["face"], "score": 1})"), {"/score", "unknown key"});
    const std::string one = R"({"name": "t", "model": "a", "tasks": ["face"]})";
    refuses(list_of(one + "," + one), {"named twice"});
    refuses(list_of(R"({"name": "t", "model": "a", "tasks": ["face"], "thresholds": {"bare": [0.6, 0.2]}})"),
            {"/thresholds/bare", "low <= high"});
    refuses(list_of(R"({"name": "t", "model": "a", "tasks": ["face"], "thresholds": {"nose": [0.6, 0.2]}})"),
            {"unknown class \"nose\""});
}

TEST(TeacherConfig, RefusesWrongDecoders) {
    const auto refuses = [](const std::string& decoder, const std::string& tasks,
                            const std::vector<std::string>& words) {
        expect_error<ConfigError>([&] { parse(ssd_with(decoder, tasks)); }, words);
    };
    const std::string fast = R"({"kind": "fastestdet"})", person = R"({"person": {"0": "person"}})";
    EXPECT_EQ(parse(ssd_with(fast, person)).size(), 1U);
    refuses(R"({"kind": "yolo"})", person, {"/decoder/kind", "ssd", "fastestdet"});
    refuses(R"({"kind": "ssd", "levels": []})", person, {"/decoder/levels", "empty"});
    refuses(std::string(R"({"kind": "ssd", "levels": [)") + kLevel + R"(], "variances": [1]})", person,
            {"/decoder/variances"});
    refuses(R"({"kind": "fastestdet", "levels": []})", person, {"/decoder/levels", "unknown key"});
    refuses(R"({"kind": "fastestdet", "std": 0})", person, {"/decoder/std"});
    refuses(fast, R"({"person": {"zero": "person"}})", {"/tasks/person/zero", "its number"});
    refuses(fast, R"({"person": {"0": "bare"}})", {"no class of the task"});
    refuses(fast, R"({"person": {"0": "persn"}})", {"unknown class", "person"});
    refuses(fast, R"({"dog": {"0": "person"}})", {"unknown task"});
    refuses(fast, R"({"person": {"0": "person"}, "face": {"0": "bare"}})", {"mapped twice"});
    refuses(fast, "{}", {"/tasks", "empty"});
}

TEST(TeacherConfig, EveryFileInConfigsLoadsWithTheTasksOfPeople) {
    const std::string configs = std::string(BANYAN_SOURCE_DIR) + "/configs/";
    ConfigReader people = ConfigReader::from_file(configs + "people.json");
    const ClassTable tasks(parse_tasks(people));
    int count = 0;
    for (const auto& item : std::filesystem::directory_iterator(configs + "teachers")) {
        EXPECT_FALSE(load_teachers(item.path().string(), tasks).empty()) << item.path();
        ++count;
    }
    EXPECT_GT(count, 0);
}

TEST(StudentTeacher, TellsOfTheClassesOfAllTeachersTaskByTask) {
    const auto teachers = parse(R"({"teachers": [
        {"name": "a", "onnx": "a.onnx", "decoder": {"kind": "fastestdet"}, "tasks": {"face": {"0": "masked"}}},
        {"name": "b", "model": "b", "tasks": ["person"]},
        {"name": "c", "model": "c", "tasks": ["face"]}]})");
    const LabelTeacherOptions student = student_teacher("student.safetensors", teachers, table());
    EXPECT_EQ(student.file, "student.safetensors");
    EXPECT_EQ(student.classes, (std::vector{0, 1, 2}));
    EXPECT_FALSE(student.onnx);
    const LabelTeacherOptions of_persons = student_teacher("student.safetensors", {teachers[1]}, table());
    EXPECT_EQ(of_persons.classes, std::vector{0});
    EXPECT_NE(of_persons.settings, student.settings); // other tasks may find other boxes
}

TEST(StudentTeacher, IsTheOnlyOneOfItsName) {
    const auto teachers = parse(list_of(R"({"name": "student", "model": "a", "tasks": ["face"]})"));
    expect_error<ConfigError>([&] { student_teacher("b", teachers, table()); }, {"/teachers/0/name", "--student"});
}

} // namespace
} // namespace banyan
