#include "combine/calibration_pictures.h"

#include <algorithm>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "core/error.h"
#include "image/image_codec.h"
#include "support/expect_error.h"
#include "support/temp_dir.h"

namespace banyan::test {
namespace {

using States = std::vector<LabelState>; // of "face", "hand"

constexpr LabelState kUnknown = LabelState::unknown;

/// Pictures of one grey, which tells the data sets apart. @param told of the first picture; of the others nothing is
Dataset grey_pictures(const TempDir& dir, int grey, int pictures, const States& told) {
    std::vector<Record> records;
    const std::string name = "grey" + std::to_string(grey);
    for (int i = 0; i < pictures; ++i) {
        Record& record = records.emplace_back();
        record.name = name + "-" + std::to_string(i) + ".png";
        record.file = dir.file(record.name);
        record.width = record.height = 64;
        record.labels.states = i == 0 ? told : States{kUnknown, kUnknown};
        Image image(64, 64);
        std::fill(image.rgb.begin(), image.rgb.end(), static_cast<std::uint8_t>(grey));
        write_png(record.file, image);
    }
    return {name, std::move(records), {kUnknown, kUnknown}};
}

std::vector<int> greys_of(const at::Tensor& pictures) {
    std::vector<int> greys;
    for (std::int64_t n = 0; n < pictures.size(0); ++n) greys.push_back(pictures[n][0][0][0].item<int>());
    return greys;
}

const ClassTable kTable({{"face", {"face"}}, {"hand", {"hand"}}});

TEST(CalibrationPictures, AreOfSetsThatLabelATaskInSomePicture) {
    const TempDir dir;
    const std::vector<Dataset> datasets{grey_pictures(dir, 10, 2, {LabelState::partial, kUnknown}),
                                        grey_pictures(dir, 20, 2, {kUnknown, LabelState::exhaustive}),
                                        grey_pictures(dir, 30, 2, {LabelState::absent, kUnknown})};
    EXPECT_EQ(greys_of(calibration_pictures(datasets, kTable, {"face"}, 8, 64)), (std::vector<int>{10, 10}));
    EXPECT_EQ(greys_of(calibration_pictures(datasets, kTable, {"face", "hand"}, 2, 64)), (std::vector<int>{10, 20}));
}

TEST(CalibrationPictures, OfLargerSetsMakeUpForSmallOnes) {
    const TempDir dir;
    const std::vector<Dataset> datasets{grey_pictures(dir, 10, 5, {LabelState::partial, kUnknown}),
                                        grey_pictures(dir, 20, 1, {LabelState::partial, kUnknown})};
    EXPECT_EQ(greys_of(calibration_pictures(datasets, kTable, {"face"}, 4, 64)), (std::vector<int>{20, 10, 10, 10}));
}

TEST(CalibrationPictures, NeedASetThatLabelsATask) {
    const TempDir dir;
    const std::vector<Dataset> datasets{grey_pictures(dir, 10, 2, {LabelState::partial, kUnknown})};
    expect_error<DataError>(
        [&] { calibration_pictures(datasets, kTable, {"hand"}, 8, 64); },
        {"\"datasets\"", "no calibration pictures", "the config that the network was trained with"});
}

} // namespace
} // namespace banyan::test
