#include "infer/detector.h"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "core/indexed_work.h"
#include "core/safetensors.h"
#include "image/letterbox.h"
#include "model/libtorch.h"
#include "model/predict.h"
#include "small_model.h"
#include "support/expect_error.h"
#include "support/painted_image.h"
#include "support/temp_dir.h"

namespace banyan {
namespace {

using test::noise_image;
using test::TempDir;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::IsSupersetOf;
using testing::Not;

class DetectorTest : public testing::Test {
protected:
    static DetectorOptions exact() {
        DetectorOptions options;
        options.bf16 = Bf16::off;
        options.score_threshold = 0.05;
        return options;
    }
    TempDir dir_;
    std::string model_ = test::write_small_model(dir_.file("model.banyan.safetensors"));
};

std::vector<Detection> of_tasks(const std::vector<Detection>& all, const std::vector<std::string>& tasks) {
    std::vector<Detection> kept;
    std::copy_if(all.begin(), all.end(), std::back_inserter(kept), [&](const Detection& found) {
        return std::find(tasks.begin(), tasks.end(), found.task) != tasks.end();
    });
    return kept;
}

/// Same classes, scores and boxes up to rounding; equal scores may change places.
void expect_same(std::vector<Detection> actual, std::vector<Detection> expected, float tolerance) {
    ASSERT_EQ(actual.size(), expected.size());
    const auto order = [](const Detection& a, const Detection& b) {
        return std::tie(a.class_id, a.box.x0, a.box.y0, a.box.x1) < std::tie(b.class_id, b.box.x0, b.box.y0, b.box.x1);
    };
    std::sort(actual.begin(), actual.end(), order);
    std::sort(expected.begin(), expected.end(), order);
    for (std::size_t i = 0; i < actual.size(); ++i) {
        EXPECT_EQ(actual[i].class_id, expected[i].class_id);
        EXPECT_NEAR(actual[i].score, expected[i].score, tolerance);
        EXPECT_NEAR(actual[i].box.x0, expected[i].box.x0, 100 * tolerance);
        EXPECT_NEAR(actual[i].box.y1, expected[i].box.y1, 100 * tolerance);
    }
}

TEST_F(DetectorTest, FindsTheSameWithoutEachPass) {
    const Image image = noise_image(90, 60, 1);
    const std::vector<Detection> found = Detector(model_, exact()).detect(image);
    ASSERT_THAT(found, Not(IsEmpty()));
    EXPECT_THAT(detector_passes(), IsSupersetOf({"fold_batch_norm", "defer_boxes", "fuse_operators"}));
    for (const std::string& pass : detector_passes()) {
        SCOPED_TRACE(pass);
        DetectorOptions options = exact();
        options.disabled_passes = {pass};
        expect_same(found, Detector(model_, options).detect(image), 1e-4F);
    }
}

TEST_F(DetectorTest, RunsMoreStepsWithoutAPassThatSavesSome) {
    const std::size_t steps = Detector(model_, exact()).engine().steps().size();
    for (const char* pass : {"fold_batch_norm", "defer_boxes", "fuse_operators"}) {
        DetectorOptions options = exact();
        options.disabled_passes = {pass};
        EXPECT_GT(Detector(model_, options).engine().steps().size(), steps) << pass;
    }
}

TEST_F(DetectorTest, FindsTheSameForATaskAloneAsForAll) {
    const Image image = noise_image(80, 100, 2);
    const std::vector<std::vector<std::string>> choices{
        {"face"}, {"person"}, {"hand"}, {"hand", "face"}, {"face", "person", "hand"}};
    for (const BoxOutputs boxes : {BoxOutputs::shared, BoxOutputs::per_task}) {
        const std::string model = test::write_small_model(dir_.file("choices.banyan.safetensors"), 1, boxes);
        const std::vector<Detection> all = Detector(model, exact()).detect(image);
        for (const std::vector<std::string>& tasks : choices) {
            DetectorOptions options = exact();
            options.tasks = tasks;
            Detector detector(model, options);
            const std::vector<Detection> expected = of_tasks(all, tasks);
            ASSERT_THAT(expected, Not(IsEmpty())) << tasks[0];
            expect_same(detector.detect(image), expected, 1e-5F);
        }
    }
}

TEST_F(DetectorTest, StreamsFindAtOnceWhatOneFindsInTurn) {
    constexpr std::size_t kPictures = 24;
    Detector first(model_, exact());
    std::vector<Detector> streams;
    for (int i = 0; i < 3; ++i) streams.push_back(first.another_stream());
    std::vector<std::vector<Detection>> found(kPictures);
    work_through(kPictures, streams.size(), [&](std::size_t stream, std::size_t i) {
        found[i] = streams[stream].detect(noise_image(90, 60, i));
        return true;
    });
    for (std::size_t i = 0; i < kPictures; ++i) expect_same(found[i], first.detect(noise_image(90, 60, i)), 0.0F);
}

TEST_F(DetectorTest, NamesItsTasksInTheModelsOrder) {
    EXPECT_THAT(Detector(model_).tasks(), ElementsAre("person", "face", "hand"));
    DetectorOptions options;
    options.tasks = {"hand", "face"};
    EXPECT_THAT(Detector(model_, options).tasks(), ElementsAre("face", "hand"));
}

TEST_F(DetectorTest, NamesTaskAndClassOfEachBox) {
    Detector detector(model_, exact());
    std::map<std::string, int> counts;
    for (const Detection& found : detector.detect(noise_image(64, 64, 3))) {
        ++counts[found.task];
        EXPECT_EQ(detector.classes().class_name(found.class_id), found.class_name);
        EXPECT_EQ(detector.classes().task_name_of(found.class_id), found.task);
    }
    EXPECT_EQ(counts.size(), 3U);
}

TEST_F(DetectorTest, ReturnsBoxesInOriginalPixelsByFallingScore) {
    // What the network itself says of the letterboxed picture, mapped back by hand.
    const Image image = noise_image(200, 50, 4);
    LetterboxGeometry geometry;
    const Image square = letterbox(image, 64, geometry);
    MultiTaskModel model = load_model(model_);
    PredictOptions predict_with = predict_options(model.options().detection);
    predict_with.score_threshold = exact().score_threshold.value();
    at::Tensor pixels = at::empty({1, 64, 64, 3}, at::kByte);
    std::copy(square.rgb.begin(), square.rgb.end(), pixels.mutable_data_ptr<std::uint8_t>());
    std::vector<Detection> expected;
    const Predictions predictions = predict(model, pixels, predict_with);
    for (const ScoredBox& scored : predictions[0]) {
        const float scale = 64.0F / 200, pad = (64.0F - 50 * scale) / 2;
        const Box box{scored.box.x0 / scale, (scored.box.y0 - pad) / scale, scored.box.x1 / scale,
                      (scored.box.y1 - pad) / scale};
        const Box inside = clip(box, 200, 50);
        if (inside.area() > 0) expected.push_back({"", "", scored.class_id, scored.score, inside});
    }
    const std::vector<Detection> found = Detector(model_, exact()).detect(image);
    ASSERT_THAT(found, Not(IsEmpty()));
    expect_same(found, expected, 1e-4F);
    for (std::size_t i = 1; i < found.size(); ++i) EXPECT_GE(found[i - 1].score, found[i].score);
}

TEST_F(DetectorTest, TreatsEachPictureOfABatchAsIfAlone) {
    Detector detector(model_, exact());
    const std::vector<Image> images{noise_image(64, 64, 5), noise_image(31, 90, 6), noise_image(120, 40, 7)};
    const std::vector<std::vector<Detection>> together = detector.detect(images);
    ASSERT_EQ(together.size(), images.size());
    for (std::size_t i = 0; i < images.size(); ++i) expect_same(together[i], detector.detect(images[i]), 1e-4F);
    EXPECT_THAT(detector.detect(std::vector<Image>{}), IsEmpty());
}

TEST_F(DetectorTest, FindsTheSameInBatches) {
    DetectorOptions options = exact();
    options.batch = 2;
    Detector batches(model_, options), single(model_, exact());
    const std::vector<Image> images{noise_image(64, 64, 5), noise_image(31, 90, 6), noise_image(120, 40, 7)};
    const std::vector<std::vector<Detection>> together = batches.detect(images);
    ASSERT_EQ(together.size(), images.size());
    for (std::size_t i = 0; i < images.size(); ++i) {
        ASSERT_THAT(together[i], Not(IsEmpty()));
        expect_same(together[i], single.detect(images[i]), 1e-4F);
    }
    const std::vector<Image> squares{noise_image(64, 64, 5), noise_image(64, 64, 6), noise_image(64, 64, 7)};
    const Predictions boxes = batches.boxes_in_squares(squares);
    ASSERT_EQ(boxes.size(), squares.size());
    for (std::size_t i = 0; i < squares.size(); ++i) {
        EXPECT_EQ(boxes[i].size(), single.boxes_in_square(squares[i]).size());
    }
}

TEST_F(DetectorTest, KeepsToItsOptions) {
    DetectorOptions options = exact();
    options.score_threshold = 0.3;
    options.max_detections = 2;
    options.side = 96;
    Detector detector(model_, options);
    EXPECT_EQ(detector.side(), 96);
    EXPECT_FALSE(detector.uses_bf16());
    const std::vector<Detection> found = detector.detect(noise_image(64, 64, 8));
    EXPECT_LE(found.size(), 4U); // two a branch
    for (const Detection& detection : found) EXPECT_GE(detection.score, 0.3F);
}

TEST_F(DetectorTest, StaysCloseInBfloat16) {
    DetectorOptions options = exact();
    options.bf16 = Bf16::on;
    Detector half(model_, options), full(model_, exact());
    const Image image = noise_image(64, 64, 9);
    const std::vector<Detection> rough = half.detect(image), fine = full.detect(image);
    ASSERT_THAT(rough, Not(IsEmpty()));
    EXPECT_TRUE(half.uses_bf16());
    EXPECT_NEAR(rough[0].score, fine[0].score, 0.05F);
}

TEST_F(DetectorTest, FindsInASquareWhatItFindsInThePicture) {
    Detector detector(model_, exact());
    const Image image = noise_image(64, 64, 9);
    const std::vector<ScoredBox> boxes = detector.boxes_in_square(image);
    const std::vector<Detection> found = detector.detect(image);
    ASSERT_THAT(found, Not(IsEmpty()));
    ASSERT_EQ(boxes.size(), found.size());
    for (std::size_t i = 0; i < found.size(); ++i) {
        EXPECT_EQ(boxes[i].class_id, found[i].class_id);
        EXPECT_EQ(boxes[i].score, found[i].score);
    }
    expect_error<CheckError>([&] { detector.boxes_in_square(noise_image(64, 96, 9)); }, {"64 x 96", "64 x 64"});
}

TEST_F(DetectorTest, SuggestsTheTaskThatWasMeant) {
    DetectorOptions options;
    options.tasks = {"fase"};
    expect_error<UsageError>([&] { Detector(model_, options); },
                             {"unknown task \"fase\"", "person, face, hand", "did you mean \"face\""});
}

TEST_F(DetectorTest, RefusesOptionsOutOfRange) {
    const auto refuses = [&](auto change, const std::string& word) {
        DetectorOptions options;
        change(options);
        expect_error<UsageError>([&] { Detector(model_, options); }, {word});
    };
    refuses([](DetectorOptions& o) { o.score_threshold = 1.0; }, "score threshold");
    refuses([](DetectorOptions& o) { o.score_threshold = std::nan(""); }, "score threshold");
    refuses([](DetectorOptions& o) { o.nms_iou = 0.0; }, "NMS IoU");
    refuses([](DetectorOptions& o) { o.max_detections = 0; }, "detections");
    refuses([](DetectorOptions& o) { o.side = 70; }, "multiple of 32");
    refuses([](DetectorOptions& o) { o.side = -32; }, "input side");
    refuses([](DetectorOptions& o) { o.threads = -1; }, "threads");
    refuses([](DetectorOptions& o) { o.batch = 0; }, "batch");
    refuses([](DetectorOptions& o) { o.disabled_passes = {"fold"}; }, "fold_batch_norm, defer_boxes, fuse_operators");
}

TEST_F(DetectorTest, RefusesAnEmptyPicture) {
    Detector detector(model_);
    expect_error<CheckError>([&] { detector.detect(Image()); }, {"empty picture"});
}

TEST_F(DetectorTest, RefusesDamagedModelFiles) {
    std::ifstream in(model_, std::ios::binary);
    const std::string bytes((std::istreambuf_iterator<char>(in)), {});
    const auto refuses = [&](const std::string& name, const std::string& content) {
        const std::string path = dir_.write(name, content);
        expect_error<ModelFileError>([&] { Detector{path}; }, {path});
    };
    refuses("empty.safetensors", "");
    refuses("text.safetensors", "not a model at all");
    refuses("cut.safetensors", bytes.substr(0, bytes.size() / 2));
    std::string flipped = bytes;
    flipped[flipped.size() - 100] = static_cast<char>(flipped[flipped.size() - 100] ^ 1);
    refuses("flipped.safetensors", flipped);
}

TEST_F(DetectorTest, RefusesFilesOfAnotherKind) {
    const float value = 1;
    const std::string path = dir_.file("weights.safetensors");
    save_safetensors(path, {{"w", {DType::f32, {1}, reinterpret_cast<const std::byte*>(&value)}}}, {});
    expect_error<ModelFileError>([&] { Detector{path}; }, {path, "not a Banyan model file"});
    expect_error<IoError>([&] { Detector{dir_.file("none.safetensors")}; }, {"none.safetensors"});
}

} // namespace
} // namespace banyan
