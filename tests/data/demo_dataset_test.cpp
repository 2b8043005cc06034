#include "data/demo_dataset.h"

#include <filesystem>
#include <set>
#include <stdexcept>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "core/atomic_file.h"
#include "core/error.h"
#include "image/image_codec.h"
#include "support/expect_error.h"
#include "support/temp_dir.h"

namespace banyan {
namespace {

namespace fs = std::filesystem;

DemoOptions small_options() {
    DemoOptions options;
    options.side = 96;
    options.train_pictures = 6;
    options.eval_pictures = 4;
    return options;
}

nlohmann::json instances(const TempDir& dir, const std::string& set) {
    return nlohmann::json::parse(read_file(dir.file(set + "/instances.json")));
}

TEST(WriteDemoDatasets, EachSetLabelsOnlyItsOwnPart) {
    const TempDir dir;
    write_demo_datasets(dir.path(), small_options());
    const std::vector<std::pair<std::string, std::set<int>>> expected = {
        {"street", {1}}, {"portrait", {2}}, {"workshop", {3}}, {"all", {1, 2, 3}}};
    for (const auto& [set, ids] : expected) {
        const nlohmann::json json = instances(dir, set);
        std::set<int> listed, used;
        for (const auto& category : json["categories"]) listed.insert(category["id"].get<int>());
        for (const auto& annotation : json["annotations"]) used.insert(annotation["category_id"].get<int>());
        EXPECT_EQ(listed, ids) << set;
        EXPECT_EQ(used, ids) << set;
    }
}

TEST(WriteDemoDatasets, AnnotationsAreTheDrawnScenes) {
    const TempDir dir;
    const DemoOptions options = small_options();
    write_demo_datasets(dir.path(), options);
    const nlohmann::json json = instances(dir, "all");
    ASSERT_EQ(json["images"].size(), 4U);
    std::size_t at = 0;
    for (std::uint64_t i = 0; i < 4; ++i) {
        const DemoScene scene = draw_demo_scene(options.seed, (std::uint64_t{3} << 32) + i, options.side);
        for (const LabelledBox& label : scene.boxes) {
            const auto& annotation = json["annotations"].at(at++);
            EXPECT_EQ(annotation["image_id"], i + 1);
            EXPECT_EQ(annotation["category_id"], label.class_id + 1);
            const Box& box = label.box;
            EXPECT_EQ(annotation["bbox"], nlohmann::json({box.x0, box.y0, box.width(), box.height()}));
            EXPECT_EQ(annotation["area"], box.area());
            EXPECT_EQ(annotation["iscrowd"], 0);
        }
        for (std::size_t k = 0; k < scene.ignore.size(); ++k) EXPECT_EQ(json["annotations"].at(at++)["iscrowd"], 1);
    }
    EXPECT_EQ(json["annotations"].size(), at);
}

TEST(WriteDemoDatasets, PicturesHaveTheStatedNamesAndSizes) {
    const TempDir dir;
    write_demo_datasets(dir.path(), small_options());
    for (const auto& image : instances(dir, "portrait")["images"]) {
        const ImageInfo info = read_image_info(dir.file("portrait/images/" + image["file_name"].get<std::string>()));
        EXPECT_EQ(info.width, image["width"]);
        EXPECT_EQ(info.height, image["height"]);
    }
}

TEST(WriteDemoDatasets, ThreadCountChangesNoByte) {
    const TempDir one, three;
    DemoOptions options = small_options();
    options.threads = 1;
    write_demo_datasets(one.path(), options);
    options.threads = 3;
    write_demo_datasets(three.path(), options);
    for (const auto& entry : fs::recursive_directory_iterator(one.path())) {
        if (!entry.is_regular_file()) continue;
        const std::string relative = fs::relative(entry.path(), one.path()).string();
        EXPECT_EQ(read_file(entry.path().string()), read_file(three.file(relative))) << relative;
    }
}

TEST(WriteDemoDatasets, CompleteSetsAreLeftAlone) {
    const TempDir dir;
    write_demo_datasets(dir.path(), small_options());
    const std::string picture = dir.file("street/images/000000.jpg");
    const auto before = fs::last_write_time(picture);
    std::int64_t calls = 0, last = 0;
    write_demo_datasets(dir.path(), small_options(), [&](std::int64_t done, std::int64_t total) {
        ++calls;
        last = done;
        EXPECT_EQ(total, 3 * 6 + 4);
    });
    EXPECT_EQ(fs::last_write_time(picture), before);
    EXPECT_EQ(calls, 4); // one for each set
    EXPECT_EQ(last, 22);
}

TEST(WriteDemoDatasets, OtherOptionsWriteAnewAndLeaveNothingOld) {
    const TempDir dir;
    DemoOptions options = small_options();
    write_demo_datasets(dir.path(), options);
    const std::string old = read_file(dir.file("street/images/000000.jpg"));
    options.seed = 2;
    options.train_pictures = 3;
    write_demo_datasets(dir.path(), options);
    EXPECT_NE(read_file(dir.file("street/images/000000.jpg")), old);
    EXPECT_TRUE(fs::exists(dir.file("street/images/000002.jpg")));
    EXPECT_FALSE(fs::exists(dir.file("street/images/000003.jpg")));
    EXPECT_EQ(instances(dir, "street")["images"].size(), 3U);
}

TEST(WriteDemoDatasets, InterruptedSetIsFinishedByTheNextRun) {
    const TempDir broken, whole;
    const auto stop = [](std::int64_t done, std::int64_t) {
        if (done == 8) throw std::runtime_error("stop");
    };
    EXPECT_THROW(write_demo_datasets(broken.path(), small_options(), stop), std::runtime_error);
    EXPECT_TRUE(fs::exists(broken.file("street/instances.json")));
    EXPECT_FALSE(fs::exists(broken.file("portrait/instances.json")));
    write_demo_datasets(broken.path(), small_options());
    write_demo_datasets(whole.path(), small_options());
    for (const std::string name : {"portrait/instances.json", "portrait/images/000003.jpg", "all/demo.json"}) {
        EXPECT_EQ(read_file(broken.file(name)), read_file(whole.file(name))) << name;
    }
}

TEST(WriteDemoDatasets, MissingPictureIsWrittenAgain) {
    const TempDir dir;
    write_demo_datasets(dir.path(), small_options());
    fs::remove(dir.file("all/images/000001.jpg"));
    write_demo_datasets(dir.path(), small_options());
    EXPECT_TRUE(fs::exists(dir.file("all/images/000001.jpg")));
}

TEST(WriteDemoDatasets, ForeignFolderIsRefusedAndKept) {
    const TempDir dir;
    const std::string photo = dir.write("street/images/holiday.jpg", "mine");
    expect_error<IoError>([&] { write_demo_datasets(dir.path(), small_options()); },
                          {"street", "not the demo's", "choose another folder"});
    EXPECT_EQ(read_file(photo), "mine");
}

TEST(WriteDemoDatasets, RefusesOptionsOutOfRange) {
    const TempDir dir;
    DemoOptions options = small_options();
    options.train_pictures = 0;
    const auto write = [&] { write_demo_datasets(dir.path(), options); };
    expect_error<ConfigError>(write, {"train_pictures", "[1, 100000]", "0"});
    options = small_options();
    options.side = 95;
    expect_error<ConfigError>(write, {"side", "[96, 1024]", "95"});
}

TEST(WriteDemoDatasets, UnwritableFolderIsAnIoError) {
    const TempDir dir;
    const std::string file = dir.write("file", "");
    expect_error<IoError>([&] { write_demo_datasets(file, small_options()); }, {file});
}

} // namespace
} // namespace banyan
