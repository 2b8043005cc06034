// The whole pipeline on real pictures: readers, loader, pretrained backbone, masked losses of five branches, optimiser,
// EMA, evaluation. Eight pictures, of which each data set labels its own tasks only, must be learned by heart.

#include <filesystem>

#include <gtest/gtest.h>

#include "support/shared_data.h"
#include "support/temp_dir.h"
#include "train/trainer.h"

namespace banyan {
namespace {

/// Members of a data set of two of its training pictures; `split` is written into `dir`.
std::string two_pictures(const TempDir& dir, const std::string& name, const std::string& pictures,
                         const std::string& members) {
    const std::string split = dir.write(name + ".txt", pictures);
    return R"({"name": ")" + name + R"(", "root": ")" +
           std::filesystem::absolute(shared_path("data/" + name)).string() + R"(", "split": ")" + split + R"(", )" +
           members + "}";
}

std::string eight_pictures(const TempDir& dir) {
    return two_pictures(dir, "coco128", "000000000459.jpg\n000000000474.jpg\n",
                        R"("format": "coco", "images": "train2017",
                           "annotations": "annotations/instances_train2017.json", "classes": {"person": "person"})") +
           ", " +
           two_pictures(dir, "safety_vest",
                        "train/images/img13_png.rf.1f50b0a22c36eac74f797211c225c809.jpg\n"
                        "train/images/img10_png.rf.86c6326b2cc65fc40b46fb6b43ec9823.jpg\n",
                        R"("format": "yolo", "classes": {"capacete": "head", "sem_capacete": "head",
                           "colete_refletivo": "torso", "sem_colete_refletivo": "torso"})") +
           ", " +
           two_pictures(dir, "masks",
                        "train/images/1-200102094256105_png.rf.ee7edd414831543153159aebdefa140c.jpg\n"
                        "train/images/135e-huxwryw6451820_jpg.rf.8773049caaa45f7a910221e5f702685a.jpg\n",
                        R"("format": "yolo", "classes": {"mask": "face", "no-mask": "face"})") +
           ", " +
           two_pictures(dir, "hands",
                        "train/images/IMG-20230312-WA0638_jpg.rf.2c28ae04ee5dd9ddcda4b4f89d356924.jpg\n"
                        "train/images/IMG-20230312-WA0181_jpg.rf.61c5d29aec31f5033e7f8fe814d257e6.jpg\n",
                        R"("format": "yolo", "classes": {"*": "hand"})");
}

/// A branch with more members.
std::string branch(const std::string& task, const std::string& members) {
    return R"({"name": ")" + task + R"(", )" + members + "}";
}

/// Prior boxes matched by ATSS, and points with bins matched by what the network predicts.
std::string branches_of_both_kinds() {
    const std::string boxes = R"("head": {"width": 64})";
    const std::string points = R"("anchors": {"kind": "points"}, "head": {"width": 64, "box_bins": 16}, "matcher": )";
    return branch("person", points + R"({"type": "tal"})") + ", " + branch("head", boxes) + ", " +
           branch("torso", points + R"({"type": "simota"}, "loss": {"class": "varifocal"})") + ", " +
           branch("face", points + R"({"type": "tal"})") + ", " + branch("hand", boxes);
}

RunConfig overfit_config(const TempDir& dir) {
    const std::string sets = "[" + eight_pictures(dir) + "]";
    const std::string weights =
        std::filesystem::absolute(shared_path("weights/mobilenet_v2_imagenet.safetensors")).string();
    return run_config_from_text(
        R"({"schema_version": 1,
            "tasks": [{"name": "person"}, {"name": "head"}, {"name": "torso"}, {"name": "face"}, {"name": "hand"}],
            "model": {"input_side": 224, "neck": {"channels": 64},
                "branches": [)" +
            branches_of_both_kinds() + R"(]},
            "datasets": )" +
            sets + R"(, "validation": )" + sets + R"(,
            "loader": {"batch_size": 8, "sides": [224]},
            "transforms": {"flip": 0, "scale_low": 1, "scale_high": 1, "brightness": 0, "contrast": 0, "saturation": 0,
                "hue_degrees": 0},
            "train": {"steps": 80, "lr": 0.002, "warmup_steps": 10, "weight_decay": 0, "ema_decay": 0.9,
                "eval_every": 0, "pretrained": ")" +
            weights + R"("}})",
        dir.file("overfit.json"));
}

TEST(Overfit, EightRealPicturesOfFiveTasksAreLearned) {
    if (!has_shared_data("data/coco128") || !has_shared_data("weights")) GTEST_SKIP() << "needs data and weights";
    const TempDir dir;
    const TrainOutcome outcome = train(overfit_config(dir), dir.file("run"), false);
    ASSERT_EQ(outcome.report.tasks.size(), 5U);
    for (const TaskResult& task : outcome.report.tasks) {
        EXPECT_GE(task.stats[CocoStat::ap50], 0.95) << task.task;
        EXPECT_EQ(task.images, 2U) << task.task;
    }
}

} // namespace
} // namespace banyan
