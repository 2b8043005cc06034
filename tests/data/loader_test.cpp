#include "data/loader.h"

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "core/error.h"
#include "data/image_cache.h"
#include "image/image_codec.h"
#include "support/expect_error.h"
#include "support/painted_image.h"
#include "support/temp_dir.h"

namespace banyan {
namespace {

using test::noise_image;

/// Two small data sets of PNG files, 5 and 3 pictures.
class BatchLoaderTest : public testing::Test {
protected:
    BatchLoaderTest() {
        datasets_.push_back(make_dataset("first", 5, 1.0));
        datasets_.push_back(make_dataset("second", 3, 2.0));
    }

    Dataset make_dataset(const std::string& name, int count, double ratio) {
        std::vector<Record> records;
        for (int i = 0; i < count; ++i) {
            Record record;
            record.name = name + std::to_string(i) + ".png";
            record.file = dir_.file(record.name);
            record.image_id = i + 1;
            record.width = 40 + 3 * i;
            record.height = 30;
            record.labels = {{{{4, 5, 20, 25}, 0}}, {{Box{0, 0, 9, 9}, -1}}, {LabelState::exhaustive}, {}};
            write_png(record.file, noise_image(record.width, record.height, static_cast<std::uint64_t>(i)));
            records.push_back(record);
        }
        return Dataset(name, std::move(records), {LabelState::exhaustive}, ratio);
    }

    static LoaderOptions small_options() {
        LoaderOptions options;
        options.batch_size = 6;
        options.sides = {32, 48};
        options.seed = 7;
        return options;
    }

    std::vector<Batch> read(const LoaderOptions& options, int count, std::int64_t first = 0,
                            const TransformOptions& transforms = {}) {
        BatchLoader loader(datasets_, options, transforms, first);
        std::vector<Batch> batches;
        for (int i = 0; i < count; ++i) {
            EXPECT_EQ(loader.next_index(), first + i);
            batches.push_back(loader.next());
        }
        return batches;
    }

    TempDir dir_;
    std::vector<Dataset> datasets_;
};

void expect_same(const Batch& a, const Batch& b) {
    EXPECT_EQ(a.width, b.width);
    EXPECT_EQ(a.pixels, b.pixels);
    EXPECT_EQ(a.dataset, b.dataset);
    EXPECT_EQ(a.record, b.record);
    EXPECT_EQ(a.file, b.file);
    ASSERT_EQ(a.labels.size(), b.labels.size());
    for (std::size_t row = 0; row < a.labels.size(); ++row) {
        ASSERT_EQ(a.labels[row].boxes.size(), b.labels[row].boxes.size());
        for (std::size_t i = 0; i < a.labels[row].boxes.size(); ++i) {
            EXPECT_EQ(a.labels[row].boxes[i].box, b.labels[row].boxes[i].box);
        }
        ASSERT_EQ(a.labels[row].ignore.size(), b.labels[row].ignore.size());
        EXPECT_EQ(a.labels[row].states, b.labels[row].states);
        ASSERT_EQ(a.labels[row].regions.size(), b.labels[row].regions.size());
        for (std::size_t i = 0; i < a.labels[row].regions.size(); ++i) {
            EXPECT_EQ(a.labels[row].regions[i].area, b.labels[row].regions[i].area);
            EXPECT_EQ(a.labels[row].regions[i].states, b.labels[row].regions[i].states);
        }
    }
}

TEST_F(BatchLoaderTest, BatchesAreWholeAndMixedByRatio) {
    std::set<int> sides;
    for (const Batch& batch : read(small_options(), 20)) {
        EXPECT_EQ(batch.count, 6);
        EXPECT_EQ(batch.width, batch.height);
        sides.insert(batch.width);
        EXPECT_EQ(batch.pixels.size(), 6U * static_cast<std::size_t>(batch.width * batch.height) * 3U);
        EXPECT_EQ(batch.labels.size(), 6U);
        EXPECT_EQ(batch.dataset, (std::vector<int>{0, 0, 1, 1, 1, 1}));
        for (std::size_t row = 0; row < 6; ++row) {
            const Dataset& set = datasets_[static_cast<std::size_t>(batch.dataset[row])];
            EXPECT_EQ(batch.file[row], set.record(static_cast<std::size_t>(batch.record[row])).file);
            EXPECT_EQ(batch.labels[row].states, set.states());
        }
    }
    EXPECT_EQ(sides, (std::set<int>{32, 48}));
}

TEST_F(BatchLoaderTest, ThreadsQueueAndCacheDoNotChangeABit) {
    const std::vector<Batch> expected = read(small_options(), 12);
    for (const auto& [threads, queue, cache_mb] :
         {std::tuple{1, 1, 0}, std::tuple{3, 1, 1}, std::tuple{4, 8, 0}, std::tuple{2, 3, 100}}) {
        LoaderOptions options = small_options();
        options.threads = threads;
        options.queue = queue;
        options.cache_mb = cache_mb;
        const std::vector<Batch> batches = read(options, 12);
        for (std::size_t i = 0; i < batches.size(); ++i) expect_same(batches[i], expected[i]);
    }
}

TEST_F(BatchLoaderTest, ResumesAtAnyBatch) {
    const std::vector<Batch> expected = read(small_options(), 9);
    for (const std::size_t first : {1U, 4U, 7U}) {
        const std::vector<Batch> resumed = read(small_options(), 2, static_cast<std::int64_t>(first));
        expect_same(resumed[0], expected[first]);
        expect_same(resumed[1], expected[first + 1]);
    }
}

TransformOptions composing(PartnerSource partners) {
    TransformOptions transforms;
    transforms.mosaic = transforms.copy_paste = transforms.mixup = 0.5;
    transforms.rotate_degrees = 20;
    transforms.partners = partners;
    return transforms;
}

TEST_F(BatchLoaderTest, ComposedRowsAreAFunctionOfTheBatchToo) {
    const TransformOptions transforms = composing(PartnerSource::any);
    const std::vector<Batch> expected = read(small_options(), 8, 0, transforms);
    LoaderOptions options = small_options();
    options.threads = 3;
    options.cache_mb = 0;
    const std::vector<Batch> batches = read(options, 8, 0, transforms);
    for (std::size_t i = 0; i < batches.size(); ++i) expect_same(batches[i], expected[i]);
    expect_same(read(options, 1, 5, transforms)[0], expected[5]);
    const std::vector<Batch> plain = read(small_options(), 8);
    for (std::size_t i = 0; i < plain.size(); ++i) {
        EXPECT_NE(plain[i].pixels, expected[i].pixels);
        EXPECT_EQ(plain[i].record, expected[i].record); // the primaries
    }
}

TEST_F(BatchLoaderTest, CompositionClosesAtItsBatch) {
    TransformOptions transforms;
    transforms.mosaic = 1;
    transforms.close_augmentation_after = 2;
    const std::vector<Batch> closing = read(small_options(), 4, 0, transforms);
    const std::vector<Batch> plain = read(small_options(), 4);
    EXPECT_NE(closing[1].pixels, plain[1].pixels);
    expect_same(closing[2], plain[2]);
    expect_same(closing[3], plain[3]);
}

TEST_F(BatchLoaderTest, PartnersComeFromTheRowsDataSetOrFromAll) {
    std::vector<Record> records = datasets_[1].records();
    for (Record& record : records) record.labels.states = {LabelState::partial};
    datasets_[1] = Dataset("second", records, {LabelState::partial}, 2.0);
    TransformOptions transforms;
    transforms.mosaic = 1;
    for (const Batch& batch : read(small_options(), 5, 0, transforms)) {
        for (const Labels& labels : batch.labels) EXPECT_TRUE(labels.regions.empty());
    }
    transforms.partners = PartnerSource::any;
    std::map<LabelState, int> tiles;
    for (const Batch& batch : read(small_options(), 60, 0, transforms)) {
        for (const Labels& labels : batch.labels) {
            for (const LabelRegion& region : labels.regions) ++tiles[region.states[0]];
        }
    }
    // Of 4 * 360 tiles a third is of the first set; mosaics of one set alone, 1 / 27 and 8 / 27 of those whose primary
    // is of the first and the second set, have no regions.
    EXPECT_NEAR(tiles[LabelState::exhaustive], 480 - 4 * 120 / 27.0, 80);
    EXPECT_NEAR(tiles[LabelState::partial], 960 - 4 * 240 * 8 / 27.0, 130);
}

TEST_F(BatchLoaderTest, SeedsDiffer) {
    LoaderOptions other = small_options();
    other.seed = 8;
    EXPECT_NE(read(small_options(), 1)[0].pixels, read(other, 1)[0].pixels);
}

TEST_F(BatchLoaderTest, WorkersErrorIsThrownAtItsBatchAndAgain) {
    LoaderOptions options = small_options();
    options.threads = 2;
    options.cache_mb = 0;
    const std::vector<Batch> batches = read(options, 6);
    const std::string broken = datasets_[0].record(2).file;
    std::size_t at = 0;
    while (std::find(batches[at].file.begin(), batches[at].file.end(), broken) == batches[at].file.end()) ++at;
    dir_.write(datasets_[0].record(2).name, "not a picture");

    BatchLoader loader(datasets_, options, TransformOptions{});
    for (std::size_t i = 0; i < at; ++i) expect_same(loader.next(), batches[i]);
    for (int again = 0; again < 3; ++again) expect_error<DataError>([&] { loader.next(); }, {broken});
    EXPECT_EQ(loader.next_index(), static_cast<std::int64_t>(at));
}

TEST_F(BatchLoaderTest, MissingFileIsAnIoError) {
    std::filesystem::remove(datasets_[1].record(0).file);
    expect_error<IoError>([&] { read(small_options(), 3); }, {datasets_[1].record(0).file});
}

TEST_F(BatchLoaderTest, ReplacedPictureOfAnotherSizeIsRefused) {
    write_png(datasets_[1].record(1).file, noise_image(10, 11, 1));
    expect_error<DataError>([&] { read(small_options(), 3); },
                            {datasets_[1].record(1).file, "expected 43 x 30", "found 10 x 11"});
}

TEST_F(BatchLoaderTest, EndsQuicklyWithAFullQueueOrUnread) {
    for (const int queue : {1, 2, 64}) {
        LoaderOptions options = small_options();
        options.threads = 4;
        options.queue = queue;
        { const BatchLoader unread(datasets_, options, TransformOptions{}); }
        BatchLoader loader(datasets_, options, TransformOptions{});
        loader.next();
        loader.next();
    }
}

TEST_F(BatchLoaderTest, RefusesEmptyDataSetsAndBadOptions) {
    const auto make = [](const std::vector<Dataset>& sets, const LoaderOptions& options) {
        const BatchLoader loader(sets, options, TransformOptions{});
    };
    expect_error<DataError>([&] { make({}, small_options()); }, {"no data set"});
    expect_error<DataError>([&] { make({Dataset("hollow", {}, {})}, small_options()); }, {"hollow", "no picture"});
    LoaderOptions options = small_options();
    options.sides = {};
    expect_error<CheckError>([&] { make(datasets_, options); }, {"sides"});
    options = small_options();
    options.threads = 0;
    expect_error<CheckError>([&] { make(datasets_, options); }, {"threads", "[1, 64]", "got 0"});
}

TEST_F(BatchLoaderTest, EvalSampleIsLetterboxedWithAllLabels) {
    LetterboxGeometry geometry;
    const Sample sample = load_eval_sample(datasets_[0], 3, 98, geometry); // 49 x 30 -> scale 2
    EXPECT_EQ(sample.record, 3);
    EXPECT_EQ(sample.file, datasets_[0].record(3).file);
    EXPECT_EQ(sample.image.width, 98);
    EXPECT_EQ(sample.image.height, 98);
    EXPECT_EQ(geometry.scale, 2);
    EXPECT_EQ(geometry.pad_y, 19);
    ASSERT_EQ(sample.labels.boxes.size(), 1U);
    EXPECT_EQ(sample.labels.boxes[0].box, (Box{8, 29, 40, 69}));
    ASSERT_EQ(sample.labels.ignore.size(), 1U);
    EXPECT_EQ(bounds(sample.labels.ignore[0].area), (Box{0, 19, 18, 37}));
    EXPECT_EQ(geometry.to_original(sample.labels.boxes[0].box), (Box{4, 5, 20, 25}));
}

TEST_F(BatchLoaderTest, StoredSampleIsUntouched) {
    const Sample sample = load_sample(datasets_[0], 1);
    EXPECT_EQ(sample.image.rgb, noise_image(43, 30, 1).rgb);
    EXPECT_EQ(sample.labels.boxes[0].box, (Box{4, 5, 20, 25}));
}

TEST(ParseLoader, ReadsEachMember) {
    ConfigReader reader = ConfigReader::from_text(
        R"({"batch_size": 8, "sides": [256, 320], "threads": 2, "queue": 3, "cache_mb": 0})", "a.json");
    const LoaderOptions options = parse_loader(reader);
    EXPECT_EQ(options.batch_size, 8);
    EXPECT_EQ(options.sides, (std::vector<int>{256, 320}));
    EXPECT_EQ(options.threads, 2);
    EXPECT_EQ(options.queue, 3);
    EXPECT_EQ(options.cache_mb, 0);
}

TEST(ParseLoader, RefusesBadValues) {
    const auto parse = [](const char* text) {
        ConfigReader reader = ConfigReader::from_text(text, "a.json");
        return parse_loader(reader);
    };
    EXPECT_EQ(parse("{}").sides, (std::vector<int>{320}));
    expect_error<ConfigError>([&] { parse(R"({"sides": []})"); }, {"a.json:/sides"});
    expect_error<ConfigError>([&] { parse(R"({"sides": [8]})"); }, {"a.json:/sides/0"});
    expect_error<ConfigError>([&] { parse(R"({"batch_size": 0})"); }, {"a.json:/batch_size"});
    expect_error<ConfigError>([&] { parse(R"({"thread": 1})"); }, {"did you mean \"threads\""});
}

TEST(ImageCache, KeepsPicturesUpToItsLimit) {
    const TempDir dir;
    for (const char* name : {"a.png", "b.png"}) write_png(dir.file(name), noise_image(10, 10, 1));
    ImageCache cache(500); // one picture of 300 bytes
    const auto first = cache.get(dir.file("a.png"));
    EXPECT_EQ(cache.bytes(), 300);
    EXPECT_EQ(cache.get(dir.file("a.png")), first);
    const auto second = cache.get(dir.file("b.png"));
    EXPECT_EQ(cache.bytes(), 300);
    EXPECT_NE(cache.get(dir.file("b.png")), second);
    EXPECT_EQ(second->rgb, first->rgb);
}

} // namespace
} // namespace banyan
