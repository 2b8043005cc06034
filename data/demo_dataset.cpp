#include "data/demo_dataset.h"

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <mutex>
#include <thread>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/atomic_file.h"
#include "core/error.h"
#include "image/image_codec.h"

namespace banyan {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

/// Raised whenever a change of the drawing code changes pictures or labels, so that older sets are written anew.
constexpr int kDrawingVersion = 2;
constexpr const char* kMarkerKey = "banyan_demo";

struct PictureLabels {
    std::vector<LabelledBox> boxes;
    std::vector<IgnoreRegion> ignore;
};

std::string picture_name(std::size_t index) {
    char name[32];
    std::snprintf(name, sizeof name, "%06zu.jpg", index);
    return name;
}

void check_range(const char* name, std::int64_t value, std::int64_t low, std::int64_t high) {
    if (value >= low && value <= high) return;
    throw ConfigError(ErrorText{"demo", std::string("\"") + name + "\" is out of range",
                                "an integer in [" + std::to_string(low) + ", " + std::to_string(high) + "]",
                                std::to_string(value), ""});
}

void check_options(const DemoOptions& options) {
    check_range("side", options.side, 96, 1024);
    check_range("train_pictures", options.train_pictures, 1, 100000);
    check_range("eval_pictures", options.eval_pictures, 1, 100000);
    check_range("jpeg_quality", options.jpeg_quality, 1, 100);
    check_range("threads", options.threads, 1, 64);
}

bool is_fully_labelled(const DemoSet& set) {
    return std::all_of(set.labelled.begin(), set.labelled.end(), [](bool labelled) { return labelled; });
}

std::size_t picture_count(const DemoSet& set, const DemoOptions& options) {
    return static_cast<std::size_t>(is_fully_labelled(set) ? options.eval_pictures : options.train_pictures);
}

/// Runs `work` for 0 … count-1 on several threads; the first exception ends it and is thrown here.
void for_each_index(std::size_t count, int threads, const std::function<void(std::size_t)>& work) {
    std::atomic<std::size_t> next{0};
    std::exception_ptr failure;
    std::mutex failure_lock;
    const auto run = [&] {
        try {
            for (std::size_t i = next++; i < count; i = next++) work(i);
        } catch (...) {
            const std::lock_guard<std::mutex> hold(failure_lock);
            if (!failure) failure = std::current_exception();
            next = count;
        }
    };
    {
        std::vector<std::jthread> helpers; // joined at the end of the block
        for (int i = 1; i < threads; ++i) helpers.emplace_back(run);
        run();
    }
    if (failure) std::rethrow_exception(failure);
}

/// One set on its way to the disk.
class SetWriter {
public:
    SetWriter(const std::string& folder, std::size_t set_index, const DemoOptions& options)
        : set_(demo_sets().at(set_index)), options_(options), first_scene_(std::uint64_t{set_index} << 32),
          folder_(fs::path(folder) / set_.name), labels_(picture_count(set_, options)) {}

    std::size_t size() const { return labels_.size(); }

    bool is_complete() const {
        if (!fs::is_regular_file(marker_path()) || read_file(marker_path()) != marker(true)) return false;
        if (!fs::is_regular_file(folder_ / "instances.json")) return false;
        for (std::size_t i = 0; i < size(); ++i) {
            if (!fs::is_regular_file(picture_path(i))) return false;
        }
        return true;
    }

    /// Makes an empty place that is known to be ours.
    void start() const {
        if (fs::exists(folder_) && !fs::is_empty(folder_) && !is_ours()) {
            throw IoError(ErrorText{folder_.string(), "holds files that are not the demo's", "", "",
                                    "choose another folder or empty this one"});
        }
        write_file_atomically(marker_path(), marker(false));
        fs::remove_all(folder_ / "images");
        fs::remove(folder_ / "instances.json");
    }

    void write_picture(std::size_t index) {
        DemoScene scene = draw_demo_scene(options_.seed, first_scene_ + index, options_.side, set_.places);
        write_jpeg(picture_path(index), scene.image, options_.jpeg_quality);
        labels_[index] = {std::move(scene.boxes), std::move(scene.ignore)};
    }

    void finish() const {
        write_file_atomically((folder_ / "instances.json").string(), coco().dump() + "\n");
        write_file_atomically(marker_path(), marker(true));
    }

private:
    std::string marker_path() const { return (folder_ / "demo.json").string(); }
    std::string picture_path(std::size_t index) const { return (folder_ / "images" / picture_name(index)).string(); }

    bool is_ours() const {
        if (!fs::is_regular_file(marker_path())) return false;
        const Json found = Json::parse(read_file(marker_path()), nullptr, false);
        return found.is_object() && found.contains(kMarkerKey);
    }

    std::string marker(bool complete) const {
        const Json json = {{kMarkerKey, kDrawingVersion}, {"set", set_.name},   {"seed", options_.seed},
                           {"side", options_.side},       {"pictures", size()}, {"jpeg_quality", options_.jpeg_quality},
                           {"complete", complete}};
        return json.dump(2) + "\n";
    }

    Json coco() const {
        const ClassTable classes = demo_classes();
        Json images = Json::array();
        Json annotations = Json::array();
        Json categories = Json::array();
        for (int id = 0; id < classes.size(); ++id) {
            if (is_labelled(id)) categories.push_back({{"id", id + 1}, {"name", classes.class_name(id)}});
        }
        for (std::size_t i = 0; i < size(); ++i) {
            images.push_back(
                {{"id", i + 1}, {"file_name", picture_name(i)}, {"width", options_.side}, {"height", options_.side}});
            for (const LabelledBox& label : labels_[i].boxes) annotate(annotations, i, label.box, label.class_id, 0);
            for (const IgnoreRegion& label : labels_[i].ignore)
                annotate(annotations, i, bounds(label.area), label.class_id, 1);
        }
        return {{"info", {{"description", std::string("Banyan demo, set ") + set_.name}}},
                {"images", images},
                {"annotations", annotations},
                {"categories", categories}};
    }

    bool is_labelled(int class_id) const { return set_.labelled.at(static_cast<std::size_t>(class_id)); }

    void annotate(Json& annotations, std::size_t picture, const Box& box, int class_id, int crowd) const {
        if (!is_labelled(class_id)) return;
        annotations.push_back({{"id", annotations.size() + 1},
                               {"image_id", picture + 1},
                               {"category_id", class_id + 1},
                               {"bbox", {box.x0, box.y0, box.width(), box.height()}},
                               {"area", box.area()},
                               {"iscrowd", crowd}});
    }

    const DemoSet& set_;
    const DemoOptions& options_;
    std::uint64_t first_scene_; ///< no two sets share a scene
    fs::path folder_;
    std::vector<PictureLabels> labels_; ///< [picture]
};

void write_sets(const std::string& folder, const DemoOptions& options, const DemoProgress& progress) {
    std::vector<SetWriter> writers;
    for (std::size_t i = 0; i < demo_sets().size(); ++i) writers.emplace_back(folder, i, options);
    std::int64_t total = 0;
    for (const SetWriter& writer : writers) total += static_cast<std::int64_t>(writer.size());

    std::int64_t done = 0;
    std::mutex progress_lock;
    const auto advance = [&](std::int64_t pictures) {
        const std::lock_guard<std::mutex> hold(progress_lock);
        done += pictures;
        if (progress) progress(done, total);
    };
    for (SetWriter& writer : writers) {
        if (writer.is_complete()) {
            advance(static_cast<std::int64_t>(writer.size()));
            continue;
        }
        writer.start();
        for_each_index(writer.size(), options.threads, [&](std::size_t index) {
            writer.write_picture(index);
            advance(1);
        });
        writer.finish();
    }
}

} // namespace

// Each set has a place of its own, as real data sets do: a network that takes unlabelled parts for background learns
// "no faces on streets", while one that masks them can carry each part over to the other places.
const std::array<DemoSet, 4>& demo_sets() {
    static constexpr std::array<DemoSet, 4> kSets = {{
        {"street", {true, false, false}, {.street = 1, .room = 0, .workshop = 0, .park = 0.3}},
        {"portrait", {false, true, false}, {.street = 0, .room = 1, .workshop = 0, .park = 0.3}},
        {"workshop", {false, false, true}, {.street = 0, .room = 0, .workshop = 1, .park = 0.3}},
        {"all", {true, true, true}, {}},
    }};
    return kSets;
}

void write_demo_datasets(const std::string& folder, const DemoOptions& options, const DemoProgress& progress) {
    check_options(options);
    try {
        write_sets(folder, options, progress);
    } catch (const fs::filesystem_error& error) {
        throw IoError(ErrorText{folder, error.what(), "", "", "check the folder and its permissions"});
    }
}

} // namespace banyan
