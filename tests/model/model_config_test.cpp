#include "network/model_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "model/multi_task_model.h"
#include "network/build_graph.h"
#include "support/expect_error.h"

namespace banyan {
namespace {

using testing::ElementsAre;

ModelOptions parse(const std::string& text) {
    ConfigReader reader = ConfigReader::from_text(text, "a.json");
    ModelOptions options = parse_model(reader);
    reader.finish();
    return options;
}

/// A config whose "model" has these members beside its branches.
std::string with_model(const std::string& members, const std::string& branches = R"({"name": "face"})") {
    return R"({"tasks": [{"name": "face"}], "model": {)" + members + (members.empty() ? "" : ", ") +
           R"("branches": [)" + branches + "]}}";
}

void expect_equal(const ModelOptions& a, const ModelOptions& b) {
    EXPECT_EQ(a.tasks, b.tasks);
    EXPECT_EQ(a.input_side, b.input_side);
    EXPECT_EQ(a.backbone.type, b.backbone.type);
    EXPECT_EQ(a.backbone.width, b.backbone.width);
    EXPECT_EQ(a.backbone.last_level, b.backbone.last_level);
    EXPECT_EQ(a.backbone.wide_top, b.backbone.wide_top);
    EXPECT_EQ(a.neck.type, b.neck.type);
    EXPECT_EQ(a.neck.channels, b.neck.channels);
    EXPECT_EQ(a.neck.first_level, b.neck.first_level);
    EXPECT_EQ(a.neck.last_level, b.neck.last_level);
    EXPECT_EQ(a.neck.depthwise, b.neck.depthwise);
    EXPECT_EQ(a.neck.activation, b.neck.activation);
    EXPECT_EQ(a.norm, b.norm);
    EXPECT_EQ(a.preprocessing, b.preprocessing);
    EXPECT_EQ(a.detection, b.detection);
    ASSERT_EQ(a.branches.size(), b.branches.size());
    for (std::size_t i = 0; i < a.branches.size(); ++i) {
        EXPECT_EQ(a.branches[i].name, b.branches[i].name);
        EXPECT_EQ(a.branches[i].tasks, b.branches[i].tasks);
        EXPECT_EQ(a.branches[i].anchors, b.branches[i].anchors);
        EXPECT_EQ(a.branches[i].head, b.branches[i].head);
        EXPECT_EQ(a.branches[i].matcher, b.branches[i].matcher);
        EXPECT_EQ(a.branches[i].loss, b.branches[i].loss);
        EXPECT_EQ(a.branches[i].nms, b.branches[i].nms);
    }
}

TEST(ModelConfig, TaskNamesCanStandInListsAndMergePlans) {
    for (const char* name : {"a+b", "a|b", "a,b", "a=1"}) {
        const std::string text = R"({"tasks": [{"name": ")" + std::string(name) + R"("}], "model": {}})";
        expect_error<ConfigError>([&] { parse(text); }, {"a.json:/tasks/0/name", name});
    }
}

TEST(ModelConfig, DefaultsAreThoseOfTheOptions) {
    const ModelOptions options = parse(with_model(""));
    ModelOptions expected;
    expected.tasks = {{"face", {"face"}}}; // one class of the task's name
    expected.branches.resize(1);
    expected.branches[0].name = "face";
    expected.branches[0].tasks = {"face"}; // the task of the branch's name
    expected.preprocessing = default_preprocessing(expected.backbone.type);
    expect_equal(options, expected);
}

TEST(ModelConfig, DefaultsComeBackFromJson) {
    const ModelOptions options = parse(with_model(""));
    expect_equal(parse(to_json(options)), options);
}

/// Nothing in it is a default.
ModelOptions unusual_options() {
    ModelOptions options;
    options.tasks = {{"face", {"mask", "no \"mask\""}}, {"hand", {"hand"}}, {"foot", {"foot"}}};
    options.input_side = 416;
    options.backbone.width = 0.35;
    options.backbone.wide_top = true;
    options.neck.type = NeckType::pan;
    options.neck.channels = 40;
    options.neck.first_level = 2;
    options.neck.last_level = 7;
    options.neck.depthwise = true;
    options.neck.activation = Activation::silu;
    options.norm = {NormKind::group, 8};
    options.preprocessing = {{1, 2.5, 3}, {0.1, 57.375, 255}};
    options.detection = {0.123, 0.45, 17, 0.7};
    BranchOptions merged;
    merged.name = "merged";
    merged.tasks = {"foot", "face"};
    merged.anchors.levels = {2, 4, 7};
    merged.anchors.scales = {4.1, 6};
    merged.anchors.aspect_hw = {0.5, 1.0 / 3, 2};
    merged.head = {TowerKind::conv, 3, 64, true, Activation::relu6, 0.02, 0};
    merged.matcher.kind = MatcherKind::max_iou;
    merged.matcher.max_iou = {0.55F, 0.35F, false};
    merged.loss = {ClassLossKind::focal, BoxLossKind::ciou, 1.5, 0.3, 4, 0.2, 0.1};
    merged.nms = NmsKind::diou;
    BranchOptions sized;
    sized.nms = NmsKind::soft;
    sized.name = "hand";
    sized.tasks = {"hand"};
    sized.anchors.levels = {3, 4};
    sized.anchors.sizes = {{{10.5, 20}, {11, 7}}, {{100, 50.25}, {33, 44}}};
    sized.matcher.atss.top_k = 5;
    options.branches = {merged, sized};
    return options;
}

TEST(ModelConfig, EveryOptionComesBackFromJson) {
    const ModelOptions options = unusual_options();
    expect_equal(parse(to_json(options)), options);
    EXPECT_EQ(to_json(parse(to_json(options))), to_json(options));
}

TEST(ModelConfig, AnchorPointsComeBackFromJson) {
    ModelOptions options = unusual_options();
    options.branches[1].anchors = {};
    options.branches[1].anchors.kind = AnchorKind::points;
    options.branches[1].anchors.scales = {5};
    expect_equal(parse(to_json(options)), options);
}

TEST(ModelConfig, BoxBinsComeBackFromJson) {
    ModelOptions options = unusual_options();
    options.branches[1].anchors = {};
    options.branches[1].anchors.kind = AnchorKind::points;
    options.branches[1].head.box_bins = 20;
    options.branches[1].loss.class_loss = ClassLossKind::varifocal;
    options.branches[1].loss.bin_weight = 0.4;
    expect_equal(parse(to_json(options)), options);
}

TEST(ModelConfig, OutputsPerTaskComeBackFromJson) {
    ModelOptions options = unusual_options();
    options.branches[0].head.boxes = BoxOutputs::per_task;
    expect_equal(parse(to_json(options)), options);
}

TEST(ModelConfig, MatchersByPredictionComeBackFromJson) {
    ModelOptions options = unusual_options();
    options.branches[0].matcher = {};
    options.branches[0].matcher.kind = MatcherKind::tal;
    options.branches[0].matcher.tal = {9, 0.5, 4.5};
    options.branches[1].matcher = {};
    options.branches[1].matcher.kind = MatcherKind::simota;
    options.branches[1].matcher.simota = {8, 2.5};
    expect_equal(parse(to_json(options)), options);
}

TEST(ModelConfig, AlphaIsThatOfTheLossesPaper) {
    const auto alpha_of = [](const std::string& kind) {
        const std::string branch = R"({"name": "face", "loss": {"class": ")" + kind + R"("}})";
        return parse(with_model("", branch)).branches[0].loss.alpha;
    };
    EXPECT_EQ(alpha_of("focal"), 0.25);
    EXPECT_EQ(alpha_of("varifocal"), 0.75);
}

TEST(ModelConfig, RefusesBoxBinsThatCannotWork) {
    const auto refused = [](const std::string& branch, const std::vector<std::string>& words) {
        expect_error<ConfigError>([&] { parse(with_model("", branch)); }, words);
    };
    refused(R"({"name": "face", "head": {"box_bins": 16}})", {"\"face\"", "box_bins 16", "points"});
    refused(R"({"name": "face", "anchors": {"kind": "points", "scales": [8]}, "head": {"box_bins": 5}})",
            {"\"face\"", "reach 4 strides", "half an anchor is 4", "more bins"});
    parse(with_model("", R"({"name": "face", "anchors": {"kind": "points", "scales": [8]}, "head": {"box_bins": 6}})"));
}

TEST(ModelConfig, RefusesUnknownKeysAndValues) {
    const auto refused = [](const std::string& text, const std::vector<std::string>& words) {
        expect_error<ConfigError>([&] { parse(text); }, words);
    };
    refused(with_model(R"("input_sid": 320)"), {"a.json:/model/input_sid", "\"input_side\""});
    refused(with_model(R"("input_side": 100000)"), {"/model/input_side", "4096"});
    refused(with_model(R"("detection": {"nms_iou": 0})"), {"/model/detection/nms_iou"});
    refused(with_model(R"("detection": {"box_voting": 1.1})"), {"/model/detection/box_voting", "[0, 1]"});
    refused(with_model("", R"({"name": "face", "loss": {"gama": 1}})"), {"/model/branches/0/loss/gama", "\"gamma\""});
    refused(with_model("", R"({"name": "face", "loss": {"class": "focus"}})"), {"/loss/class", "quality_focal"});
    refused(with_model("", R"({"name": "face", "loss": {"box": "iou"}})"), {"/loss/box", "giou"});
    refused(with_model("", R"({"name": "face", "nms": "hard"})"), {"/model/branches/0/nms", "diou"});
    refused(R"({"tasks": [{"name": "face", "class": ["a"]}], "model": {"branches": [{"name": "face"}]}})",
            {"/tasks/0/class", "\"classes\""});
    for (const char* name : {"a.b", "a/b", "a b", ""}) {
        refused(with_model("", R"({"name": ")" + std::string(name) + R"(", "tasks": ["face"]})"),
                {"/model/branches/0/name", "parameter names"});
    }
}

TEST(ModelConfig, RefusesGroupsThatDoNotDivideTheChannels) {
    const auto refused = [](const std::string& text, const std::vector<std::string>& words) {
        expect_error<ConfigError>([&] { parse(text); }, words);
    };
    refused(with_model(R"("norm": "group", "norm_groups": 10)"),
            {"norm_groups 10", "96 channels of the neck", "96 channels of the head of branch \"face\""});
    refused(with_model(R"("norm": "layer")"), {"/model/norm", "\"group\""});
    parse(with_model(R"("norm": "batch", "norm_groups": 10)"));
    parse(with_model(R"("norm": "group", "norm_groups": 12, "neck": {"channels": 24})"));
}

TEST(BuildGraph, GivesNeckAndHeadsTheModelsNorm) {
    const Graph graph = build_graph(parse(with_model(R"("norm": "group", "norm_groups": 12)")));
    for (const Node& node : graph.nodes) {
        const bool in_backbone = node.name.starts_with("trunk.backbone.");
        EXPECT_EQ(std::holds_alternative<BatchNormAttributes>(node.attributes) && !in_backbone, false) << node.name;
        const auto* norm = std::get_if<GroupNormAttributes>(&node.attributes);
        if (norm != nullptr) {
            EXPECT_EQ(norm->groups, 12) << node.name;
        }
    }
    EXPECT_EQ(graph.parameters.count("trunk.neck.smooth.p3.gn.weight"), 1U);
    EXPECT_EQ(graph.parameters.count("branches.face.tower.0.gn.p4.weight"), 1U);
}

TEST(ValidateModel, TellsAllProblemsAtOnce) {
    ModelOptions options;
    options.tasks = {{"face", {"face"}}, {"hand", {"hand"}}, {"foot", {"foot"}}};
    options.input_side = 100;
    options.branches.resize(3);
    options.branches[0].name = options.branches[1].name = "a";
    options.branches[2].name = "c";
    options.branches[0].tasks = {"face", "fase"};
    options.branches[1].tasks = {"face", "hand"};
    options.branches[1].anchors.levels = {2, 3, 7};
    expect_error<ConfigError>([&] { validate(options, "a.json:/model"); },
                              {"a.json:/model", "unknown task \"fase\"", "\"face\" is in 2 branches",
                               "\"foot\" is in no branch", "two branches are named \"a\"", "\"c\" serves no task",
                               "anchors on level 2", "anchors on level 7", "levels 3 to 6",
                               "100 is not a multiple of 32"});
}

TEST(ValidateModel, RefusesWhatNoSectionSees) {
    ModelOptions options = unusual_options();
    EXPECT_NO_THROW(validate(options, "here"));
    options.backbone.last_level = 2;
    options.neck.first_level = 3;
    expect_error<ConfigError>([&] { validate(options, "here"); }, {"begins above the backbone's last level"});
    options = unusual_options();
    options.branches.clear();
    expect_error<ConfigError>([&] { validate(options, "here"); }, {"there is no branch"});
    options = unusual_options();
    options.tasks[1].classes = {"foot"};
    expect_error<ConfigError>([&] { validate(options, "here"); }, {"here", "\"foot\" is listed twice"});
}

} // namespace
} // namespace banyan
