#include "core/safetensors.h"

#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "core/atomic_file.h"
#include "core/error.h"
#include "core/random.h"
#include "support/expect_error.h"
#include "support/mutated.h"
#include "support/temp_dir.h"

namespace banyan {
namespace {

using nlohmann::json;

const std::vector<DType> kAllDTypes{DType::f64, DType::f32, DType::f16, DType::bf16, DType::i64,
                                    DType::i32, DType::i16, DType::i8,  DType::u8,   DType::boolean};

/// Tensors that own their bytes.
class TensorStore {
public:
    void add(const std::string& name, DType dtype, std::vector<std::int64_t> shape, std::uint64_t seed = 1) {
        TensorBytes tensor{dtype, std::move(shape), nullptr};
        std::string& bytes = bytes_[name];
        bytes.resize(tensor.byte_count());
        Random random(seed, bytes_.size());
        for (char& byte : bytes) byte = static_cast<char>(random.integer(-128, 127));
        tensor.data = reinterpret_cast<const std::byte*>(bytes.data());
        tensors_[name] = tensor;
    }
    const std::map<std::string, TensorBytes>& tensors() const { return tensors_; }
    const std::string& bytes(const std::string& name) const { return bytes_.at(name); }

private:
    std::map<std::string, std::string> bytes_;
    std::map<std::string, TensorBytes> tensors_;
};

std::string bytes_of(const TensorBytes& tensor) {
    return {reinterpret_cast<const char*>(tensor.data), tensor.byte_count()};
}

TEST(SaveSafetensors, RoundTripsEveryDType) {
    const TempDir dir;
    TensorStore store;
    for (const DType dtype : kAllDTypes) store.add(std::string("t.") + dtype_name(dtype), dtype, {3, 5});
    save_safetensors(dir.file("a"), store.tensors(), {{"format", "pt"}});
    const SafetensorsFile file = SafetensorsFile::load(dir.file("a"));
    ASSERT_EQ(file.tensors().size(), kAllDTypes.size());
    for (const auto& [name, tensor] : store.tensors()) {
        EXPECT_EQ(file.at(name).dtype, tensor.dtype) << name;
        EXPECT_EQ(file.at(name).shape, tensor.shape) << name;
        EXPECT_EQ(bytes_of(file.at(name)), store.bytes(name)) << name;
    }
    EXPECT_EQ(file.metadata().at("format"), "pt");
    EXPECT_EQ(file.path(), dir.file("a"));
}

TEST(SaveSafetensors, RoundTripsScalarsEmptyTensorsAndStrangeNames) {
    const TempDir dir;
    TensorStore store;
    store.add("scalar", DType::f32, {});
    store.add("none", DType::i64, {4, 0, 7});
    store.add("a/b~c \"quoted\" \n\xC3\xA9", DType::u8, {1, 1, 3});
    store.add("", DType::i16, {2});
    save_safetensors(dir.file("a"), store.tensors(), {{"", "x"}, {"text", "line\nbreak \xE2\x82\xAC"}});
    const SafetensorsFile file = SafetensorsFile::load(dir.file("a"));
    for (const auto& [name, tensor] : store.tensors()) {
        EXPECT_EQ(file.at(name).shape, tensor.shape) << name;
        EXPECT_EQ(bytes_of(file.at(name)), store.bytes(name)) << name;
    }
    EXPECT_EQ(file.metadata().at("text"), "line\nbreak \xE2\x82\xAC");
}

TEST(SaveSafetensors, AcceptsNoTensorsAtAll) {
    const TempDir dir;
    save_safetensors(dir.file("a"), {}, {});
    EXPECT_TRUE(SafetensorsFile::load(dir.file("a")).tensors().empty());
}

TEST(SaveSafetensors, AlignsEachTensorToItsDType) {
    const TempDir dir;
    TensorStore store;
    for (const DType dtype : kAllDTypes) store.add(dtype_name(dtype), dtype, {7});
    save_safetensors(dir.file("a"), store.tensors(), {});
    const std::string bytes = read_file(dir.file("a"));
    std::uint64_t header_bytes = 0;
    std::memcpy(&header_bytes, bytes.data(), 8);
    EXPECT_EQ(header_bytes % 8, 0U);
    const json header = json::parse(bytes.substr(8, header_bytes));
    for (const auto& [name, tensor] : store.tensors()) {
        EXPECT_EQ(header[name]["data_offsets"][0].get<std::size_t>() % dtype_bytes(tensor.dtype), 0U) << name;
    }
}

TEST(SaveSafetensors, GivesTheSameBytesForTheSameInput) {
    const TempDir dir;
    TensorStore store;
    store.add("b", DType::f32, {4});
    store.add("a", DType::i64, {4});
    save_safetensors(dir.file("a"), store.tensors(), {{"k", "v"}});
    const SafetensorsFile loaded = SafetensorsFile::load(dir.file("a"));
    save_safetensors(dir.file("b"), loaded.tensors(), loaded.metadata()); // stale sums in the metadata are replaced
    EXPECT_EQ(read_file(dir.file("a")), read_file(dir.file("b")));
}

TEST(SaveSafetensors, RefusesWhatNobodyCouldRead) {
    const TempDir dir;
    TensorStore store;
    store.add("a", DType::f32, {2});
    const TensorBytes tensor = store.tensors().at("a");
    const auto save = [&](const std::string& name, const TensorBytes& bytes, const std::string& meta = "") {
        save_safetensors(dir.file("x"), {{name, bytes}}, {{"m", meta}});
    };
    expect_error<CheckError>([&] { save("__metadata__", tensor); }, {"save_safetensors", "__metadata__"});
    expect_error<CheckError>([&] { save("\xff", tensor); }, {"save_safetensors", "UTF-8"});
    expect_error<CheckError>([&] { save("a", tensor, "\xff"); }, {"save_safetensors", "UTF-8"});
    expect_error<CheckError>([&] { save("a", {DType::f32, {2}, nullptr}); }, {"no data for \"a\""});
    expect_error<CheckError>([&] { save("a", {DType::f32, {-2}, tensor.data}); }, {"negative"});
    expect_error<CheckError>([&] { save("a", {DType::f64, {1LL << 61, 8}, tensor.data}); }, {"too large"});
    expect_error<CheckError>([&] { save("a", tensor, std::string(100'000'001, 'x')); }, {"header"});
    EXPECT_FALSE(std::filesystem::exists(dir.file("x")));
}

TEST(SafetensorsFile, CopiesShareTheirBytes) {
    const TempDir dir;
    TensorStore store;
    store.add("a", DType::u8, {9});
    save_safetensors(dir.file("a"), store.tensors(), {});
    SafetensorsFile copy;
    {
        const SafetensorsFile file = SafetensorsFile::load(dir.file("a"));
        copy = file;
        EXPECT_EQ(copy.at("a").data, file.at("a").data);
    }
    EXPECT_EQ(bytes_of(copy.at("a")), store.bytes("a"));
}

TEST(SafetensorsFile, NamesAMissingTensorAndTheFile) {
    const TempDir dir;
    save_safetensors(dir.file("a"), {}, {});
    const SafetensorsFile file = SafetensorsFile::load(dir.file("a"));
    expect_error<ModelFileError>([&] { file.at("conv"); }, {dir.file("a"), "no tensor \"conv\""});
    expect_error<IoError>([&] { SafetensorsFile::load(dir.file("none")); }, {dir.file("none")});
}

// ---- files of other writers, and damaged ones

std::string framed(const std::string& header, const std::string& data, std::uint64_t length) {
    std::string bytes(8, '\0');
    std::memcpy(bytes.data(), &length, 8);
    return bytes + header + data;
}

std::string framed(const std::string& header, const std::string& data) { return framed(header, data, header.size()); }

class ForeignFile : public testing::Test {
protected:
    SafetensorsFile load(const std::string& bytes) { return SafetensorsFile::load(dir_.write("f", bytes)); }

    void expect_refused(const std::string& bytes, std::vector<std::string> words) {
        SCOPED_TRACE(bytes.substr(0, 120));
        const std::string path = dir_.write("f", bytes);
        words.push_back(path);
        expect_error<ModelFileError>([&] { SafetensorsFile::load(path); }, words);
    }

    /// Entry "a" with two bytes of data.
    void expect_entry_refused(const std::string& entry, const std::vector<std::string>& words) {
        expect_refused(framed("{\"a\":" + entry + "}", "xy"), words);
    }

private:
    TempDir dir_;
};

TEST_F(ForeignFile, IsReadWithoutSumsInAnyKeyOrderWithPadding) {
    const SafetensorsFile file = load(framed(R"({ "b":{"shape":[2],"data_offsets":[1,3],"dtype":"U8"}, )"
                                             R"("a":{"dtype":"I8","shape":[1],"data_offsets":[0,1]}}   )",
                                             "xyz"));
    EXPECT_EQ(bytes_of(file.at("a")), "x");
    EXPECT_EQ(bytes_of(file.at("b")), "yz");
    EXPECT_TRUE(file.metadata().empty());
}

TEST_F(ForeignFile, IsRefusedWhenItIsNoSafetensorsFile) {
    expect_refused("", {"shorter than the header's length field"});
    expect_refused("1234567", {"at least 8 bytes", "found 7"});
    expect_refused(framed("", ""), {"does not start with '{'"});
    expect_refused(framed(" {}", ""), {"does not start with '{'"});
    expect_refused(framed("[]", ""), {"does not start with '{'"});
    expect_refused(framed("{}", "", 100), {"ends inside its header"});
    expect_refused(framed("{}", "", 100'000'001), {"header too long", "100000000"});
    expect_refused(framed("{}", "", ~std::uint64_t{0}), {"header too long"});
    expect_refused(framed("{\"a\":", ""), {"not valid JSON"});
    expect_refused(framed(std::string("{}\0", 3), ""), {"NUL"});
}

TEST_F(ForeignFile, IsRefusedWithDuplicateNames) {
    const std::string entry = R"({"dtype":"U8","shape":[2],"data_offsets":[0,2]})";
    expect_refused(framed("{\"a\":" + entry + ",\"a\":" + entry + "}", "xy"), {"/a", "duplicate key"});
}

TEST_F(ForeignFile, IsRefusedWithWrongEntries) {
    expect_entry_refused("3", {":/a", "an object"});
    expect_entry_refused(R"({"dtype":"U8","shape":[2]})", {":/a", "exactly dtype, shape and data_offsets"});
    expect_entry_refused(R"({"dtype":"U8","shape":[2],"data_offsets":[0,2],"x":1})", {":/a", "exactly"});
    expect_entry_refused(R"({"dtype":"U9","shape":[2],"data_offsets":[0,2]})", {":/a/dtype", "unsupported", "\"U9\""});
    expect_entry_refused(R"({"dtype":8,"shape":[2],"data_offsets":[0,2]})", {":/a/dtype"});
    for (const std::string shape : {"2", "[-2]", "[2.0]", "[true]", "[\"2\"]", "[9223372036854775808]", "null"}) {
        expect_entry_refused(R"({"dtype":"U8","shape":)" + shape + R"(,"data_offsets":[0,2]})", {":/a/shape"});
    }
    for (const std::string offsets : {"[0]", "[0,2,2]", "[-1,1]", "[0,2.0]", "0", "[2,0]", "[0,1]", "[0,3]"}) {
        expect_entry_refused(R"({"dtype":"U8","shape":[2],"data_offsets":)" + offsets + "}", {":/a/data_offsets"});
    }
}

TEST_F(ForeignFile, IsRefusedWhenASizeOverflows) {
    // 2^62 * 4 = 2^64 wraps to 0, (2^63 - 1)^2 * ... to something small.
    expect_entry_refused(R"({"dtype":"U8","shape":[4611686018427387904,4],"data_offsets":[0,0]})", {"overflows"});
    expect_entry_refused(R"({"dtype":"F32","shape":[4611686018427387904],"data_offsets":[0,0]})", {"overflows"});
    expect_entry_refused(R"({"dtype":"F64","shape":[9223372036854775807,9223372036854775807],"data_offsets":[0,8]})",
                         {"overflows"});
    expect_entry_refused(R"({"dtype":"U8","shape":[9223372036854775807],"data_offsets":[0,9223372036854775807]})",
                         {"cut short"});
}

std::string two_tensors(const std::string& first, const std::string& second, const std::string& data) {
    return framed(R"({"a":{"dtype":"U8","shape":[2],"data_offsets":)" + first +
                      R"(},"b":{"dtype":"U8","shape":[2],"data_offsets":)" + second + "}}",
                  data);
}

TEST_F(ForeignFile, IsRefusedWithOverlapsHolesAndWrongLength) {
    EXPECT_NO_THROW(load(two_tensors("[2,4]", "[0,2]", "wxyz")));
    expect_refused(two_tensors("[0,2]", "[1,3]", "xyz"), {":/b/data_offsets", "overlaps"});
    expect_refused(two_tensors("[0,2]", "[0,2]", "xy"), {"data_offsets", "overlaps"});
    expect_refused(two_tensors("[0,2]", "[3,5]", "vwxyz"), {":/b/data_offsets", "leaves a hole"});
    expect_refused(two_tensors("[1,3]", "[3,5]", "vwxyz"), {":/a/data_offsets", "leaves a hole"});
    expect_refused(two_tensors("[0,2]", "[2,4]", "xyz"), {"cut short", "4 data bytes", "found 3"});
    expect_refused(two_tensors("[0,2]", "[2,4]", "vwxyz"), {"goes on behind its last tensor"});
}

TEST_F(ForeignFile, IsRefusedWithAnEmptyTensorInsideAnother) {
    expect_refused(framed(R"({"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},)"
                          R"("b":{"dtype":"U8","shape":[0],"data_offsets":[1,1]}})",
                          "xy"),
                   {":/b/data_offsets"});
}

TEST_F(ForeignFile, IsRefusedWithWrongMetadata) {
    expect_refused(framed(R"({"__metadata__":[]})", ""), {":/__metadata__", "an object"});
    expect_refused(framed(R"({"__metadata__":{"k":1}})", ""), {":/__metadata__/k", "a text"});
    expect_refused(framed(R"({"__metadata__":{"xxh3":"{}"}})", ""), {"both or neither"});
    expect_refused(framed(R"({"__metadata__":{"xxh3_header":"0"}})", ""), {"both or neither"});
    expect_refused(framed(R"({"__metadata__":{"xxh3":"{}","xxh3_header":"0"}})", ""), {"header does not match"});
}

TEST_F(ForeignFile, IsReadOrRefusedHoweverItIsDamaged) {
    const std::string good =
        framed(R"({"__metadata__":{"k":"v"},"a":{"dtype":"F32","shape":[2,1],"data_offsets":[0,8]},)"
               R"("b":{"dtype":"U8","shape":[],"data_offsets":[8,9]}})",
               "abcdefghi");
    std::vector<std::string> words = test::json_words(), binary = test::binary_words();
    words.insert(words.end(), binary.begin(), binary.end());
    int read = 0;
    for (std::uint64_t seed = 0; seed < 20000; ++seed) {
        Random random(seed);
        std::string bytes = test::mutated(good, random, words);
        if (random.chance(0.7) && bytes.size() > 17) { // a header as long as it says, or nothing else is ever tried
            bytes = framed(bytes.substr(8, bytes.size() - 17), bytes.substr(bytes.size() - 9));
        }
        try {
            std::size_t sum = 0;
            const SafetensorsFile file = SafetensorsFile::parse(bytes, "file");
            for (const auto& [name, tensor] : file.tensors()) sum += bytes_of(tensor).size();
            EXPECT_LE(sum, bytes.size()) << "seed " << seed;
            ++read;
        } catch (const ModelFileError&) {
            continue;
        } catch (const std::exception& error) {
            FAIL() << "seed " << seed << ": " << error.what();
        }
    }
    EXPECT_GT(read, 100);
}

// ---- damage of our own files

class DamagedFile : public ForeignFile {
protected:
    void SetUp() override {
        TensorStore store;
        store.add("conv.weight", DType::f32, {2, 3}, 5);
        store.add("steps", DType::i64, {}, 6);
        store.add("mask", DType::boolean, {3}, 7);
        const TempDir dir;
        save_safetensors(dir.file("a"), store.tensors(), {{"graph", R"({"nodes":[1,2]})"}});
        bytes_ = read_file(dir.file("a"));
    }
    std::string bytes_;
};

TEST_F(DamagedFile, IsRefusedForEveryFlippedBit) {
    const TempDir dir;
    const std::string path = dir.write("a", bytes_);
    EXPECT_NO_THROW(SafetensorsFile::load(path));
    std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
    const auto put = [&file](std::size_t place, char byte) {
        file.seekp(static_cast<std::streamoff>(place));
        file.put(byte);
        file.flush();
    };
    for (std::size_t i = 0; i < bytes_.size() * 8; ++i) {
        put(i / 8, static_cast<char>(bytes_[i / 8] ^ (1 << (i % 8))));
        ASSERT_THROW(SafetensorsFile::load(path), ModelFileError) << "bit " << i % 8 << " of byte " << i / 8;
        put(i / 8, bytes_[i / 8]);
    }
    EXPECT_NO_THROW(SafetensorsFile::load(path));
}

TEST_F(DamagedFile, IsRefusedForEveryTruncationAndForMoreBytes) {
    const TempDir dir;
    const std::string path = dir.write("a", bytes_);
    for (std::size_t size = bytes_.size(); size-- > 0;) {
        std::filesystem::resize_file(path, size);
        ASSERT_THROW(SafetensorsFile::load(path), ModelFileError) << size << " bytes";
    }
    EXPECT_THROW(load(bytes_ + '\0'), ModelFileError);
    EXPECT_THROW(load(bytes_ + bytes_), ModelFileError);
}

TEST_F(DamagedFile, NamesTheTensorWhoseDataChanged) {
    std::string damaged = bytes_;
    damaged[damaged.size() - 3 - 1] ^= 1; // the last float; the 3 mask bytes lie behind it
    expect_refused(damaged, {":/conv.weight", "do not match their XXH3 sum"});
}

TEST(TensorBytes, CountsBytes) {
    EXPECT_EQ((TensorBytes{DType::f64, {}, nullptr}.byte_count()), 8U);
    EXPECT_EQ((TensorBytes{DType::bf16, {3, 4}, nullptr}.byte_count()), 24U);
    EXPECT_EQ((TensorBytes{DType::boolean, {3, 0}, nullptr}.byte_count()), 0U);
    expect_error<CheckError>([] { static_cast<void>(TensorBytes{DType::f32, {-1}, nullptr}.byte_count()); }, {"size"});
}

} // namespace
} // namespace banyan
