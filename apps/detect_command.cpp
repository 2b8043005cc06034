#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <iostream>
#include <map>
#include <set>

#include <nlohmann/json.hpp>

#include "apps/detection_files.h"
#include "apps/detector_values.h"
#include "apps/option_values.h"
#include "apps/picture_list.h"
#include "apps/run_commands.h"
#include "core/allocator.h"
#include "core/atomic_file.h"
#include "core/log.h"
#include "core/progress.h"
#include "core/stop_signal.h"
#include "data/data_problems.h"
#include "image/draw.h"
#include "image/image_codec.h"

namespace banyan {

namespace {

namespace fs = std::filesystem;

// One pass takes so many pictures, fewer when they are large: the decoded ones lie in memory together.
constexpr std::size_t kBatchPictures = 8;
constexpr std::size_t kBatchBytes = std::size_t{192} << 20;

void make_folder(const std::string& folder) {
    std::error_code error;
    fs::create_directories(folder, error);
    if (error) throw IoError(ErrorText{"--out " + folder, "cannot be made: " + error.message(), "a folder", "", ""});
}

/// A file name for each drawn picture: that of the picture, numbered where several have the same.
class DrawnNames {
public:
    std::string next(const std::string& file) {
        const std::string stem = fs::path(file).stem().string();
        std::string name = stem;
        for (int i = 2; !taken_.insert(name).second; ++i) name = stem + "-" + std::to_string(i);
        return name + ".jpg";
    }

private:
    std::set<std::string> taken_;
};

/// The command at work: pictures in batches through the detector, results collected.
class Detecting {
public:
    Detecting(Detector& detector, std::string folder, bool draw)
        : detector_(detector), folder_(std::move(folder)), draw_(draw) {}

    /// @return false if a signal stopped it
    bool run(const std::vector<std::string>& files, DataProblems& problems);

    const std::vector<PictureResult>& results() const { return results_; }

private:
    bool read(const std::string& file, DataProblems& problems);
    bool is_full() const { return images_.size() >= kBatchPictures || batch_bytes_ >= kBatchBytes; }
    void detect_batch();
    void draw(const PictureResult& result, Image& image);

    Detector& detector_;
    std::string folder_;
    bool draw_;
    DrawnNames drawn_names_;
    std::vector<PictureResult> results_;
    std::vector<std::string> files_; // the batch
    std::vector<Image> images_;
    std::size_t batch_bytes_ = 0;
};

bool Detecting::run(const std::vector<std::string>& files, DataProblems& problems) {
    Progress progress("detecting", static_cast<std::int64_t>(files.size()), "image");
    for (std::size_t i = 0; i < files.size(); ++i) {
        if (stop_requested()) return false;
        read(files[i], problems);
        if (!is_full() && i + 1 < files.size()) continue;
        detect_batch();
        progress.update(static_cast<std::int64_t>(i + 1));
    }
    return !stop_requested();
}

bool Detecting::read(const std::string& file, DataProblems& problems) {
    try {
        images_.push_back(read_image(file, {.apply_exif_orientation = true}));
    } catch (const Error& error) {
        problems.add(error);
        return false;
    }
    files_.push_back(file);
    batch_bytes_ += images_.back().rgb.size();
    return true;
}

void Detecting::detect_batch() {
    std::vector<std::vector<Detection>> found = detector_.detect(images_);
    for (std::size_t i = 0; i < images_.size(); ++i) {
        results_.push_back({files_[i], images_[i].width, images_[i].height, std::move(found[i])});
        if (draw_) draw(results_.back(), images_[i]);
    }
    files_.clear();
    images_.clear();
    batch_bytes_ = 0;
}

void Detecting::draw(const PictureResult& result, Image& image) {
    std::vector<DrawnBox> boxes;
    for (auto found = result.detections.rbegin(); found != result.detections.rend(); ++found) { // the best on top
        char score[16];
        std::snprintf(score, sizeof score, " %.2f", static_cast<double>(found->score));
        boxes.push_back({found->box, found->class_name + score, found->class_id});
    }
    draw_boxes(image, boxes);
    write_jpeg(folder_ + "/pictures/" + drawn_names_.next(result.file), image);
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

void print_summary(const Summary& summary, const Detecting& work, const Detector& detector, bool as_json) {
    std::map<std::string, std::size_t> counts;
    for (const PictureResult& result : work.results()) {
        for (const Detection& found : result.detections) ++counts[found.task];
    }
    nlohmann::ordered_json tasks = nlohmann::ordered_json::object();
    for (const std::string& task : detector.tasks()) tasks[task] = counts[task];
    if (as_json) {
        const nlohmann::ordered_json json{{"file", summary.file},
                                          {"images", work.results().size()},
                                          {"unreadable", summary.unreadable},
                                          {"detections", tasks},
                                          {"seconds", summary.seconds}};
        std::cout << json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) << "\n";
        return;
    }
    std::cout << work.results().size() << " pictures:";
    for (const std::string& task : detector.tasks()) std::cout << " " << counts[task] << " " << task;
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
    Detector detector(text_option(options, "model"), detector_values(options));
    make_folder(folder);
    const auto start = std::chrono::steady_clock::now();
    DataProblems problems;
    Detecting work(detector, folder, options.count("no-images") == 0);
    if (!work.run(list_pictures(options["paths"].as<std::vector<std::string>>(), problems), problems)) {
        log_warning("stopped; no detections were written");
        return exit_code_of_signal(*stop_requested());
    }
    if (work.results().empty()) problems.throw_if_any(); // an older result stays when no picture could be read
    const std::string file = write_results(folder, format == "coco", work.results(), detector.classes());
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    print_summary({file, problems.count(), seconds}, work, detector, options.count("json") != 0);
    problems.throw_if_any();
    return ExitCode::ok;
}

} // namespace banyan
