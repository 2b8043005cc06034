#include "network/model_config.h"

#include <nlohmann/json.hpp>

#include "anchors/anchor_config.h"
#include "backbone/backbone_config.h"
#include "core/error.h"
#include "graph/enum_names.h"
#include "heads/head_config.h"

namespace banyan {

namespace {

using Json = nlohmann::ordered_json;

const ConfigReader::Choices<ClassLossKind>& class_loss_choices() {
    static const ConfigReader::Choices<ClassLossKind> table{{"quality_focal", ClassLossKind::quality_focal},
                                                            {"varifocal", ClassLossKind::varifocal},
                                                            {"focal", ClassLossKind::focal}};
    return table;
}

const ConfigReader::Choices<BoxLossKind>& box_loss_choices() {
    static const ConfigReader::Choices<BoxLossKind> table{{"giou", BoxLossKind::giou}, {"ciou", BoxLossKind::ciou}};
    return table;
}

const ConfigReader::Choices<NmsKind>& nms_choices() {
    static const ConfigReader::Choices<NmsKind> table{
        {"greedy", NmsKind::greedy}, {"diou", NmsKind::diou}, {"soft", NmsKind::soft}};
    return table;
}

LossOptions parse_loss(ConfigReader reader) {
    LossOptions options;
    options.class_loss = reader.choice("class", class_loss_choices(), options.class_loss);
    options.box_loss = reader.choice("box", box_loss_choices(), options.box_loss);
    options.gamma = reader.real("gamma", 0.0, 5.0, options.gamma);
    options.alpha = reader.real("alpha", 0.0, 1.0, default_alpha(options.class_loss));
    options.box_weight = reader.real("box_weight", 0.0, 100.0, options.box_weight);
    options.bin_weight = reader.real("bin_weight", 0.0, 100.0, options.bin_weight);
    options.weight = reader.real("weight", 0.0, 100.0, options.weight);
    reader.finish();
    return options;
}

BranchOptions parse_branch(ConfigReader& reader) {
    BranchOptions branch;
    branch.name = reader.text("name");
    branch.tasks = reader.texts("tasks", {branch.name});
    branch.anchors = parse_anchors(reader.optional_object("anchors"));
    branch.head = parse_head(reader.optional_object("head"));
    branch.matcher = parse_matcher(reader.optional_object("matcher"));
    branch.loss = parse_loss(reader.optional_object("loss"));
    branch.nms = reader.choice("nms", nms_choices(), branch.nms);
    reader.finish();
    if (!is_plain_name(branch.name)) {
        throw ConfigError(ErrorText{reader.where("name"), "branch names become parameter names",
                                    "a name without dots, slashes and spaces", "\"" + branch.name + "\"", ""});
    }
    return branch;
}

DetectionOptions parse_detection(ConfigReader reader) {
    DetectionOptions options;
    options.score_threshold = reader.real("score_threshold", 0.0, 0.999, options.score_threshold);
    options.nms_iou = reader.real("nms_iou", 0.01, 1.0, options.nms_iou);
    options.max_detections = static_cast<int>(reader.integer("max_detections", 1, 10000, options.max_detections));
    options.box_voting = reader.real("box_voting", 0.0, 1.0, options.box_voting);
    reader.finish();
    return options;
}

} // namespace

std::vector<Task> parse_tasks(ConfigReader& reader) {
    std::vector<Task> tasks;
    for (ConfigReader& entry : reader.objects("tasks")) {
        Task task;
        task.name = entry.text("name");
        if (task.name.find_first_of("+|,=") != std::string::npos) {
            throw ConfigError(ErrorText{entry.where("name"), "task names stand in lists and merge plans",
                                        "a name without the characters + | , =", "\"" + task.name + "\"", ""});
        }
        task.classes = entry.texts("classes", {task.name});
        entry.finish();
        tasks.push_back(std::move(task));
    }
    return tasks;
}

ModelOptions parse_model(ConfigReader& reader) {
    ModelOptions options;
    options.tasks = parse_tasks(reader);
    ConfigReader model = reader.object("model");
    options.input_side = static_cast<int>(model.integer("input_side", 64, 4096, options.input_side));
    options.backbone = parse_backbone(model.optional_object("backbone"));
    options.neck = parse_neck(model.optional_object("neck"));
    options.norm.kind = model.choice("norm", norm_names(), options.norm.kind);
    options.norm.groups = model.integer("norm_groups", 1, 1024, options.norm.groups);
    options.preprocessing =
        parse_preprocessing(model.optional_object("preprocessing"), default_preprocessing(options.backbone.type));
    for (ConfigReader& branch : model.objects("branches")) options.branches.push_back(parse_branch(branch));
    options.detection = parse_detection(model.optional_object("detection"));
    model.finish();
    validate(options, model.where());
    return options;
}

namespace {

template <typename T>
std::string name_of(const ConfigReader::Choices<T>& table, T value) {
    for (const auto& [name, entry] : table) {
        if (entry == value) return name;
    }
    throw CheckError("an enumerator without a name");
}

Json anchors_json(const AnchorOptions& anchors) {
    const bool boxes = anchors.kind == AnchorKind::boxes;
    Json json{{"kind", boxes ? "boxes" : "points"}, {"levels", anchors.levels}};
    if (anchors.sizes.empty()) {
        json["scales"] = anchors.scales;
        json["aspect_hw"] = anchors.aspect_hw;
        return json;
    }
    for (const auto& level : anchors.sizes) {
        Json list = Json::array();
        for (const AnchorSize& size : level) list.push_back({size.width_px, size.height_px});
        json["sizes"].push_back(list);
    }
    return json;
}

Json matcher_json(const MatcherOptions& matcher) {
    switch (matcher.kind) {
    case MatcherKind::atss: return {{"type", "atss"}, {"top_k", matcher.atss.top_k}};
    case MatcherKind::max_iou: break;
    case MatcherKind::tal:
        return {
            {"type", "tal"}, {"top_k", matcher.tal.top_k}, {"alpha", matcher.tal.alpha}, {"beta", matcher.tal.beta}};
    case MatcherKind::simota:
        return {{"type", "simota"}, {"top_k", matcher.simota.top_k}, {"iou_weight", matcher.simota.iou_weight}};
    }
    return {{"type", "max_iou"},
            {"positive_iou", matcher.max_iou.positive_iou},
            {"negative_iou", matcher.max_iou.negative_iou},
            {"force_best", matcher.max_iou.force_best}};
}

Json head_json(const HeadOptions& head) {
    return {{"type", "dense"},
            {"tower", head.tower == TowerKind::separable ? "separable" : "conv"},
            {"depth", head.depth},
            {"width", head.width},
            {"split_towers", head.split_towers},
            {"activation", name_of(activation_choices(), head.activation)},
            {"prior", head.prior},
            {"box_bins", head.box_bins},
            {"boxes", name_of(box_outputs_choices(), head.boxes)}};
}

Json branch_json(const BranchOptions& branch) {
    const LossOptions& loss = branch.loss;
    return {{"name", branch.name},
            {"tasks", branch.tasks},
            {"anchors", anchors_json(branch.anchors)},
            {"head", head_json(branch.head)},
            {"matcher", matcher_json(branch.matcher)},
            {"loss",
             {{"class", name_of(class_loss_choices(), loss.class_loss)},
              {"box", name_of(box_loss_choices(), loss.box_loss)},
              {"gamma", loss.gamma},
              {"alpha", loss.alpha},
              {"box_weight", loss.box_weight},
              {"bin_weight", loss.bin_weight},
              {"weight", loss.weight}}},
            {"nms", name_of(nms_choices(), branch.nms)}};
}

Json trunk_json(const ModelOptions& options) {
    const BackboneOptions& backbone = options.backbone;
    const NeckOptions& neck = options.neck;
    return {{"input_side", options.input_side},
            {"backbone",
             {{"type", backbone_name(backbone.type)},
              {"width", backbone.width},
              {"last_level", backbone.last_level},
              {"wide_top", backbone.wide_top}}},
            {"neck",
             {{"type", name_of(neck_choices(), neck.type)},
              {"channels", neck.channels},
              {"first_level", neck.first_level},
              {"last_level", neck.last_level},
              {"depthwise", neck.depthwise},
              {"activation", name_of(activation_choices(), neck.activation)}}},
            {"norm", name_of(norm_names(), options.norm.kind)},
            {"norm_groups", options.norm.groups},
            {"preprocessing", {{"mean", options.preprocessing.mean}, {"std", options.preprocessing.std}}}};
}

} // namespace

std::string to_json(const ModelOptions& options) {
    Json root{{"tasks", Json::array()}, {"model", trunk_json(options)}};
    for (const Task& task : options.tasks) root["tasks"].push_back({{"name", task.name}, {"classes", task.classes}});
    for (const BranchOptions& branch : options.branches) root["model"]["branches"].push_back(branch_json(branch));
    root["model"]["detection"] = {{"score_threshold", options.detection.score_threshold},
                                  {"nms_iou", options.detection.nms_iou},
                                  {"max_detections", options.detection.max_detections},
                                  {"box_voting", options.detection.box_voting}};
    return root.dump();
}

} // namespace banyan
