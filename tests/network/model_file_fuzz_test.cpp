// Model files whose sums are right and whose content is not: what a broken writer would leave.

#include <algorithm>
#include <cstring>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "core/atomic_file.h"
#include "core/error.h"
#include "core/safetensors_format.h"
#include "network/model_file.h"
#include "tests/graph/small_graphs.h"
#include "tests/network/small_model.h"
#include "tests/support/mutated.h"
#include "tests/support/temp_dir.h"

namespace banyan {
namespace {

using nlohmann::json;

class ModelFileFuzz : public ::testing::Test {
protected:
    void SetUp() override {
        GraphBuilder builder(8, 8);
        const ValueId conv = builder.conv_bn_act(builder.image(), "stem", {.out_channels = 2});
        builder.output("y", builder.select_channels(conv, "chosen", {1, 0}));
        GraphWithValues network = test::with_random_values(builder.build());
        const test::TempDir folder;
        const std::string path = folder.file("good");
        ModelFile{test::small_model(), network.graph, network.tensors, {{"step", "3"}}}.save(path);
        good_ = read_file(path);
        std::uint64_t length = 0;
        std::memcpy(&length, good_.data(), sizeof length);
        header_ = good_.substr(8, length);
        data_ = good_.substr(8 + length);
    }

    /// The file with this text as an entry of its metadata, and the sum made right.
    std::string with_entry(const std::string& name, const std::string& text) const {
        json header = json::parse(header_);
        json& metadata = header.at(safetensors::kMetadata);
        metadata.at(name).get_ref<std::string&>() = text;
        const std::string sum = safetensors::header_sum(json::parse(header.dump()));
        metadata.at(safetensors::kHeaderSum).get_ref<std::string&>() = sum;
        const std::string all = header.dump();
        std::string bytes(8, '\0');
        const std::uint64_t length = all.size();
        std::memcpy(bytes.data(), &length, sizeof length);
        return bytes + all + data_;
    }

    /// Whether it is good; any error but ModelFileError fails the test.
    static bool reads(const std::string& bytes, std::uint64_t seed) {
        try {
            ModelFile::parse(bytes, "file");
            return true;
        } catch (const ModelFileError&) {
            return false;
        } catch (const std::exception& error) {
            ADD_FAILURE() << "seed " << seed << ": " << error.what();
            return false;
        }
    }

    std::string good_, header_, data_;
};

TEST_F(ModelFileFuzz, DamagedGraphsAndOptionsAreReadOrRefused) {
    const json header = json::parse(header_);
    const std::vector<std::string> words = test::json_words();
    int good = 0;
    for (std::uint64_t seed = 0; seed < 8000; ++seed) {
        Random random(seed);
        const std::string name = seed % 2 == 0 ? "graph" : "options";
        const auto& text = header.at(safetensors::kMetadata).at(name).get_ref<const std::string&>();
        if (seed < 2) {
            ASSERT_TRUE(reads(with_entry(name, text), seed));
        }
        std::string changed = test::mutated(text, random, words);
        std::replace_if(
            changed.begin(), changed.end(), [](char c) { return (c & 0x80) != 0; }, '?'); // UTF-8 again
        good += reads(with_entry(name, changed), seed) ? 1 : 0;
    }
    EXPECT_GT(good, 50);
}

TEST_F(ModelFileFuzz, DamagedBytesAreRefused) {
    const std::vector<std::string> words = test::binary_words();
    for (std::uint64_t seed = 0; seed < 4000; ++seed) {
        Random random(seed);
        const std::string bytes = test::mutated(good_, random, words);
        if (bytes == good_) continue;
        EXPECT_FALSE(reads(bytes, seed)) << "seed " << seed;
    }
}

} // namespace
} // namespace banyan
