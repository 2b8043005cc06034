#include "small_run.h"

#include <filesystem>
#include <fstream>
#include <iterator>

#include "image/image_codec.h"
#include "support/painted_image.h"

namespace banyan::test {

namespace {

using Json = nlohmann::json;
namespace fs = std::filesystem;

constexpr int kWidth = 96, kHeight = 72;

/// Each picture shows a red and a blue square; the data set labels one of them.
void write_dataset(const TempDir& dir, const std::string& name, const std::string& labelled, std::uint64_t seed) {
    Json coco{
        {"images", Json::array()}, {"annotations", Json::array()}, {"categories", {{{"id", 1}, {"name", labelled}}}}};
    fs::create_directories(dir.file(name));
    Random random(seed);
    for (int i = 0; i < SmallRun::kPictures; ++i) {
        Image image = noise_image(kWidth, kHeight, seed + static_cast<std::uint64_t>(i));
        const auto left = static_cast<float>(random.integer(2, 20)), top = static_cast<float>(random.integer(2, 40));
        const Box red{left, top, left + 24, top + 24}, blue{left + 44, top, left + 68, top + 28};
        paint(image, red, kRed);
        paint(image, blue, kBlue);
        const std::string file = std::to_string(i) + ".jpg";
        write_jpeg(dir.file(name + "/" + file), image);
        const Box& box = labelled == "red" ? red : blue;
        coco["images"].push_back({{"id", i + 1}, {"file_name", file}, {"width", kWidth}, {"height", kHeight}});
        coco["annotations"].push_back({{"id", i + 1},
                                       {"image_id", i + 1},
                                       {"category_id", 1},
                                       {"bbox", {box.x0, box.y0, box.width(), box.height()}},
                                       {"area", box.area()},
                                       {"iscrowd", 0}});
    }
    dir.write(name + "/instances.json", coco.dump());
}

Json dataset_entry(const std::string& name, const std::string& task) {
    return {{"name", name},
            {"format", "coco"},
            {"root", name},
            {"annotations", "instances.json"},
            {"classes", {{task, task}}}};
}

Json branch_entry(const std::string& task) {
    return {{"name", task}, {"anchors", {{"levels", {3, 4, 5}}}}, {"head", {{"depth", 1}, {"width", 16}}}};
}

} // namespace

SmallRun::SmallRun() {
    write_dataset(dir_, "reds", "red", 1);
    write_dataset(dir_, "blues", "blue", 100);
    write_config();
}

void SmallRun::write_config(const Json& train, const Json& transforms) const {
    Json config{{"schema_version", 1},
                {"tasks", {{{"name", "red"}}, {{"name", "blue"}}}},
                {"model",
                 {{"input_side", 64},
                  {"backbone", {{"type", "mobilenet_v2"}, {"width", 0.35}}},
                  {"neck", {{"channels", 16}, {"first_level", 3}, {"last_level", 5}}},
                  {"branches", {branch_entry("red"), branch_entry("blue")}}}},
                {"datasets", {dataset_entry("reds", "red"), dataset_entry("blues", "blue")}},
                {"validation", {dataset_entry("reds", "red"), dataset_entry("blues", "blue")}},
                {"loader", {{"batch_size", 4}, {"sides", {64}}, {"threads", 1}}},
                {"train",
                 {{"steps", 3},
                  {"trunk_norm", "batch"},
                  {"warmup_steps", 1},
                  {"log_every", 1},
                  {"eval_every", 0},
                  {"checkpoint_every", 0}}}};
    config["train"].update(train);
    config["transforms"] = transforms;
    dir_.write("config.json", config.dump(2));
}

std::string SmallRun::picture(int index) const { return dir_.file("reds/" + std::to_string(index) + ".jpg"); }

std::vector<int> SmallRun::checkpoints() const {
    const std::string prefix = "checkpoint-";
    std::vector<int> steps;
    for (const auto& entry : fs::directory_iterator(out())) {
        const std::string name = entry.path().filename().string();
        if (name.rfind(prefix, 0) == 0) steps.push_back(std::stoi(name.substr(prefix.size())));
    }
    return steps;
}

std::string read_text(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

std::vector<Json> read_metrics_lines(const std::string& run_folder) {
    std::ifstream in(run_folder + "/metrics.jsonl");
    std::vector<Json> lines;
    for (std::string line; std::getline(in, line);) {
        const Json json = Json::parse(line, nullptr, /*allow_exceptions=*/false);
        if (!json.is_discarded()) lines.push_back(json);
    }
    return lines;
}

} // namespace banyan::test
