#include "train/non_finite_guard.h"

#include <filesystem>
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "core/atomic_file.h"
#include "core/error.h"
#include "image/image_codec.h"
#include "support/expect_error.h"
#include "support/temp_dir.h"

namespace banyan {
namespace {

namespace fs = std::filesystem;

/// Three rows of 4 x 2 pixels; rows 0 and 2 took part.
Batch small_batch() {
    Batch batch;
    batch.count = 3;
    batch.height = 2;
    batch.width = 4;
    for (int i = 0; i < 3 * 2 * 4 * 3; ++i) batch.pixels.push_back(static_cast<std::uint8_t>(3 * i));
    batch.dataset = {0, 0, 1};
    batch.record = {12, 7, 3};
    batch.file = {"masks/a.jpg", "masks/b.jpg", "hands/\xff.jpg"}; // no UTF-8
    batch.labels.resize(3);
    for (Labels& labels : batch.labels) labels.states = {LabelState::exhaustive, LabelState::unknown};
    batch.labels[2].boxes = {{{0, 0.5F, 3, 2}, 1}};
    batch.labels[2].ignore = {{Polygon(Box{0, 0, 1, 1}), -1}};
    batch.labels[2].regions = {{Polygon(Box{0, 0, 2, 2}), {LabelState::absent, LabelState::partial}}};
    return batch;
}

NonFinite face_loss() {
    return {"loss",
            "face",
            "branches.face.cls.p3",
            {0, 2},
            {{"face", {std::numeric_limits<double>::quiet_NaN(), 0.5, 2, 4}}}};
}

class Guard : public testing::Test {
protected:
    NonFiniteGuard make(NonFinitePolicy policy, std::int64_t limit = 3) const {
        TrainOptions options;
        options.non_finite = policy;
        options.non_finite_limit = limit;
        return NonFiniteGuard(options, dir_.path(),
                              {{"masks", "hands"}, ClassTable({{"face", {"face"}}, {"hand", {"hand"}}})});
    }
    std::size_t dumps() const {
        std::size_t count = 0;
        for (const auto& item : fs::directory_iterator(dir_.path())) {
            count += item.path().filename().string().starts_with("nonfinite-") ? 1 : 0;
        }
        return count;
    }

    TempDir dir_;
    Batch batch_ = small_batch();
};

TEST_F(Guard, StopsWithStepBranchTensorSamplesAndThePlaceOfTheBatch) {
    NonFiniteGuard guard = make(NonFinitePolicy::stop);
    expect_error<NumericError>([&] { guard.handle(face_loss(), batch_, 41); },
                               {"step 42, branch face", "a loss is not finite", "\"branches.face.cls.p3\"", "class nan",
                                "box 0.5", "masks 12 (masks/a.jpg)", "hands 3 (hands/", dir_.file("nonfinite-42"),
                                "/train/lr"});
    EXPECT_EQ(guard.skipped(), 0);
    EXPECT_EQ(NumericError("").exit_code(), ExitCode::non_finite);
}

TEST_F(Guard, NamesNoBranchForTheTrunkAndCutsLongLists) {
    NonFiniteGuard guard = make(NonFinitePolicy::stop);
    NonFinite found{"gradient", "", "trunk.neck.p3.weight", {}, {{"face", {1, 2, 3, 4}}, {"hand", {5, 6, 7, 8}}}};
    for (int i = 0; i < 11; ++i) found.rows.push_back(i % 3);
    expect_error<NumericError>(
        [&] { guard.handle(found, batch_, 0); },
        {"step 1: a gradient is not finite", "face: class 1.0", "hand: class 5.0", "and 3 more"});
}

TEST_F(Guard, SkipsAndCountsUntilTooManyComeInARow) {
    NonFiniteGuard guard = make(NonFinitePolicy::skip, 3);
    guard.handle(face_loss(), batch_, 0);
    guard.handle(face_loss(), batch_, 1);
    guard.passed();
    guard.handle(face_loss(), batch_, 3);
    guard.handle(face_loss(), batch_, 4);
    EXPECT_EQ(guard.skipped(), 4);
    expect_error<NumericError>([&] { guard.handle(face_loss(), batch_, 5); }, {"step 6", "3 times in a row"});
    EXPECT_EQ(guard.skipped(), 4);
}

TEST_F(Guard, CountsGoOnAfterAResume) {
    NonFiniteGuard guard = make(NonFinitePolicy::skip, 3), resumed = make(NonFinitePolicy::skip, 3);
    guard.handle(face_loss(), batch_, 0);
    guard.handle(face_loss(), batch_, 1);
    resumed.load_state(guard.state());
    EXPECT_EQ(resumed.skipped(), 2);
    expect_error<NumericError>([&] { resumed.handle(face_loss(), batch_, 2); }, {"in a row"});
    resumed.load_state({}); // a checkpoint from before the first one
    EXPECT_EQ(resumed.skipped(), 0);
}

TEST_F(Guard, WritesNoMoreThanTheFirstBatches) {
    NonFiniteGuard guard = make(NonFinitePolicy::skip, 1000);
    for (int step = 0; step < NonFiniteGuard::kMostDumps + 5; ++step) guard.handle(face_loss(), batch_, step);
    EXPECT_EQ(dumps(), static_cast<std::size_t>(NonFiniteGuard::kMostDumps));
    EXPECT_EQ(guard.skipped(), NonFiniteGuard::kMostDumps + 5);
}

TEST_F(Guard, TheDumpHoldsPicturesLabelsAndLosses) {
    NonFiniteGuard guard = make(NonFinitePolicy::skip);
    const std::string folder = dir_.file("nonfinite-6");
    dir_.write("nonfinite-6/old", "of a run before");
    guard.handle(face_loss(), batch_, 5);
    EXPECT_FALSE(fs::exists(folder + "/old"));
    EXPECT_FALSE(fs::exists(folder + ".partial"));
    for (std::size_t row = 0; row < 3; ++row) {
        const Image image = read_image(folder + "/row-0" + std::to_string(row) + ".png");
        ASSERT_EQ(image.width, 4);
        ASSERT_EQ(image.height, 2);
        EXPECT_TRUE(std::equal(image.rgb.begin(), image.rgb.end(),
                               batch_.pixels.begin() + static_cast<std::ptrdiff_t>(row * 24)));
    }
    const auto json = nlohmann::json::parse(read_file(folder + "/batch.json"));
    EXPECT_EQ(json["not_finite"], "loss");
    EXPECT_EQ(json["branch"], "face");
    EXPECT_EQ(json["tensor"], "branches.face.cls.p3");
    EXPECT_EQ(json["losses"]["face"]["class"], "nan");
    EXPECT_EQ(json["losses"]["face"]["box"], 0.5);
    ASSERT_EQ(json["rows"].size(), 3U);
    EXPECT_EQ(json["rows"][0]["dataset"], "masks");
    EXPECT_EQ(json["rows"][0]["record"], 12);
    EXPECT_EQ(json["rows"][0]["file"], "masks/a.jpg");
    EXPECT_EQ(json["rows"][0]["took_part"], true);
    EXPECT_EQ(json["rows"][1]["took_part"], false);
    const auto labels = json["rows"][2]["labels"];
    EXPECT_EQ(labels["states"]["face"], "exhaustive");
    EXPECT_EQ(labels["boxes"][0]["class"], "hand");
    EXPECT_EQ(labels["boxes"][0]["box_xyxy"].get<std::vector<double>>(), (std::vector<double>{0, 0.5, 3, 2}));
    EXPECT_EQ(labels["ignore"][0]["class"], "*");
    EXPECT_EQ(labels["ignore"][0]["polygon"].size(), 4U);
    EXPECT_EQ(labels["regions"][0]["states"]["hand"], "partial");
}

TEST_F(Guard, TellsWhereTheBatchCannotBeWritten) {
    NonFiniteGuard guard(TrainOptions{}, dir_.write("file", "") + "/below", {{"masks", "hands"}, ClassTable()});
    expect_error<IoError>([&] { guard.handle(face_loss(), batch_, 0); }, {"file/below/nonfinite-1"});
}

} // namespace
} // namespace banyan
