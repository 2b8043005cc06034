#include "train/demo.h"

#include <algorithm>
#include <chrono>
#include <filesystem>

#include "core/atomic_file.h"
#include "core/error.h"
#include "core/log.h"
#include "core/progress.h"
#include "core/stop_signal.h"
#include "data/demo_dataset.h"
#include "image/draw.h"
#include "image/image_codec.h"
#include "model/saved_model.h"
#include "train/demo_report.h"
#include "train/pictures.h"
#include "train/predictor.h"
#include "train/run_folder.h"
#include "train/trainer.h"

namespace banyan {

namespace {

constexpr int kSheetColumns = 4, kSheetSide = 360; // contact sheet of all pictures

/// Runs `stage` and notes how long it took.
template <typename Stage>
auto timed(std::map<std::string, double>& seconds, const std::string& name, Stage stage) {
    const auto start = std::chrono::steady_clock::now();
    auto result = stage();
    seconds[name] = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    return result;
}

/// Thrown out of the drawing when a signal came.
struct Stopped {};

/// Notes what a folder's demo was run with, so that it is not taken for another one.
void claim_folder(const DemoRunOptions& options) {
    const std::string path = options.folder + "/demo.txt";
    const std::string text = "seed " + std::to_string(options.seed) + ", steps " + std::to_string(options.steps) +
                             ", pictures " + std::to_string(options.pictures) + "\n";
    if (std::filesystem::exists(options.folder + "/metrics.jsonl")) {
        throw UsageError(
            ErrorText{"--out " + options.folder, "the folder holds a training run", "", "", "name another"});
    }
    if (!std::filesystem::exists(path)) return write_file_atomically(path, text);
    const std::string found = read_file(path);
    if (found == text) return;
    throw UsageError(ErrorText{"--out " + options.folder, "the folder holds a demo with other options", text, found,
                               "name another folder or remove it"});
}

int draw_data(const DemoRunOptions& options) {
    DemoOptions demo;
    demo.seed = options.seed;
    demo.train_pictures = options.pictures;
    demo.eval_pictures = std::max(1, options.pictures * 3 / 10);
    Progress progress("drawing scenes", 3 * demo.train_pictures + demo.eval_pictures, "picture");
    write_demo_datasets(options.folder + "/data", demo, [&](std::int64_t done, std::int64_t) {
        progress.update(done);
        if (stop_requested()) throw Stopped();
    });
    return 0;
}

DemoTraining train_one(const DemoRunOptions& options, const std::string& name) {
    std::vector<std::string> overrides{"/train/seed=" + std::to_string(options.seed),
                                       std::string("/train/unlabelled=") + (name == "naive" ? "background" : "masked")};
    if (options.steps > 0) overrides.push_back("/train/steps=" + std::to_string(options.steps));
    const RunConfig config = demo_config(options.folder, overrides);
    const std::string folder = options.folder + "/" + name;
    log_info("training \"" + name + "\": what a data set does not label " +
             (name == "naive" ? "counts as background" : "is masked out of the loss"));
    const TrainOutcome outcome = train(config, folder, RunFolder::holds_run(folder));
    return {name, outcome.report, outcome.seconds};
}

std::vector<DetectionPicture> detect_new_scenes(const DemoRunOptions& options, const std::string& training) {
    const RunConfig config = demo_config(options.folder, {});
    MultiTaskModel model = load_model(options.folder + "/" + training + "/weights/last.banyan.safetensors");
    const std::vector<Dataset> scenes = load_datasets(config.validation, model.classes());
    PictureOptions picture_options;
    picture_options.side = config.model.input_side;
    return draw_detections(make_predictor(model, picture_options.score_threshold, Precision::automatic), scenes,
                           model.classes(), picture_options);
}

} // namespace

DemoOutcome run_demo(const DemoRunOptions& options) {
    DemoOutcome outcome;
    claim_folder(options);
    try {
        timed(outcome.seconds, "data", [&] { return draw_data(options); });
    } catch (const Stopped&) {
        return outcome;
    }
    std::vector<std::string> names;
    if (options.masked) names.emplace_back("masked");
    if (options.naive) names.emplace_back("naive");
    for (const std::string& name : names) {
        outcome.trainings.push_back(timed(outcome.seconds, name, [&] { return train_one(options, name); }));
        if (stop_requested()) return outcome;
    }
    const std::vector<DetectionPicture> pictures =
        timed(outcome.seconds, "detect", [&] { return detect_new_scenes(options, names.front()); });
    std::vector<Image> images;
    for (const DetectionPicture& picture : pictures) {
        write_jpeg(options.folder + "/pictures/" + std::to_string(images.size()) + ".jpg", picture.image);
        images.push_back(picture.image);
    }
    write_jpeg(options.folder + "/pictures/sheet.jpg", tile(images, kSheetColumns, kSheetSide));
    write_demo_report(options.folder + "/report.html", options.folder, outcome, pictures);
    return outcome;
}

} // namespace banyan
