#include "train/train_config.h"

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <map>

#include <nlohmann/json.hpp>

#include "core/cpu_features.h"
#include "core/error.h"
#include "network/model_config.h"
#include "train/balance_config.h"
#include "train/teacher_config.h"

namespace banyan {

using Json = nlohmann::ordered_json;

bool use_bf16(Precision precision) {
    return precision == Precision::automatic ? has_fast_bf16() : precision == Precision::bf16;
}

namespace {

void parse_optimizer(ConfigReader& reader, TrainOptions& options) {
    options.optimizer =
        reader.choice("optimizer", {{"adamw", OptimizerKind::adamw}, {"sgd", OptimizerKind::sgd}}, options.optimizer);
    options.lr = reader.real("lr", 1e-9, 10.0, options.lr);
    options.backbone_lr_scale = reader.real("backbone_lr_scale", 0.0, 10.0, options.backbone_lr_scale);
    options.trunk_lr_scale = reader.real("trunk_lr_scale", 0.0, 10.0, options.trunk_lr_scale);
    options.weight_decay = reader.real("weight_decay", 0.0, 1.0, options.weight_decay);
    options.momentum = reader.real("momentum", 0.0, 0.9999, options.momentum);
    options.beta2 = reader.real("beta2", 0.0, 0.999999, options.beta2);
    options.warmup_steps = reader.integer("warmup_steps", 0, 10'000'000, options.warmup_steps);
    options.final_lr_scale = reader.real("final_lr_scale", 0.0, 1.0, options.final_lr_scale);
    options.ema_decay = reader.real("ema_decay", 0.0, 0.999999, options.ema_decay);
    options.clip_norm = reader.real("clip_norm", 0.0, 1e9, options.clip_norm);
    options.clip = reader.choice("clip", {{"global", ClipScope::global}, {"branch", ClipScope::branch}}, options.clip);
    options.balance = parse_balance(reader.optional_object("balance"));
    options.conflict_every = reader.integer("conflict_every", 0, 10'000'000, options.conflict_every);
    options.non_finite = reader.choice("non_finite", {{"stop", NonFinitePolicy::stop}, {"skip", NonFinitePolicy::skip}},
                                       options.non_finite);
    options.non_finite_limit = reader.integer("non_finite_limit", 1, 1'000'000, options.non_finite_limit);
}

/// Files that a run starts from or learns from.
void parse_start(ConfigReader& reader, TrainOptions& options) {
    for (const auto& [key, path] : {std::pair{"pretrained", &options.pretrained}, std::pair{"init", &options.init}}) {
        *path = reader.text(key, *path);
        if (!path->empty()) *path = resolve_data_path(*path, reader.file(), reader.where(key));
    }
    options.learn = reader.texts("learn", options.learn);
    options.teachers = parse_teachers(reader);
}

void check_frozen_trunk(const ConfigReader& reader, const TrainOptions& options) {
    const auto refuse = [&](const std::string& where, const std::string& expected) {
        throw ConfigError(
            ErrorText{where, "needs a trunk that learns", expected, "\"trunk_lr_scale\": 0, which freezes it", ""});
    };
    if (options.trunk_norm == TrunkNorm::dataset) refuse(reader.where("trunk_norm"), "\"frozen\" or \"batch\"");
    const BalanceMethod method = options.balance.method;
    if (method == BalanceMethod::gradnorm || method == BalanceMethod::pcgrad) {
        refuse(reader.where("balance"), "\"method\": \"fixed\", \"uncertainty\" or \"dwa\"");
    }
    if (options.conflict_every > 0) refuse(reader.where("conflict_every"), "0");
    for (const TeacherOptions& teacher : options.teachers) {
        if (!teacher.hints.empty()) refuse(reader.where("teachers"), "teachers without \"hints\"");
    }
}

void check_start(const ConfigReader& reader, const TrainOptions& options) {
    if (!options.init.empty() && !options.pretrained.empty()) {
        throw ConfigError(ErrorText{reader.where("init"), "gives the backbone's weights too",
                                    "either \"init\" or \"pretrained\"", "both", ""});
    }
    if (options.trunk_norm == TrunkNorm::frozen && options.pretrained.empty() && options.init.empty()) {
        throw ConfigError(ErrorText{reader.where("trunk_norm"), "frozen norms need pretrained weights",
                                    "\"batch\" or \"dataset\", or a file in \"pretrained\" or \"init\"",
                                    "\"frozen\" without a file", ""});
    }
    for (const TeacherOptions& teacher : options.teachers) {
        if (options.unlabelled == Unlabelled::masked || teacher.refine_weight > 0 || teacher.weight == 0) continue;
        throw ConfigError(ErrorText{reader.where("teachers"), "one has nothing to teach where all counts as labelled",
                                    "\"unlabelled\": \"masked\", or a \"refine_weight\" above 0",
                                    "\"unlabelled\": \"background\"", ""});
    }
    if (!options.learn.empty() && options.unlabelled == Unlabelled::background) {
        throw ConfigError(ErrorText{reader.where("learn"), "the other tasks cannot rest where all counts as labelled",
                                    "\"unlabelled\": \"masked\"", "\"unlabelled\": \"background\"", ""});
    }
    if (options.trunk_lr_scale == 0) check_frozen_trunk(reader, options);
}

TrainOptions parse_train(ConfigReader reader) {
    constexpr std::int64_t kMaxSteps = 10'000'000;
    TrainOptions options;
    options.steps = reader.integer("steps", 1, kMaxSteps, options.steps);
    parse_optimizer(reader, options);
    options.trunk_norm = reader.choice(
        "trunk_norm", {{"frozen", TrunkNorm::frozen}, {"batch", TrunkNorm::batch}, {"dataset", TrunkNorm::dataset}},
        options.trunk_norm);
    options.unlabelled = reader.choice(
        "unlabelled", {{"masked", Unlabelled::masked}, {"background", Unlabelled::background}}, options.unlabelled);
    options.precision = reader.choice(
        "precision", {{"auto", Precision::automatic}, {"fp32", Precision::fp32}, {"bf16", Precision::bf16}},
        options.precision);
    options.channels_last = reader.boolean("channels_last", options.channels_last);
    options.keep_pages = reader.boolean("keep_pages", options.keep_pages);
    options.threads = static_cast<int>(reader.integer("threads", 0, 1024, options.threads));
    options.seed =
        static_cast<std::uint64_t>(reader.integer("seed", 0, INT64_MAX, static_cast<std::int64_t>(options.seed)));
    parse_start(reader, options);
    options.eval_every = reader.integer("eval_every", 0, kMaxSteps, options.eval_every);
    options.checkpoint_every = reader.integer("checkpoint_every", 0, kMaxSteps, options.checkpoint_every);
    options.log_every = reader.integer("log_every", 1, kMaxSteps, options.log_every);
    reader.finish();
    check_start(reader, options);
    return options;
}

/// The effective config with the paths as they were found, so that it means the same wherever it lies.
std::string with_absolute_paths(const RunConfig& config, const std::string& text) {
    Json root = Json::parse(text);
    const auto absolute = [](const std::string& path) { return std::filesystem::absolute(path).lexically_normal(); };
    for (std::size_t i = 0; i < config.datasets.size(); ++i) {
        root["datasets"][i]["root"] = absolute(config.datasets[i].root).string();
    }
    for (std::size_t i = 0; i < config.validation.size(); ++i) {
        root["validation"][i]["root"] = absolute(config.validation[i].root).string();
    }
    Json& train = root["train"];
    if (!config.train.pretrained.empty()) train["pretrained"] = absolute(config.train.pretrained).string();
    if (!config.train.init.empty()) train["init"] = absolute(config.train.init).string();
    for (std::size_t i = 0; i < config.train.teachers.size(); ++i) {
        train["teachers"][i]["model"] = absolute(config.train.teachers[i].model).string();
    }
    return root.dump(2);
}

void check_learning_tasks(const RunConfig& config, const std::string& where) {
    const ClassTable table(config.model.tasks);
    for (const std::string& task : config.train.learn) {
        if (table.find_task(task)) continue;
        throw ConfigError(ErrorText{where, "no such task", "tasks of the run", "\"" + task + "\"", ""});
    }
}

std::vector<SampledBranch> sampled_branches(const ModelOptions& model) {
    const ClassTable table(model.tasks);
    std::vector<SampledBranch> branches;
    for (const BranchOptions& head : model.branches) {
        for (const BranchOptions& branch : branches_of_head(head)) {
            branches.push_back({branch.name, classes_of(branch, table)});
        }
    }
    return branches;
}

} // namespace

RunConfig parse_run_config(ConfigReader reader) {
    reader.integer("schema_version", 1, 1);
    RunConfig config;
    config.model = parse_model(reader);
    config.datasets = parse_datasets(reader, "datasets");
    if (reader.has("validation")) config.validation = parse_datasets(reader, "validation");
    ConfigReader loader = reader.optional_object("loader");
    config.loader = parse_loader(loader);
    loader.finish();
    ConfigReader transforms = reader.optional_object("transforms");
    config.transforms = parse_transforms(transforms, ClassTable(config.model.tasks));
    transforms.finish();
    ConfigReader sampling = reader.optional_object("sampling");
    config.loader.sampling = parse_sampling(sampling);
    config.loader.sampling.branches = sampled_branches(config.model);
    config.train = parse_train(reader.optional_object("train"));
    check_learning_tasks(config, reader.where("train") + "/learn");
    config.loader.seed = config.train.seed;
    reader.finish();
    config.effective = with_absolute_paths(config, reader.dump());
    return config;
}

namespace {

bool contains(const std::vector<std::string>& list, const std::string& word) {
    return std::find(list.begin(), list.end(), word) != list.end();
}

template <typename Predicate>
void erase_entries(Json& list_or_object, Predicate is_unwanted) {
    for (auto entry = list_or_object.begin(); entry != list_or_object.end();) {
        entry = is_unwanted(entry) ? list_or_object.erase(entry) : std::next(entry);
    }
}

/// The data sets under `key` cut to those in `kept`, and their class maps to the classes of `table`.
void restrict_datasets(Json& root, const std::string& key, const std::vector<DatasetOptions>& kept,
                       const ClassTable& table) {
    if (!root.contains(key)) return;
    std::map<std::string, const DatasetOptions*> kept_of_name;
    for (const DatasetOptions& dataset : kept) kept_of_name[dataset.name] = &dataset;
    erase_entries(root[key], [&](const Json::iterator& entry) { return !kept_of_name.contains(entry->at("name")); });
    for (Json& dataset : root[key]) {
        const DatasetOptions& options = *kept_of_name.at(dataset.at("name"));
        if (names_single_pictures(options)) {
            dataset["other_classes"] = options.other_classes;
            continue;
        }
        erase_entries(dataset["classes"],
                      [&](const Json::iterator& entry) { return !table.find_class(entry->get<std::string>()); });
        if (!dataset.contains("labels")) continue;
        erase_entries(dataset["labels"], [&](const Json::iterator& entry) { return !table.find_class(entry.key()); });
    }
    if (root[key].empty()) root.erase(key);
}

/// The effective config of `config`, which was cut to its tasks, out of that of the whole.
std::string restricted_text(const RunConfig& config, const std::string& whole) {
    const ClassTable table(config.model.tasks);
    const auto is_unknown = [&](const Json& task) { return !table.find_task(task.get<std::string>()); };
    Json root = Json::parse(whole);
    erase_entries(root["tasks"], [&](const Json::iterator& entry) { return is_unknown(entry->at("name")); });
    Json& branches = root["model"]["branches"];
    for (Json& branch : branches) {
        erase_entries(branch["tasks"], [&](const Json::iterator& entry) { return is_unknown(*entry); });
    }
    erase_entries(branches, [](const Json::iterator& entry) { return entry->at("tasks").empty(); });
    restrict_datasets(root, "datasets", config.datasets, table);
    restrict_datasets(root, "validation", config.validation, table);
    if (root["train"].contains("learn")) root["train"]["learn"] = config.train.learn;
    root["transforms"]["flip"] = config.transforms.flip;
    root["transforms"]["flip_pairs"] = config.transforms.flip_pairs;
    return root.dump(2);
}

} // namespace

RunConfig load_run_config(const std::string& path, const std::vector<std::string>& overrides) {
    return parse_run_config(ConfigReader::from_file(path, overrides));
}

RunConfig run_config_from_text(const std::string& text, const std::string& name,
                               const std::vector<std::string>& overrides) {
    return parse_run_config(ConfigReader::from_text(text, name, overrides));
}

RunConfig restrict_to_tasks(RunConfig config, const std::vector<std::string>& tasks) {
    check_task_names(tasks, config.model.tasks);
    std::vector<std::string> others; // lists may name every class and task of the run
    for (const Task& task : config.model.tasks) {
        if (contains(tasks, task.name)) continue;
        others.push_back(task.name);
        others.insert(others.end(), task.classes.begin(), task.classes.end());
    }
    std::erase_if(config.model.tasks, [&](const Task& task) { return !contains(tasks, task.name); });
    for (BranchOptions& branch : config.model.branches) {
        std::erase_if(branch.tasks, [&](const std::string& task) { return !contains(tasks, task); });
    }
    std::erase_if(config.model.branches, [](const BranchOptions& branch) { return branch.tasks.empty(); });
    const ClassTable table(config.model.tasks);
    config.datasets = datasets_for(config.datasets, table);
    config.validation = datasets_for(config.validation, table);
    for (std::vector<DatasetOptions>* datasets : {&config.datasets, &config.validation}) {
        for (DatasetOptions& dataset : *datasets) {
            if (names_single_pictures(dataset)) add_other_classes(dataset, others, table);
        }
    }
    const bool some_rest = !config.train.learn.empty();
    std::erase_if(config.train.learn, [&](const std::string& task) { return !contains(tasks, task); });
    if (some_rest && config.train.learn.empty()) {
        throw UsageError(ErrorText{"--tasks", "names no task that learns", "one of \"train/learn\"", "", ""});
    }
    config.loader.sampling.branches = sampled_branches(config.model);
    config.transforms = restrict_transforms(config.transforms, table);
    config.effective = restricted_text(config, config.effective);
    return config;
}

} // namespace banyan
