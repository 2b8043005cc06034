#include "label/found_cache.h"

#include <chrono>
#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "label/cached_teacher.h"
#include "support/expect_error.h"
#include "support/temp_dir.h"

namespace banyan {
namespace {

namespace fs = std::filesystem;

const std::vector<ScoredBox> kBoxes{{{1, 2, 3.5F, 4}, 0.75F, 2}, {{-1, 0, 1e6F, 9}, 0.01F, 0}};

bool are_equal(const std::vector<ScoredBox>& a, const std::vector<ScoredBox>& b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const ScoredBox& one, const ScoredBox& other) {
        return one.box == other.box && one.score == other.score && one.class_id == other.class_id;
    });
}

fs::path only_file(const std::string& folder) {
    std::vector<fs::path> files;
    for (const auto& entry : fs::directory_iterator(folder)) files.push_back(entry.path());
    EXPECT_EQ(files.size(), 1U);
    return files.at(0);
}

TEST(FoundCache, GivesBackWhatWasWritten) {
    const TempDir dir;
    const std::string folder = dir.file("deep/cache");
    {
        FoundCache cache(folder);
        EXPECT_FALSE(cache.read(7).has_value());
        cache.write(7, kBoxes);
        cache.write(8, {});
    }
    FoundCache again(folder);
    EXPECT_TRUE(are_equal(again.read(7).value(), kBoxes));
    EXPECT_TRUE(again.read(8).value().empty());
    EXPECT_FALSE(again.read(9).has_value());
}

TEST(FoundCache, KnowsEveryDamagedByteAndEveryCut) {
    const TempDir dir;
    FoundCache cache(dir.path());
    cache.write(7, kBoxes);
    const fs::path file = only_file(dir.path());
    std::ifstream in(file, std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(in), {}};
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        std::string damaged = bytes;
        damaged[i] = static_cast<char>(damaged[i] ^ 1);
        std::ofstream(file, std::ios::binary) << damaged;
        EXPECT_FALSE(cache.read(7).has_value()) << "byte " << i;
        std::ofstream(file, std::ios::binary) << bytes.substr(0, i);
        EXPECT_FALSE(cache.read(7).has_value()) << i << " bytes";
    }
    cache.write(7, kBoxes);
    EXPECT_TRUE(are_equal(cache.read(7).value(), kBoxes));
}

TEST(FoundCache, StaysBelowItsLimitAndDropsTheOldest) {
    const TempDir dir;
    constexpr std::uint64_t kLimit = 2000;
    FoundCache cache(dir.path(), kLimit);
    const std::vector<ScoredBox> boxes(10, kBoxes.front()); // 240 bytes and a few
    auto time = fs::file_time_type::clock::now() - std::chrono::hours(1);
    for (std::uint64_t key = 0; key < 20; ++key) {
        cache.write(key, boxes);
        for (const auto& entry : fs::directory_iterator(dir.path())) {
            if (entry.last_write_time() > time + std::chrono::minutes(30)) fs::last_write_time(entry, time);
        }
        time += std::chrono::seconds(1);
        std::uint64_t bytes = 0;
        for (const auto& entry : fs::directory_iterator(dir.path())) bytes += entry.file_size();
        EXPECT_LE(bytes, kLimit);
        EXPECT_TRUE(cache.read(key).has_value()) << "the newest stays";
    }
    EXPECT_FALSE(cache.read(0).has_value());
    EXPECT_TRUE(cache.read(16).has_value());
    EXPECT_TRUE(FoundCache(dir.path(), kLimit).read(19).has_value());
}

TEST(FoundCache, WithoutAFolderItIsRefusedAndAnUnwritableOneLeftAlone) {
    const TempDir dir;
    dir.write("file", "x");
    expect_error<IoError>([&] { FoundCache cache(dir.file("file")); }, {dir.file("file"), "--cache"});
    FoundCache cache(dir.file("cache"));
    fs::remove_all(dir.file("cache"));
    EXPECT_NO_THROW(cache.write(7, kBoxes));
    EXPECT_FALSE(cache.read(7).has_value());
}

/// Counts how often it is asked.
class CountingTeacher : public LabelTeacher {
public:
    explicit CountingTeacher(int& asked) : asked_(asked) {}
    std::vector<ScoredBox> find(const Image&) override {
        ++asked_;
        return kBoxes;
    }
    std::unique_ptr<LabelTeacher> another_stream() const override { return std::make_unique<CountingTeacher>(asked_); }

private:
    int& asked_;
};

TEST(CachedTeacher, IsAskedOncePerPicture) {
    const TempDir dir;
    int asked = 0;
    const auto cache = std::make_shared<FoundCache>(dir.path());
    CachedTeacher teacher(std::make_unique<CountingTeacher>(asked), cache, 1);
    Image picture;
    picture.width = 4;
    picture.height = 2;
    picture.rgb.assign(24, 5);
    EXPECT_TRUE(are_equal(teacher.find(picture), kBoxes));
    EXPECT_TRUE(are_equal(teacher.another_stream()->find(picture), kBoxes));
    EXPECT_EQ(asked, 1);
    std::swap(picture.width, picture.height); // the same bytes in another shape
    teacher.find(picture);
    EXPECT_EQ(asked, 2);
    picture.rgb[3] = 6;
    teacher.find(picture);
    EXPECT_EQ(asked, 3);
    CachedTeacher(std::make_unique<CountingTeacher>(asked), cache, 2).find(picture); // another teacher
    EXPECT_EQ(asked, 4);
}

TEST(TeacherKey, GoesByFileAndSettings) {
    const TempDir dir;
    LabelTeacherOptions options;
    options.file = dir.write("a.onnx", "network");
    options.settings = "{}";
    const std::uint64_t key = teacher_key(options);
    options.thresholds[0] = {0.1, 0.2};
    options.name = "other";
    EXPECT_EQ(teacher_key(options), key);
    options.settings = "{\"bgr\":true}";
    EXPECT_NE(teacher_key(options), key);
    options.settings = "{}";
    dir.write("a.onnx", "network2");
    EXPECT_NE(teacher_key(options), key);
}

} // namespace
} // namespace banyan
