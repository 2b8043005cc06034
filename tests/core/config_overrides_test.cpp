#include "core/config_overrides.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "core/config_reader.h"
#include "core/error.h"
#include "support/expect_error.h"

namespace banyan {
namespace {

std::string after(const std::string& json, const std::string& override) {
    auto root = nlohmann::ordered_json::parse(json);
    apply_config_override(root, override);
    return root.dump();
}

void expect_refused(const std::string& json, const std::string& override, const std::vector<std::string>& words) {
    SCOPED_TRACE(override);
    auto root = nlohmann::ordered_json::parse(json);
    const std::string before = root.dump();
    expect_error<ConfigError>([&] { apply_config_override(root, override); }, words);
    EXPECT_EQ(root.dump(), before);
}

TEST(ApplyConfigOverride, ReplacesOrAddsAValue) {
    EXPECT_EQ(after(R"({"train":{"lr":1}})", "/train/lr=0.01"), R"({"train":{"lr":0.01}})");
    EXPECT_EQ(after(R"({"train":{}})", "/train/lr=true"), R"({"train":{"lr":true}})");
    EXPECT_EQ(after(R"({"l":[1,{"k":2}]})", "/l/1/k=[3]"), R"({"l":[1,{"k":[3]}]})");
    EXPECT_EQ(after(R"({"l":[1,2]})", "/l/0={}"), R"({"l":[{},2]})");
    EXPECT_EQ(after("{}", "/new=null"), R"({"new":null})");
    EXPECT_EQ(after(R"({"a/b":1})", "/a~1b=2"), R"({"a/b":2})");
}

TEST(ApplyConfigOverride, TakesWhatIsNoJsonForAText) {
    EXPECT_EQ(after("{}", "/name=adam"), R"({"name":"adam"})");
    EXPECT_EQ(after("{}", "/name=\"0.1\""), R"({"name":"0.1"})");
    EXPECT_EQ(after("{}", "/name="), R"({"name":""})");
    EXPECT_EQ(after("{}", "/expression=a=b"), R"({"expression":"a=b"})");
    EXPECT_EQ(after("{}", "/folder=runs/1"), R"({"folder":"runs/1"})");
}

TEST(ApplyConfigOverride, RefusesHalfJsonInsteadOfMakingItAText) {
    expect_refused("{}", "/l=[1,", {"--set /l=[1,", "not valid JSON"});
    expect_refused("{}", "/l={\"a\":1,\"a\":2}", {"duplicate key"});
    expect_refused("{}", "/l=\"open", {"not valid JSON"});
}

TEST(ApplyConfigOverride, RefusesBadPointers) {
    expect_refused("{}", "/train/lr", {"--set /train/lr", "no '='"});
    expect_refused("{}", "train=1", {"not a JSON pointer", "/train/lr"});
    expect_refused("{}", "=1", {"not a JSON pointer"});
    expect_refused("{}", "/a~2=1", {"not a JSON pointer", "~0"});
    expect_refused("{}", "/a/b=1", {"\"/a\" does not exist"});
    expect_refused(R"({"a":5})", "/a/b=1", {"\"/a\" is not an object or a list"});
}

TEST(ApplyConfigOverride, NeverMakesAListLonger) {
    const std::string json = R"({"l":[1,2]})";
    for (const std::string index : {"2", "-", "-1", "01", "x", "99999999999999999999999", ""}) {
        expect_refused(json, "/l/" + index + "=1", {"--set", "no such element", "below 2"});
    }
    expect_refused(json, "/l/99999999999999999999999/k=1", {"does not exist"});
}

TEST(ApplyConfigOverride, RefusesBytesThatAreNoUtf8) {
    auto root = nlohmann::ordered_json::object();
    expect_error<ConfigError>([&] { apply_config_override(root, "/a=\xff"); }, {"not valid UTF-8"});
    expect_error<ConfigError>([&] { apply_config_override(root, "/\xff=1"); }, {"not valid UTF-8"});
}

TEST(ConfigReaderOverrides, ApplyInOrderAndAppearInTheDump) {
    ConfigReader reader = ConfigReader::from_text(R"({"a": 1})", "a.json", {"/a=2", "/o={}", "/o/k=3", "/a=4"});
    EXPECT_EQ(reader.dump(-1), R"({"a":4,"o":{"k":3}})");
    EXPECT_EQ(reader.integer("a", 0, 9), 4);
}

TEST(ConfigReaderOverrides, AreBlamedForTheirErrors) {
    const std::vector<std::string> overrides{"/lr=3", "/lr=fast", "/o={\"k\":1}"};
    ConfigReader reader = ConfigReader::from_text(R"({"lr": 1, "n": 1})", "a.json", overrides);
    expect_error<ConfigError>([&] { reader.real("lr", 0, 1); }, {"a.json:/lr (set by --set /lr=fast): wrong value"});
    expect_error<ConfigError>([&] { reader.object("o").text("k"); }, {"a.json:/o/k (set by --set /o={\"k\":1})"});
    expect_error<ConfigError>([&] { reader.text("n"); }, {"a.json:/n: wrong value"});
}

TEST(ConfigReaderOverrides, AreHeldToTheKnownKeys) {
    ConfigReader reader = ConfigReader::from_text("{}", "a.json", {"/epochz=3"});
    reader.integer("epochs", 0, 9, 1);
    expect_error<ConfigError>([&] { reader.finish(); }, {"--set /epochz=3", "unknown key", "did you mean \"epochs\"?"});
}

} // namespace
} // namespace banyan
