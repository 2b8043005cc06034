#include "model/saved_model.h"

#include <functional>

#include <gtest/gtest.h>

#include "core/atomic_file.h"
#include "core/error.h"
#include "core/safetensors.h"
#include "graph/graph_json.h"
#include "model/libtorch.h"
#include "model/tiny_model.h"
#include "network/build_graph.h"
#include "network/model_config.h"
#include "network/model_file.h"
#include "support/expect_error.h"
#include "support/temp_dir.h"

namespace banyan {
namespace {

class ModelFiles : public testing::Test {
protected:
    ModelFiles() : model_(test::tiny_model_options(), test::seeded(4)), path_(dir_.file("m.banyan.safetensors")) {
        test::make_talkative(model_);
        save_model(path_, model_, {{"step", "12"}, {"created_by", "a test"}});
    }

    using Metadata = std::map<std::string, std::string>;
    using Entries = std::map<std::string, TensorBytes>;
    /// Writes the file again, changed, and expects that it is refused with these words.
    void expect_refused(const std::function<void(Metadata&, Entries&)>& change, std::vector<std::string> words) const {
        const SafetensorsFile file = SafetensorsFile::load(path_);
        Metadata metadata = file.metadata();
        Entries tensors = file.tensors();
        change(metadata, tensors);
        const std::string changed = dir_.file("changed.safetensors");
        save_safetensors(changed, tensors, metadata);
        words.push_back(changed);
        expect_error<ModelFileError>([&] { ModelFile::load(changed); }, words);
    }

    TempDir dir_;
    MultiTaskModel model_;
    std::string path_;
};

TEST_F(ModelFiles, ComeBackToTheBit) {
    MultiTaskModel loaded = load_model(path_, test::seeded(99));
    EXPECT_EQ(loaded.module().to_host(), model_.module().to_host());
    EXPECT_EQ(to_json(loaded.options()), to_json(model_.options()));
    EXPECT_EQ(to_json(loaded.module().graph()), to_json(model_.module().graph()));
    const at::Tensor images = torch::randn({1, 3, 64, 64});
    const auto expected = model_.module().run_outputs(images), got = loaded.module().run_outputs(images);
    ASSERT_EQ(got.size(), expected.size());
    for (const auto& [name, value] : expected) EXPECT_TRUE(at::equal(got.at(name), value)) << name;
}

TEST_F(ModelFiles, CarryFacts) {
    const ModelFile file = ModelFile::load(path_);
    EXPECT_EQ(file.facts, (ModelFacts{{"step", "12"}, {"created_by", "a test"}}));
    EXPECT_EQ(file.tensors.size(), model_.module().graph().parameters.size());
}

TEST_F(ModelFiles, AreTheSameBytesEachTime) {
    const std::string again = dir_.file("again.safetensors");
    save_model(again, load_model(path_), ModelFile::load(path_).facts);
    EXPECT_EQ(read_file(again), read_file(path_));
}

TEST_F(ModelFiles, KeepWhatWasCutAway) {
    Graph graph = build_graph(model_.options());
    std::erase_if(graph.outputs, [](const auto& output) { return output.first.starts_with("face."); });
    const MultiTaskModel cut(model_.options(), graph);
    save_model(path_, cut);
    const MultiTaskModel loaded = load_model(path_);
    ASSERT_EQ(loaded.branches().size(), 1U);
    EXPECT_EQ(loaded.branches()[0].name, "hand");
}

TEST_F(ModelFiles, RefuseOtherFormatsAndVersions) {
    for (const char* key : {"format", "schema_version", "graph", "options"}) {
        expect_refused([&](Metadata& metadata, Entries&) { metadata.erase(key); },
                       {"not a Banyan model file", "\"" + std::string(key) + "\""});
    }
    expect_refused([](Metadata& metadata, Entries&) { metadata["format"] = "banyan.checkpoint"; },
                   {"not a Banyan model file", "banyan.model", "banyan.checkpoint"});
    expect_refused([](Metadata& metadata, Entries&) { metadata["schema_version"] = "2"; },
                   {"another version", "schema_version 1", "2"});
}

TEST_F(ModelFiles, RefuseFilesOfOtherWriters) {
    const std::string foreign = dir_.write("foreign.safetensors", std::string("\x02\0\0\0\0\0\0\0{}", 10));
    expect_error<ModelFileError>([&] { ModelFile::load(foreign); }, {foreign, "not a Banyan model file"});
    // Everything is there but the sums: a damaged file would not be noticed.
    const std::string bytes = read_file(path_);
    const std::string header_end = "\"xxh3_header\":\"";
    const std::size_t at = bytes.find(header_end);
    ASSERT_NE(at, std::string::npos);
    std::string renamed = bytes;
    renamed[at + 1] = 'y';
    const std::string path = dir_.write("renamed.safetensors", renamed);
    expect_error<ModelFileError>([&] { ModelFile::load(path); }, {path});
}

TEST_F(ModelFiles, RefuseBadGraphsAndOptions) {
    expect_refused([](Metadata& metadata, Entries&) { metadata["graph"] = "{}"; }, {});
    expect_refused([](Metadata& metadata, Entries&) { metadata["options"] = "{}"; }, {"tasks"});
    expect_refused([](Metadata& metadata, Entries&) { metadata["options"] = "["; }, {});
    expect_refused(
        [](Metadata& metadata, Entries&) {
            metadata["options"].insert(metadata["options"].find("\"input_side\""), "\"colour\": 1, ");
        },
        {"/model/colour", "unknown key"});
}

TEST_F(ModelFiles, RefuseTensorsThatDoNotFitTheGraph) {
    const std::string name = "branches.hand.cls.bias";
    expect_refused([&](Metadata&, Entries& tensors) { tensors.erase(name); }, {name});
    expect_refused([&](Metadata&, Entries& tensors) { tensors["more"] = tensors.at(name); }, {"does not use"});
    expect_refused(
        [&](Metadata&, Entries& tensors) {
            tensors[name].shape = {1, 1};
        },
        {name, "does not fit", "float32"});
    expect_refused([&](Metadata&, Entries& tensors) { tensors[name].dtype = DType::i32; },
                   {name, "does not fit", "I32"});
}

TEST_F(ModelFiles, RefuseOptionsOfAnotherNetwork) {
    ModelOptions other = model_.options();
    other.tasks[1].classes = {"left", "right"};
    expect_error<ModelFileError>(
        [&] {
            const SafetensorsFile file = SafetensorsFile::load(path_);
            Metadata metadata = file.metadata();
            metadata["options"] = to_json(other);
            const std::string changed = dir_.file("changed.safetensors");
            save_safetensors(changed, file.tensors(), metadata);
            load_model(changed);
        },
        {"changed.safetensors", "branch hand", "class channels"});
}

TEST_F(ModelFiles, RefuseDamage) {
    const std::string whole = read_file(path_);
    for (const std::size_t size : {whole.size() - 1, whole.size() / 2, std::size_t{8}, std::size_t{0}}) {
        const std::string path = dir_.write("cut.safetensors", whole.substr(0, size));
        expect_error<ModelFileError>([&] { ModelFile::load(path); }, {path});
    }
    for (const std::size_t place : {std::size_t{40}, whole.size() / 2, whole.size() - 1}) {
        std::string flipped = whole;
        flipped[place] = static_cast<char>(flipped[place] ^ 4);
        const std::string path = dir_.write("flipped.safetensors", flipped);
        expect_error<ModelFileError>([&] { ModelFile::load(path); }, {path});
    }
    expect_error<IoError>([&] { ModelFile::load(dir_.file("none")); }, {"none"});
}

} // namespace
} // namespace banyan
