#include "data/sampling_plan.h"

#include <cmath>
#include <map>

#include <gtest/gtest.h>

#include "core/error.h"
#include "data/sampling_counts.h"
#include "support/expect_error.h"

namespace banyan {
namespace {

constexpr int kFace = 0, kHand = 1, kFoot = 2;

Record record_of(const std::vector<LabelState>& states, const std::vector<int>& boxes = {}) {
    Record record;
    record.labels.states = states;
    for (const int id : boxes) record.labels.boxes.push_back({{0, 0, 8, 8}, id});
    return record;
}

constexpr LabelState kUnknown = LabelState::unknown, kFull = LabelState::exhaustive;

Dataset dataset_of(const std::string& name, std::vector<Record> records, double ratio = 1) {
    return {name, std::move(records), std::vector<LabelState>(3, kUnknown), ratio};
}

/// `count` records that label one class each.
Dataset labelling(int id, std::size_t count, double ratio = 1) {
    std::vector<LabelState> states(3, kUnknown);
    states[static_cast<std::size_t>(id)] = kFull;
    return dataset_of("set" + std::to_string(id), std::vector<Record>(count, record_of(states)), ratio);
}

SamplingPlanOptions options_of(int batch_size) {
    SamplingPlanOptions options;
    options.batch_size = batch_size;
    options.sampling.branches = {{"face", {kFace}}, {"limbs", {kHand, kFoot}}};
    return options;
}

TEST(BranchesOf, AreThoseOfWhichTheRecordTellsSomething) {
    const std::vector<SampledBranch> branches = options_of(1).sampling.branches;
    const auto found = [&](const std::vector<LabelState>& states, const std::vector<int>& boxes = {}) {
        return branches_of(record_of(states, boxes), branches);
    };
    EXPECT_EQ(found({kUnknown, kUnknown, kUnknown}), 0U);
    EXPECT_EQ(found({kFull, kUnknown, kUnknown}), 1U);
    EXPECT_EQ(found({LabelState::absent, kUnknown, kFull}), 3U);
    EXPECT_EQ(found({kUnknown, LabelState::partial, kUnknown}), 0U);
    EXPECT_EQ(found({kUnknown, LabelState::partial, kUnknown}, {kHand}), 2U);
    EXPECT_EQ(found({kUnknown, LabelState::partial, kUnknown}, {kFoot}), 0U);
}

TEST(RepeatFactors, FollowThePaper) {
    // Faces are in 4 of 5 pictures, hands in 1 of 5: f = 0.8 and 0.2; the last picture is empty.
    std::vector<Record> records(4, record_of({kFull, kFull, kUnknown}, {kFace, kFace}));
    records[2] = record_of({kFull, kFull, kUnknown}, {kFace, kHand});
    records.push_back(record_of({kFull, kFull, kUnknown}));
    const std::vector<double> factors = repeat_factors(dataset_of("set", records), 0.9);
    EXPECT_DOUBLE_EQ(factors[0], std::sqrt(0.9 / 0.8));
    EXPECT_DOUBLE_EQ(factors[2], std::sqrt(0.9 / 0.2)); // the larger of two
    EXPECT_DOUBLE_EQ(factors[4], 1);
    for (const double factor : repeat_factors(dataset_of("set", records), 0.1)) EXPECT_EQ(factor, 1);
}

TEST(MakeBatchPlan, TemperatureWeighsDataSetsByTheirSize) {
    const std::vector<Dataset> datasets{labelling(kFace, 100, 3), labelling(kHand, 900)};
    SamplingPlanOptions options = options_of(12);
    const auto first_rows = [&](double temperature) {
        options.sampling.temperature = temperature;
        return make_batch_plan(datasets, options).expected_rows()[0];
    };
    EXPECT_NEAR(first_rows(0), 9, 1e-6); // 3 : 1
    EXPECT_NEAR(first_rows(1), 3, 1e-6); // 3 * 100 : 900
    EXPECT_NEAR(first_rows(2), 6, 1e-6); // 3 * 10 : 30
    EXPECT_NEAR(first_rows(1e6), 9, 1e-4);
}

TEST(MakeBatchPlan, RepeatsRareClassesWithinTheirDataSet) {
    std::vector<Record> records(20, record_of({kFull, kFull, kUnknown}, {kFace}));
    records[7] = record_of({kFull, kFull, kUnknown}, {kHand});
    const std::vector<Dataset> datasets{dataset_of("set", records), labelling(kFoot, 10)};
    SamplingPlanOptions options = options_of(10);
    options.sampling.repeat_factor = 0.2; // f of hands 0.05: twice
    BatchPlan plan = make_batch_plan(datasets, options);
    std::map<std::int64_t, int> seen;
    for (int batch = 0; batch < 21; ++batch) { // 5 rows of "set" in each: 105 = 5 epochs of 21
        for (const BatchPlan::Row& row : plan.next()) seen[row.record] += row.dataset == 0 ? 1 : 0;
    }
    for (std::int64_t record = 0; record < 20; ++record) EXPECT_EQ(seen[record], record == 7 ? 10 : 5) << record;
}

TEST(MakeBatchPlan, GivesEveryBranchItsMinimumFromTheRecordsThatLabelIt) {
    // Only 3 of the 60 records of "mixed" label a limb.
    std::vector<Record> records(60, record_of({kFull, kUnknown, kUnknown}));
    for (const std::size_t r : {4U, 25U, 59U}) records[r] = record_of({kFull, kUnknown, LabelState::absent});
    const std::vector<Dataset> datasets{dataset_of("mixed", records, 5), labelling(kHand, 7, 0.1)};
    SamplingPlanOptions options = options_of(8);
    options.sampling.branch_minimum = 2;
    SamplingCounter counter(datasets, options);
    EXPECT_NEAR(counter.expected().branches[1].expected, 2, 1e-6);
    EXPECT_GE(counter.expected().branches[0].expected, 6);
    for (std::int64_t batch = 0; batch < 300; ++batch) {
        const SamplingCounts counts = counter.count(batch, batch + 1);
        EXPECT_GE(counts.branches[0].rows, 2) << batch;
        EXPECT_GE(counts.branches[1].rows, 2) << batch;
    }
}

TEST(MakeBatchPlan, RowsOfADataSetLieTogetherAlsoWithAMinimum) {
    std::vector<Record> records(9, record_of({kFull, kUnknown, kUnknown}));
    for (const std::size_t r : {1U, 2U}) records[r] = record_of({kFull, kUnknown, kFull});
    SamplingPlanOptions options = options_of(8);
    options.sampling.branch_minimum = 1;
    BatchPlan plan = make_batch_plan({dataset_of("mixed", records), labelling(kHand, 7)}, options);
    for (int batch = 0; batch < 50; ++batch) {
        const auto rows = plan.next();
        EXPECT_TRUE(std::is_sorted(rows.begin(), rows.end(),
                                   [](const auto& a, const auto& b) { return a.dataset < b.dataset; }));
    }
}

TEST(MakeBatchPlan, RefusesWishesThatCannotBeMet) {
    SamplingPlanOptions options = options_of(8);
    options.sampling.where = "a.json:/sampling";
    options.sampling.branch_minimum = 5;
    const std::vector<Dataset> both{labelling(kFace, 3), labelling(kHand, 3)};
    expect_error<ConfigError>([&] { make_batch_plan(both, options); },
                              {"a.json:/sampling/branch_minimum", "at least 10 rows", "found 8"});
    options.sampling.branch_minimum = 1;
    expect_error<ConfigError>([&] { make_batch_plan({labelling(kFace, 3)}, options); },
                              {"a.json:/sampling", "\"limbs\""});
    options.sampling.branches.resize(65);
    expect_error<ConfigError>([&] { make_batch_plan(both, options); }, {"at most 64", "65"});
    expect_error<DataError>([&] { make_batch_plan({}, options_of(8)); }, {"no data set"});
    expect_error<DataError>([&] { make_batch_plan({dataset_of("none", {})}, options_of(8)); }, {"none", "no picture"});
}

TEST(SamplingCounter, CountsTheSameFromAnyBatchOn) {
    const std::vector<Dataset> datasets{labelling(kFace, 10, 2), labelling(kHand, 4)};
    SamplingCounter forward(datasets, options_of(4)), resumed(datasets, options_of(4));
    const auto first = counted_text(forward.count(0, 10)), second = counted_text(forward.count(10, 25));
    EXPECT_NE(first, second);
    EXPECT_EQ(counted_text(resumed.count(10, 25)), second);
    EXPECT_EQ(counted_text(resumed.count(0, 10)), first);
    EXPECT_THROW(forward.count(3, 2), CheckError);
}

TEST(SamplingCounter, TellsRowsBesideWhatIsExpected) {
    const std::vector<Dataset> datasets{labelling(kFace, 10, 2), labelling(kHand, 4)};
    SamplingCounter counter(datasets, options_of(6));
    EXPECT_EQ(expected_text(counter.expected()), "data sets: set0 4.00, set1 2.00; branches: face 4.00, limbs 2.00");
    EXPECT_EQ(counted_text(counter.count(0, 5)),
              "data sets: set0 20 (20.0), set1 10 (10.0); branches: face 20 (20.0), limbs 10 (10.0)");
}

TEST(ParseSampling, ReadsItsKeysAndRefusesOthers) {
    const auto parse = [](const std::string& text) {
        ConfigReader reader = ConfigReader::from_text(text, "a.json");
        return parse_sampling(reader);
    };
    const SamplingOptions options = parse(R"({"temperature": 2, "branch_minimum": 3, "repeat_factor": 0.001})");
    EXPECT_EQ(options.temperature, 2);
    EXPECT_EQ(options.branch_minimum, 3);
    EXPECT_EQ(options.repeat_factor, 0.001);
    EXPECT_EQ(parse("{}").temperature, 0);
    expect_error<ConfigError>([&] { parse(R"({"temperature": 0.5})"); }, {"/temperature", "at least 1", "0.5"});
    expect_error<ConfigError>([&] { parse(R"({"branch_minimun": 1})"); }, {"branch_minimum"});
    expect_error<ConfigError>([&] { parse(R"({"repeat_factor": 2})"); }, {"/repeat_factor"});
}

} // namespace
} // namespace banyan
