#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "process.h"
#include "support/temp_dir.h"

namespace banyan::test {
namespace {

using nlohmann::json;
using testing::HasSubstr;

/// 40 pictures with one object each of "cat" and "dog"; pictures above 30 do not judge dogs.
class Compare : public testing::Test {
protected:
    static constexpr int kPictures = 40, kWithDogs = 30;

    Compare() : truth_(dir_.write("gt.json", truth().dump())) {}

    static json truth() {
        json file{{"images", json::array()}, {"annotations", json::array()}};
        file["categories"] = {{{"id", 1}, {"name", "cat"}, {"task", "pet"}},
                              {{"id", 2}, {"name", "dog"}, {"task", "pet"}}};
        for (int i = 1; i <= kPictures; ++i) {
            file["images"].push_back({{"id", i}, {"neg_category_ids", json::array()}});
            for (int k = 1; k <= (i <= kWithDogs ? 2 : 1); ++k) {
                file["annotations"].push_back({{"id", 2 * i + k},
                                               {"image_id", i},
                                               {"category_id", k},
                                               {"bbox", {10 * k, 10, 50, 50}},
                                               {"area", 2500},
                                               {"iscrowd", 0}});
            }
        }
        return file;
    }

    /// Finds every `step`th object of the category, and a dog in every picture that does not judge dogs.
    std::string results(const std::string& name, const std::vector<int>& categories, int step) const {
        json file = json::array();
        for (int i = 1; i <= kPictures; ++i) {
            for (const int k : categories) {
                if (i % step == 0 || (k == 2 && i > kWithDogs)) {
                    file.push_back({{"image_id", i},
                                    {"category_id", k},
                                    {"bbox", {10 * k, 10, 50, 50}},
                                    {"score", 0.5 + 0.01 * i}});
                }
            }
        }
        return dir_.write(name, file.dump());
    }

    Outcome compare(const std::vector<std::string>& more) const {
        std::vector<std::string> words{"compare", "--ground-truth", truth_};
        words.insert(words.end(), more.begin(), more.end());
        return banyan(words);
    }

    TempDir dir_;
    std::string truth_;
};

TEST_F(Compare, GivesNumbersAndDifferencesWithIntervals) {
    const std::string all = results("all.json", {1, 2}, 1), half = results("half.json", {1, 2}, 2);
    const Outcome outcome = compare({all, half, all, "--resamples", "500", "--json"});
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    const json result = json::parse(outcome.out);
    EXPECT_EQ(result.at("images"), kPictures);
    EXPECT_EQ(result.at("resamples"), 500);
    EXPECT_EQ(result.at("sides")[1].at("name"), "B");
    const json& dog = result.at("classes").at("dog").at("ap50");
    EXPECT_NEAR(dog.at("sides")[0].at("estimate").get<double>(), 1, 1e-12) << "dogs are not judged everywhere";
    EXPECT_NEAR(dog.at("sides")[1].at("estimate").get<double>(), 0.5, 0.01);
    const json& mean = result.at("mean").at("ap");
    EXPECT_EQ(mean, result.at("tasks").at("pet").at("ap"));
    EXPECT_NEAR(mean.at("differences")[0].at("estimate").get<double>(), 0.5, 0.01);
    EXPECT_GT(mean.at("differences")[0].at("low").get<double>(), 0.25);
    EXPECT_LT(mean.at("differences")[0].at("high").get<double>(), 0.75);
    EXPECT_EQ(mean.at("differences")[0].at("share_above_zero"), 1);
    EXPECT_EQ(mean.at("differences")[1].at("high"), 0) << "the third side is the first";
    const Outcome table = compare({all, half});
    EXPECT_THAT(table.out, HasSubstr("A - B"));
    EXPECT_THAT(table.out, HasSubstr("+49.5  ["));
}

TEST_F(Compare, TakesSeedsAndNetworksOfAPartEach) {
    const std::string cats = results("cats.json", {1}, 1), dogs = results("dogs.json", {2}, 1);
    const std::string all = results("all.json", {1, 2}, 1), half = results("half.json", {1, 2}, 2);
    const Outcome outcome = compare({"--a", all, half, "--b", cats + "," + dogs, half, "--resamples", "100", "--json"});
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    const json difference = json::parse(outcome.out).at("mean").at("ap").at("differences")[0];
    EXPECT_EQ(difference.at("estimate"), 0);
    EXPECT_EQ(difference.at("low"), 0);
    EXPECT_EQ(compare({"--a", all, "--b", half, "--resample-seeds", "--resamples", "10"}).code, 0);
}

TEST_F(Compare, RefusesWhatCannotBeCompared) {
    const std::string all = results("all.json", {1, 2}, 1), dogs = results("dogs.json", {2}, 1);
    EXPECT_EQ(compare({}).code, 2);
    EXPECT_EQ(compare({"--a", all}).code, 2);
    EXPECT_EQ(compare({all, "--a", all, "--b", all}).code, 2);
    EXPECT_EQ(compare({all, "--resamples", "0"}).code, 2);
    const Outcome twice = compare({all + "," + dogs});
    EXPECT_EQ(twice.code, 3);
    EXPECT_THAT(twice.err, HasSubstr("\"dog\""));
    EXPECT_EQ(compare({dir_.file("none.json")}).code, 5);
}

} // namespace
} // namespace banyan::test
