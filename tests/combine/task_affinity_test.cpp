#include "combine/task_affinity.h"

#include <cmath>

#include <gtest/gtest.h>

#include "core/error.h"
#include "support/expect_error.h"
#include "support/temp_dir.h"

namespace banyan::test {
namespace {

TaskAffinities example() {
    TaskAffinities affinities{{"person", "face"}, {}, 120, "run/weights/last.banyan.safetensors"};
    affinities.matrices = {empty_matrix(kLookAhead, 2), empty_matrix(kGradientCosine, 2)};
    affinities.matrices[0].values[0][1] = {0.0123456789012345, 0.002, 30};
    affinities.matrices[0].values[1][0] = {-0.5, std::nan(""), 1};
    return affinities;
}

void expect_equal(double actual, double expected) {
    if (std::isnan(expected)) {
        EXPECT_TRUE(std::isnan(actual)) << actual;
    } else {
        EXPECT_EQ(actual, expected);
    }
}

TEST(TaskAffinities, ComeBackFromTheirFileToTheBit) {
    const TempDir folder;
    const TaskAffinities written = example();
    const TaskAffinities read = load_affinities(folder.write("affinities.json", affinities_json(written)));
    EXPECT_EQ(read.tasks, written.tasks);
    EXPECT_EQ(read.step, 120);
    EXPECT_EQ(read.model, written.model);
    ASSERT_EQ(read.matrices.size(), 2U);
    for (std::size_t m = 0; m < 2; ++m) {
        const AffinityMatrix &actual = read.matrices[m], &expected = written.matrices[m];
        EXPECT_EQ(actual.key, expected.key);
        EXPECT_EQ(actual.title, expected.title);
        EXPECT_EQ(actual.about, expected.about);
        EXPECT_EQ(actual.symmetric, expected.symmetric);
        for (std::size_t i = 0; i < 4; ++i) {
            const MeasuredMean &a = actual.values[i / 2][i % 2], &e = expected.values[i / 2][i % 2];
            expect_equal(a.mean, e.mean);
            expect_equal(a.error, e.error);
            EXPECT_EQ(a.count, e.count);
        }
    }
}

TEST(TaskAffinities, AreFoundByKey) {
    const TaskAffinities affinities = example();
    ASSERT_NE(affinities.find(kGradientCosine), nullptr);
    EXPECT_TRUE(affinities.find(kGradientCosine)->symmetric);
    EXPECT_EQ(affinities.find(kPoolingDrop), nullptr);
}

TEST(TaskAffinities, RefuseDamagedFilesWithTheirPlace) {
    const TempDir folder;
    const auto refused = [&](const std::string& from, const std::string& to, const std::string& place) {
        std::string text = affinities_json(example());
        text.replace(text.find(from), from.size(), to);
        const std::string path = folder.write("a.json", text);
        expect_error<DataError>([&] { load_affinities(path); }, {"a.json", place});
    };
    refused("\"person\",", "\"person\", \"hand\",", "/matrices/0/mean");
    refused("0.0123456789012345", "\"much\"", "/matrices/0/mean");
    refused("30", "-1", "/matrices/0/count");
    refused("\"step\"", "\"stop\"", "step");
    refused("\"schema_version\": 1", "\"schema_version\": 2", "/schema_version");
    expect_error<IoError>([&] { load_affinities(folder.file("none.json")); }, {"none.json"});
}

TEST(TransplantDrops, AskForEachPairOnceAndPutBothTasksLossesInPlace) {
    int asked = 0;
    const AffinityMatrix drops = transplant_drops(3, [&](std::size_t a, std::size_t b) {
        ++asked;
        EXPECT_LT(a, b);
        const auto lost = [](std::size_t task, std::size_t with) {
            return MeasuredMean{static_cast<double>(10 * with + task), 0.1, 5};
        };
        return PairDrops{lost(a, b), lost(b, a)};
    });
    EXPECT_EQ(asked, 3);
    for (std::size_t from = 0; from < 3; ++from) {
        for (std::size_t onto = 0; onto < 3; ++onto) {
            if (from == onto) continue;
            EXPECT_EQ(drops.values[from][onto].mean, static_cast<double>(10 * from + onto));
        }
    }
    EXPECT_TRUE(std::isnan(drops.values[1][1].mean));
}

TEST(EmptyMatrix, KnowsTheKeysOfAllMatricesAndNoOther) {
    for (const char* key : {kLookAhead, kGradientCosine, kGradientRatio, kScaleOverlap, kAspectOverlap, kAnchorIou,
                            kContainment, kCooccurrence, kPoolingDrop, kTransplantDrop}) {
        EXPECT_FALSE(empty_matrix(key, 2).about.empty()) << key;
    }
    expect_error<CheckError>([] { empty_matrix("look_behind", 2); }, {"look_behind"});
}

} // namespace
} // namespace banyan::test
