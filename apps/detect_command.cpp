#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <iostream>
#include <map>
#include <mutex>
#include <optional>
#include <set>

#include <nlohmann/json.hpp>

#include "apps/detection_files.h"
#include "apps/detector_values.h"
#include "apps/option_values.h"
#include "apps/picture_list.h"
#include "apps/run_commands.h"
#include "core/allocator.h"
#include "core/atomic_file.h"
#include "core/indexed_work.h"
#include "core/log.h"
#include "core/progress.h"
#include "core/stop_signal.h"
#include "data/data_problems.h"
#include "image/draw.h"
#include "image/image_codec.h"

namespace banyan {

namespace {

namespace fs = std::filesystem;

void make_folder(const std::string& folder) {
    std::error_code error;
    fs::create_directories(folder, error);
    if (error) throw IoError(ErrorText{"--out " + folder, "cannot be made: " + error.message(), "a folder", "", ""});
}

/// File names for the drawn pictures: those of the pictures, numbered where several have the same.
std::vector<std::string> drawn_names(const std::vector<std::string>& files) {
    std::vector<std::string> names;
    std::set<std::string> taken;
    for (const std::string& file : files) {
        const std::string stem = fs::path(file).stem().string();
        std::string name = stem;
        for (int i = 2; !taken.insert(name).second; ++i) name = stem + "-" + std::to_string(i);
        names.push_back(name + ".jpg");
    }
    return names;
}

void draw(const PictureResult& result, Image& image, const std::string& file) {
    std::vector<DrawnBox> boxes;
    for (auto found = result.detections.rbegin(); found != result.detections.rend(); ++found) { // the best on top
        char score[16];
        std::snprintf(score, sizeof score, " %.2f", static_cast<double>(found->score));
        boxes.push_back({found->box, found->class_name + score, found->class_id});
    }
    draw_boxes(image, boxes);
    write_jpeg(file, image);
}

/// What became of one picture.
struct Outcome {
    PictureResult result;
    std::optional<Error> problem; ///< why it could not be read
};

/// The command at work: streams that each take the next picture, read it, find what it shows and draw it.
class Detecting {
public:
    /// @param drawn folder of the drawn pictures; empty: none are drawn
    Detecting(std::vector<Detector> streams, std::vector<std::string> files, std::string drawn)
        : streams_(std::move(streams)), files_(std::move(files)), names_(drawn_names(files_)), drawn_(std::move(drawn)),
          outcomes_(files_.size()) {}

    /// @return false if a signal stopped it
    bool run() {
        Progress progress("detecting", static_cast<std::int64_t>(files_.size()), "image");
        std::mutex lock;
        std::int64_t done = 0;
        return work_through(files_.size(), streams_.size(), [&](std::size_t stream, std::size_t index) {
            if (stop_requested()) return false;
            detect(streams_[stream], index);
            const std::lock_guard guard(lock);
            progress.update(++done);
            return true;
        });
    }

    /// Of the pictures that could be read, in their order; the others' problems are added to `problems`.
    std::vector<PictureResult> take_results(DataProblems& problems) {
        std::vector<PictureResult> results;
        for (Outcome& outcome : outcomes_) {
            if (outcome.problem) {
                problems.add(*outcome.problem);
            } else {
                results.push_back(std::move(outcome.result));
            }
        }
        return results;
    }

private:
    void detect(Detector& detector, std::size_t index) {
        Outcome& outcome = outcomes_[index];
        Image image;
        try {
            image = read_image(files_[index], {.apply_exif_orientation = true});
        } catch (const Error& error) {
            outcome.problem = error;
            return;
        }
        outcome.result = {files_[index], image.width, image.height, detector.detect(image)};
        if (!drawn_.empty()) draw(outcome.result, image, drawn_ + "/" + names_[index]);
    }

    std::vector<Detector> streams_;
    std::vector<std::string> files_, names_;
    std::string drawn_;
    std::vector<Outcome> outcomes_; ///< by file
};

std::vector<Detector> make_streams(const Options& options, std::size_t pictures) {
    const StreamValues wanted = stream_values(options, pictures);
    DetectorOptions values = detector_values(options);
    values.threads = wanted.threads;
    std::vector<Detector> streams;
    streams.emplace_back(text_option(options, "model"), values);
    while (streams.size() < wanted.count) streams.push_back(streams.front().another_stream());
    return streams;
}

/// @return the file that holds the detections
std::string write_results(const std::string& folder, bool coco, const std::vector<PictureResult>& results,
                          const ClassTable& classes) {
    if (!coco) {
        write_file_atomically(folder + "/detections.json", detections_json(results));
        return folder + "/detections.json";
    }
    write_file_atomically(folder + "/images.coco.json", coco_mapping_json(results, classes));
    write_file_atomically(folder + "/predictions.coco.json", coco_results_json(results));
    return folder + "/predictions.coco.json";
}

struct Summary {
    std::string file;
    std::size_t unreadable = 0;
    double seconds = 0;
};

void print_summary(const Summary& summary, const std::vector<PictureResult>& results,
                   const std::vector<std::string>& detected_tasks, bool as_json) {
    std::map<std::string, std::size_t> counts;
    for (const PictureResult& result : results) {
        for (const Detection& found : result.detections) ++counts[found.task];
    }
    nlohmann::ordered_json tasks = nlohmann::ordered_json::object();
    for (const std::string& task : detected_tasks) tasks[task] = counts[task];
    if (as_json) {
        const nlohmann::ordered_json json{{"file", summary.file},
                                          {"images", results.size()},
                                          {"unreadable", summary.unreadable},
                                          {"detections", tasks},
                                          {"seconds", summary.seconds}};
        std::cout << json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) << "\n";
        return;
    }
    std::cout << results.size() << " pictures:";
    for (const std::string& task : detected_tasks) std::cout << " " << counts[task] << " " << task;
    std::cout << "; written to " << summary.file << "\n";
}

} // namespace

ExitCode run_detect(const Options& options) {
    const std::string folder = text_option(options, "out"), format = text_option(options, "format");
    if (format != "json" && format != "coco") {
        throw UsageError(ErrorText{"--format", "unknown format", "json or coco", "\"" + format + "\"", ""});
    }
    keep_pages();
    install_stop_handlers();
    DataProblems problems;
    std::vector<std::string> files = list_pictures(options["paths"].as<std::vector<std::string>>(), problems);
    std::vector<Detector> streams = make_streams(options, files.size());
    const ClassTable classes = streams.front().classes();
    const std::vector<std::string> tasks = streams.front().tasks();
    make_folder(folder);
    const auto start = std::chrono::steady_clock::now();
    Detecting work(std::move(streams), std::move(files), options.count("no-images") == 0 ? folder + "/pictures" : "");
    if (!work.run()) {
        log_warning("stopped; no detections were written");
        return exit_code_of_signal(*stop_requested());
    }
    const std::vector<PictureResult> results = work.take_results(problems);
    if (results.empty()) problems.throw_if_any(); // an older result stays when no picture could be read
    const std::string file = write_results(folder, format == "coco", results, classes);
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    print_summary({file, problems.count(), seconds}, results, tasks, options.count("json") != 0);
    problems.throw_if_any();
    return ExitCode::ok;
}

} // namespace banyan
