// Damaged and senseless files are read as good ones or refused with the documented error, never anything else.

#include <gtest/gtest.h>

#include "core/error.h"
#include "graph/graph_json.h"
#include "graph/onnx_export.h"
#include "graph/onnx_import.h"
#include "graph/onnx_layers.h"
#include "graph/onnx_moves.h"
#include "graph/onnx_sums.h"
#include "graph/verifier.h"
#include "tests/graph/onnx_file.h"
#include "tests/graph/small_graphs.h"
#include "tests/support/mutated.h"

namespace banyan {
namespace {

using Integers = std::vector<std::int64_t>;

/// Whether the file is good. Any error but ModelFileError fails the test.
bool reads(const std::string& bytes, const OnnxImportOptions& options = {}) {
    try {
        verify(import_onnx(bytes, options).network.graph);
        return true;
    } catch (const ModelFileError& error) {
        EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos);
        return false;
    }
}

/// Small networks with every operator that the exporter writes between them.
std::vector<std::string> exported_networks() {
    std::vector<std::string> files;
    GraphBuilder plain(8, 8);
    const ValueId conv = plain.conv_bn_act(plain.image(), "stem", {.out_channels = 4, .activation = Activation::silu});
    const ValueId shuffled = plain.select_channels(conv, "shuffle", {0, 2, 1, 3});
    const ValueId small = plain.max_pool(shuffled, "pool", 2, 2, 0);
    const ValueId up = plain.upsample_like(small, conv, "up");
    plain.output("y", plain.softmax(plain.concat({conv, up}, "both"), "shares"));
    files.push_back(to_onnx(test::with_random_values(plain.build()), {}));
    GraphBuilder other(8, 8);
    const ValueId rounded = other.fake_quant(other.image(), "q", {0.5, 3});
    const ValueId grouped = other.group_norm(other.conv(rounded, "c", {.out_channels = 4}), "gn", {.groups = 2});
    const ValueId scaled = other.scale(other.average_pool(grouped, "mean", 3, 1, 1), "s");
    other.output("y", other.add(scaled, grouped, "sum"));
    other.output("z", other.linear(other.global_average_pool(scaled, "gap"), "fc", {.out_features = 2}));
    files.push_back(to_onnx(test::with_random_values(other.build()), {}));
    return files;
}

TEST(ReaderFuzz, DamagedOnnxFilesAreReadOrRefused) {
    const std::vector<std::string> files = exported_networks();
    for (const std::string& file : files) ASSERT_TRUE(reads(file));
    const std::vector<std::string> words = test::binary_words();
    int good = 0;
    for (std::uint64_t seed = 0; seed < 60000; ++seed) {
        Random random(seed);
        const std::string bytes = test::mutated(files[seed % files.size()], random, words);
        ASSERT_NO_THROW(good += reads(bytes) ? 1 : 0) << "seed " << seed;
    }
    EXPECT_GT(good, 1000);
}

/// A file of random operators with random attributes, most of which fit.
class RandomFile {
public:
    explicit RandomFile(Random& random) : random_(random), file_({1, 3, pick({4, 6, 8}), pick({4, 6, 8})}) {
        for (const auto* importers : {&onnx_layers(), &onnx_moves(), &onnx_sums()}) {
            for (const auto& [type, importer] : *importers) types_.push_back(type);
        }
        add_constants();
        for (std::int64_t i = random.integer(1, 12); i > 0; --i) add_node();
    }
    std::string bytes() { return file_.bytes(pick({7, 9, 11, 13, 17, 23})); }
    const std::string& last() const { return values_.back(); }

private:
    std::int64_t pick(const Integers& choices) {
        return choices[static_cast<std::size_t>(random_.integer(0, std::ssize(choices) - 1))];
    }
    const std::string& any(const std::vector<std::string>& names) {
        return names[static_cast<std::size_t>(random_.integer(0, std::ssize(names) - 1))];
    }
    std::int64_t number() {
        return random_.chance(0.05) ? static_cast<std::int64_t>(random_.next()) : pick({-1, 0, 1, 1, 2, 2, 3, 4});
    }
    Integers numbers(std::int64_t most) {
        Integers list(static_cast<std::size_t>(random_.integer(0, most)));
        for (std::int64_t& entry : list) entry = number();
        return list;
    }

    void add_constants() {
        const auto add = [&](const std::string& name) { constants_.push_back(name); };
        for (const OnnxDims& dims : {OnnxDims{4, 3, 1, 1}, OnnxDims{4, 4, 3, 3}, OnnxDims{3, 1, 3, 3}, OnnxDims{4},
                                     OnnxDims{3}, OnnxDims{1, 3, 1, 1}, OnnxDims{}, OnnxDims{5, 4}, OnnxDims{0}}) {
            add(file_.floats("f" + std::to_string(constants_.size()), dims));
        }
        for (const Integers& list : {Integers{0}, Integers{1}, Integers{-1}, Integers{1, 3, -1},
                                     Integers{1, 2, 2, 4, 4}, Integers{2, 1, 0}, Integers{0, 0, 1, 1, 0, 0, 1, 1}}) {
            add(file_.integers("i" + std::to_string(constants_.size()), list));
        }
        for (int i = 0; i < 3; ++i) add(file_.integers("r" + std::to_string(i), numbers(5)));
        file_.graph().add_bytes("zero", {}, {7});
        add("zero");
    }

    void add_node() {
        std::vector<std::string> inputs;
        for (std::int64_t i = random_.integer(1, 5); i > 0; --i) {
            const bool is_value = inputs.empty() || random_.chance(0.25);
            inputs.push_back(random_.chance(0.03) ? "" : any(is_value && !random_.chance(0.1) ? values_ : constants_));
        }
        std::vector<OnnxAttribute> attributes;
        const auto add = [&](const char* name, const auto& value) {
            if (random_.chance(0.3)) attributes.push_back({name, value});
        };
        for (const char* name :
             {"axis", "group", "keepdims", "transB", "allowzero", "to", "count_include_pad", "ceil_mode"}) {
            add(name, number());
        }
        for (const char* name : {"kernel_shape", "strides", "dilations"}) add(name, Integers(2, number()));
        for (const char* name : {"axes", "starts", "ends", "split", "steps", "value_ints", "shape"})
            add(name, numbers(4));
        add("pads", random_.chance(0.7) ? Integers(4, pick({0, 1, 2})) : numbers(8));
        Integers order{0, 1, 2, 3};
        random_.shuffle(order);
        if (random_.chance(0.8)) attributes.push_back({"perm", order});
        add("mode", std::string(random_.chance(0.5) ? "nearest" : "constant"));
        add("auto_pad", std::string(random_.chance(0.5) ? "SAME_UPPER" : "VALID"));
        add("coordinate_transformation_mode", std::string("asymmetric"));
        add("value_float", static_cast<float>(random_.uniform(-2, 2)));
        const std::string output = "v" + std::to_string(values_.size());
        values_.push_back(file_.node(any(types_), inputs, output, attributes));
    }

    Random& random_;
    test::OnnxFile file_;
    std::vector<std::string> types_, constants_, values_{"image"};
};

TEST(ReaderFuzz, RandomOnnxOperatorsAreImportedOrRefused) {
    int good = 0;
    for (std::uint64_t seed = 0; seed < 40000; ++seed) {
        Random random(seed);
        RandomFile file(random);
        OnnxImportOptions options;
        options.outputs = {file.last()};
        options.bgr = seed % 5 == 0;
        ASSERT_NO_THROW(good += reads(file.bytes(), options) ? 1 : 0) << "seed " << seed;
    }
    EXPECT_GT(good, 1000);
}

TEST(ReaderFuzz, DamagedGraphTextsAreReadOrRefused) {
    GraphBuilder builder(8, 8);
    const ValueId conv = builder.conv_bn_act(builder.image(), "stem", {.out_channels = 4});
    const ValueId chosen = builder.select_channels(conv, "chosen", {3, 0});
    builder.output("y", builder.fake_quant(builder.max_pool(chosen, "pool", 2, 2, 0), "q", {0.5, 3}));
    const std::string text = to_json(builder.build());
    const std::vector<std::string> words = test::json_words();
    int good = 0;
    for (std::uint64_t seed = 0; seed < 30000; ++seed) {
        Random random(seed);
        try {
            const Graph graph = graph_from_json(test::mutated(text, random, words), "file");
            ++good;
            ASSERT_EQ(to_json(graph_from_json(to_json(graph), "again")), to_json(graph)) << "seed " << seed;
        } catch (const ModelFileError&) {
            continue;
        } catch (const std::exception& error) {
            FAIL() << "seed " << seed << ": " << error.what();
        }
    }
    EXPECT_GT(good, 100);
}

} // namespace
} // namespace banyan
