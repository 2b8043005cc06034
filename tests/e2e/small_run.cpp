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

Json annotation(int id, int image, int category, const Box& box) {
    return {{"id", id},
            {"image_id", image},
            {"category_id", category},
            {"bbox", {box.x0, box.y0, box.width(), box.height()}},
            {"area", box.area()},
            {"iscrowd", 0}};
}

Json branch_entry(const std::string& task) {
    return {{"name", task}, {"anchors", {{"levels", {3, 4, 5}}}}, {"head", {{"depth", 1}, {"width", 16}}}};
}

} // namespace

void write_squares(const TempDir& dir, const std::string& name, const SquaresOptions& options) {
    Json coco{{"images", Json::array()}, {"annotations", Json::array()}, {"categories", Json::array()}};
    for (std::size_t c = 0; c < options.labelled.size(); ++c) {
        coco["categories"].push_back({{"id", c + 1}, {"name", options.labelled[c]}});
    }
    fs::create_directories(dir.file(name));
    Random random(options.seed);
    int annotations = 0;
    for (int i = 0; i < options.pictures; ++i) {
        Image image = noise_image(kWidth, kHeight, options.seed + static_cast<std::uint64_t>(i));
        const auto left = static_cast<float>(random.integer(2, 20)), top = static_cast<float>(random.integer(2, 40));
        const Box red{left, top, left + 24, top + 24}, blue{left + 44, top, left + 68, top + 28};
        paint(image, red, kRed);
        paint(image, blue, kBlue);
        const std::string file = std::to_string(i) + ".jpg";
        write_jpeg(dir.file(name + "/" + file), image);
        coco["images"].push_back({{"id", i + 1}, {"file_name", file}, {"width", kWidth}, {"height", kHeight}});
        for (std::size_t c = 0; c < options.labelled.size(); ++c) {
            const Box& box = options.labelled[c] == "red" ? red : blue;
            coco["annotations"].push_back(annotation(++annotations, i + 1, static_cast<int>(c) + 1, box));
        }
    }
    dir.write(name + "/instances.json", coco.dump());
}

Json squares_entry(const std::string& name, const std::vector<std::string>& labelled) {
    Json classes = Json::object();
    for (const std::string& colour : labelled) classes[colour] = colour;
    return {{"name", name},
            {"format", "coco"},
            {"root", name},
            {"annotations", "instances.json"},
            {"classes", std::move(classes)}};
}

SmallRun::SmallRun() {
    write_squares(dir_, "reds", {{"red"}, 1});
    write_squares(dir_, "blues", {{"blue"}, 100});
    write_config();
}

void SmallRun::write_config(const Json& train, const Json& transforms) const {
    const Json datasets = Json::array({squares_entry("reds", {"red"}), squares_entry("blues", {"blue"})});
    Json config{{"schema_version", 1},
                {"tasks", {{{"name", "red"}}, {{"name", "blue"}}}},
                {"model",
                 {{"input_side", 64},
                  {"backbone", {{"type", "mobilenet_v2"}, {"width", 0.35}}},
                  {"neck", {{"channels", 16}, {"first_level", 3}, {"last_level", 5}}},
                  {"branches", {branch_entry("red"), branch_entry("blue")}}}},
                {"datasets", datasets},
                {"validation", datasets},
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
