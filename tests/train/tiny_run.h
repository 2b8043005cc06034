#pragma once

#include <string>
#include <vector>

#include "image/image_codec.h"
#include "support/painted_image.h"
#include "support/temp_dir.h"
#include "train/train_config.h"

namespace banyan::test {

/// A folder with two YOLO data sets of painted pictures: "reds" labels red squares, "blues" blue ones; every picture
/// holds both colours.
class TinyData {
public:
    TinyData() {
        for (const char* set : {"reds", "blues"}) {
            const std::string name = set;
            dir_.write(name + "/data.yaml", "nc: 1\nnames: ['square']\n");
            for (int i = 0; i < 6; ++i) add_picture(name, i);
        }
    }

    const TempDir& dir() const { return dir_; }
    const std::string& path() const { return dir_.path(); }
    std::string file(const std::string& name) const { return dir_.file(name); }

    /// Strict JSON of a short run on both sets; `train` holds more members of "train", each followed by a comma.
    std::string config_text(const std::string& train = "") const {
        return R"({"schema_version": 1, "tasks": [{"name": "red"}, {"name": "blue"}],
            "model": {"input_side": 64, "backbone": {"type": "mobilenet_v2", "width": 0.35, "last_level": 4},
                "neck": {"channels": 16, "last_level": 4},
                "branches": [)" +
               branch("red") + ", " + branch("blue") + R"(]},
            "datasets": [)" +
               dataset("reds", "red") + ", " + dataset("blues", "blue") + R"(],
            "validation": [)" +
               dataset("reds", "red") + R"(],
            "loader": {"batch_size": 4, "sides": [64]},
            "train": {)" +
               train + R"("trunk_norm": "batch", "precision": "fp32", "threads": 1, "warmup_steps": 2,
                "log_every": 1, "eval_every": 0}})";
    }
    RunConfig config(const std::string& train = "", const std::vector<std::string>& overrides = {}) const {
        return run_config_from_text(config_text(train), dir_.file("run.json"), overrides);
    }

private:
    static std::string branch(const std::string& task) {
        return R"({"name": ")" + task +
               R"(", "anchors": {"levels": [3, 4], "scales": [2]}, "head": {"depth": 1, "width": 8}})";
    }
    std::string dataset(const std::string& name, const std::string& task) const {
        return R"({"name": ")" + name + R"(", "format": "yolo", "root": ")" + dir_.file(name) +
               R"(", "classes": {"square": ")" + task + R"("}})";
    }
    void add_picture(const std::string& set, int i) {
        Image image = noise_image(80, 60, static_cast<std::uint64_t>(i) + (set == "reds" ? 0 : 100));
        const auto step = static_cast<float>(8 * i);
        const Box red{step, 4, step + 24, 28}, blue{70 - step - 20, 32, 70 - step, 52};
        paint(image, red, kRed);
        paint(image, blue, kBlue);
        const Box& own = set == "reds" ? red : blue;
        const std::string stem = "p" + std::to_string(i);
        dir_.write(set + "/images/" + stem + ".png", encode_png(image));
        dir_.write(set + "/labels/" + stem + ".txt", yolo_line(own));
    }
    static std::string yolo_line(const Box& box) {
        return "0 " + std::to_string((box.x0 + box.x1) / 2 / 80) + " " + std::to_string((box.y0 + box.y1) / 2 / 60) +
               " " + std::to_string(box.width() / 80) + " " + std::to_string(box.height() / 60) + "\n";
    }

    TempDir dir_;
};

} // namespace banyan::test
