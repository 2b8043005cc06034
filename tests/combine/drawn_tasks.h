#pragma once

#include <string>
#include <vector>

#include "image/image_codec.h"
#include "support/painted_image.h"
#include "support/temp_dir.h"
#include "train/train_config.h"

namespace banyan::test {

/// Three YOLO data sets of painted pictures that label one task each. "red" and "crimson" are the same red squares in
/// the same pictures under two names; "blue" are flat blue bars in others. Every picture shows a square and a bar.
class DrawnTasks {
public:
    DrawnTasks() {
        for (const char* task : {"red", "crimson", "blue"}) {
            const std::string name = task;
            dir_.write(name + "/data.yaml", "nc: 1\nnames: ['thing']\n");
            for (int i = 0; i < kPictures; ++i) add_picture(name, i);
        }
    }

    static constexpr int kPictures = 16; ///< in each data set
    const TempDir& dir() const { return dir_; }
    std::string file(const std::string& name) const { return dir_.file(name); }

    /// @param branches of the model; "" is one for each task
    std::string config_text(const std::string& branches = "") const {
        const std::string each =
            branch("red", "red") + ", " + branch("crimson", "crimson") + ", " + branch("blue", "blue");
        return R"({"schema_version": 1, "tasks": [{"name": "red"}, {"name": "crimson"}, {"name": "blue"}],
            "model": {"input_side": 64, "backbone": {"type": "mobilenet_v2", "width": 0.35, "last_level": 4},
                "neck": {"channels": 16, "last_level": 4}, "branches": [)" +
               (branches.empty() ? each : branches) + R"(]},
            "datasets": [)" +
               datasets() + R"(], "validation": [)" + datasets() + R"(],
            "loader": {"batch_size": 6, "sides": [64]},
            "transforms": {"flip": 0, "scale_low": 1, "scale_high": 1, "brightness": 0, "contrast": 0, "saturation": 0,
                "hue_degrees": 0},
            "train": {"steps": 6, "trunk_norm": "batch", "precision": "fp32", "threads": 1, "warmup_steps": 2,
                "lr": 0.003, "backbone_lr_scale": 1, "ema_decay": 0.9, "log_every": 1, "eval_every": 0,
                "checkpoint_every": 2}})";
    }
    RunConfig config(const std::vector<std::string>& overrides = {}) const {
        return run_config_from_text(config_text(), dir_.file("config.json"), overrides);
    }
    /// @param tasks with quotes and commas
    static std::string branch(const std::string& name, const std::string& tasks) {
        std::string list = "\"" + tasks + "\"";
        for (std::size_t at = list.find('+'); at != std::string::npos; at = list.find('+'))
            list.replace(at, 1, "\", \"");
        return R"({"name": ")" + name + R"(", "tasks": [)" + list +
               R"(], "anchors": {"levels": [3, 4], "scales": [2]}, "head": {"depth": 1, "width": 8}})";
    }

private:
    std::string datasets() const { return dataset("red") + ", " + dataset("crimson") + ", " + dataset("blue"); }
    std::string dataset(const std::string& task) const {
        return R"({"name": ")" + task + R"(", "format": "yolo", "root": ")" + dir_.file(task) +
               R"(", "classes": {"thing": ")" + task + R"("}})";
    }
    void add_picture(const std::string& task, int i) {
        Random random(task == "blue" ? 2 : 1, static_cast<std::uint64_t>(i));
        const auto grey = static_cast<std::uint8_t>(random.integer(80, 170));
        Image image = plain_image(64, 64, {grey, grey, grey});
        const auto at = static_cast<float>(random.integer(2, 18)), far = static_cast<float>(random.integer(0, 12));
        const Box square{at, 4 + far, at + 20, 24 + far}, bar{20 - at, 44 + far, 60 - at, 52 + far};
        paint(image, square, kRed);
        paint(image, bar, kBlue);
        const Box& own = task == "blue" ? bar : square;
        const std::string stem = "p" + std::to_string(i);
        dir_.write(task + "/images/" + stem + ".png", encode_png(image));
        dir_.write(task + "/labels/" + stem + ".txt",
                   "0 " + std::to_string((own.x0 + own.x1) / 128) + " " + std::to_string((own.y0 + own.y1) / 128) +
                       " " + std::to_string(own.width() / 64) + " " + std::to_string(own.height() / 64) + "\n");
    }

    TempDir dir_;
};

} // namespace banyan::test
