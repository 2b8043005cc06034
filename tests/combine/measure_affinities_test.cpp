#include "combine/measure_affinities.h"

#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/atomic_file.h"
#include "core/error.h"
#include "drawn_tasks.h"
#include "support/expect_error.h"
#include "train/trainer.h"

namespace banyan::test {
namespace {

using testing::HasSubstr;

class Measure : public testing::Test {
protected:
    MeasureOptions options(const std::string& folder) const {
        MeasureOptions options;
        options.folder = data_.file(folder);
        options.every = 2;
        options.probes = 2;
        options.probe.rows = 4;
        return options;
    }
    std::string text(const std::string& name) const { return read_file(data_.file(name)); }

    DrawnTasks data_;
    RunConfig config_ = data_.config();
};

TEST_F(Measure, ProbesLeaveNoTraceInTheRun) {
    const MeasureOutcome outcome = measure_affinities(config_, options("measured"));
    train(config_, data_.file("plain"), false);
    for (const char* name : {"/weights/last.banyan.safetensors", "/metrics.jsonl", "/predictions.coco.json"}) {
        EXPECT_TRUE(text(std::string("measured/run") + name) == text(std::string("plain") + name)) << name;
    }
    EXPECT_FALSE(std::filesystem::exists(data_.file("plain/affinity.jsonl")));
    ASSERT_EQ(outcome.affinities.tasks.size(), 3U);
    EXPECT_EQ(outcome.affinities.step, 6);
    EXPECT_EQ(outcome.affinities.matrices.size(), 10U);
    EXPECT_EQ(outcome.affinities.find(kLookAhead)->values[0][1].count, 3);
    EXPECT_GT(outcome.affinities.find(kScaleOverlap)->values[0][1].mean, 0.99);
    EXPECT_EQ(outcome.affinities.find(kAspectOverlap)->values[0][2].mean, 0);
}

TEST_F(Measure, GoesOnWhereItWasStopped) {
    measure_affinities(config_, options("whole"));
    // As if it was killed behind the probe of step 4, whose checkpoint is there, amid a line.
    MeasureOptions again = options("stopped");
    {
        TrainHooks hooks;
        std::optional<AffinityProbe> probe;
        hooks.after_step = [&](MultiTaskModel& model, const std::vector<Dataset>& datasets, std::int64_t step) {
            if (step == 5) throw IoError("the machine went down");
            if (step % 2 != 0) return std::string();
            if (!probe) probe.emplace(config_, datasets, again.probe);
            AffinityProbeResult result = probe->measure(model, step / 2 - 1);
            result.step = step;
            return probe_json({"red", "crimson", "blue"}, result);
        };
        expect_error<IoError>([&] { train(config_, data_.file("stopped/run"), false, hooks); });
        const std::string log = data_.file("stopped/run/affinity.jsonl");
        write_file_atomically(log, read_file(log) + "{\"step\": 6, \"ta");
    }
    again.resume = true;
    measure_affinities(config_, again);
    for (const char* name : {"/run/affinity.jsonl", "/affinities.json", "/unmerged.banyan.safetensors"}) {
        EXPECT_TRUE(text(std::string("stopped") + name) == text(std::string("whole") + name)) << name;
    }
    EXPECT_EQ(affinities_json(measure_affinities(config_, again).affinities), text("whole/affinities.json"));
}

TEST_F(Measure, ProbesAGivenModelWithoutTraining) {
    measure_affinities(config_, options("joint"));
    MeasureOptions given = options("given");
    given.model = data_.file("joint/unmerged.banyan.safetensors");
    given.probes = 3;
    const MeasureOutcome outcome = measure_affinities(config_, given);
    EXPECT_FALSE(std::filesystem::exists(data_.file("given/run")));
    EXPECT_EQ(outcome.affinities.find(kGradientCosine)->values[0][1].count, 3);
    EXPECT_EQ(affinities_json(outcome.affinities), text("given/affinities.json"));
    EXPECT_TRUE(text("given/unmerged.banyan.safetensors") == text("joint/unmerged.banyan.safetensors"));

    // Killed behind its second probe.
    MeasureOptions stopped = given;
    stopped.folder = data_.file("stopped");
    const std::string probes = text("given/probes.jsonl");
    write_file_atomically(stopped.folder + "/probes.jsonl", probes.substr(0, probes.find('\n') + 1));
    stopped.resume = true;
    measure_affinities(config_, stopped);
    EXPECT_EQ(text("stopped/probes.jsonl"), probes);
    EXPECT_EQ(text("stopped/affinities.json"), text("given/affinities.json"));
}

TEST_F(Measure, RefusesFoldersOfOtherMeasurementsAndWhatCannotBeMeasured) {
    MeasureOptions options = this->options("out");
    options.every = 7;
    expect_error<UsageError>([&] { measure_affinities(config_, options); }, {"--every", "at most", "6", "7"});
    options.every = 2;
    write_file_atomically(options.folder + "/measure.json", measurement_json(config_, options));
    expect_error<UsageError>([&] { measure_affinities(config_, options); }, {"--out", "--resume"});
    options.resume = true;
    options.probe.rows = 5;
    expect_error<UsageError>([&] { measure_affinities(config_, options); }, {"measure.json", "another config"});
    expect_error<UsageError>([&] { measure_affinities(restrict_to_tasks(config_, {"red"}), this->options("one")); },
                             {"only \"red\""});
}

TEST(AffinitySection, ShowsEveryMatrixWithWhatItSays) {
    TaskAffinities affinities{{"red", "blue"}, {empty_matrix(kLookAhead, 2), empty_matrix(kContainment, 2)}, 10, ""};
    affinities.matrices[0].values[0][1] = {-0.00123, 0.0004, 12};
    HtmlReport report("Test");
    add_affinity_section(report, affinities);
    const std::string html = report.html();
    for (const AffinityMatrix& matrix : affinities.matrices) {
        EXPECT_THAT(html, HasSubstr(matrix.title));
    }
    EXPECT_THAT(html, HasSubstr("loss that a small step of the trunk"));
    EXPECT_THAT(html, HasSubstr("lie inside a detection of the row"));
    EXPECT_THAT(html, HasSubstr("0.0012"));
    EXPECT_THAT(html, HasSubstr("± 0.00040"));
}

} // namespace
} // namespace banyan::test
