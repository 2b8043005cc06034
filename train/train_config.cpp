#include "train/train_config.h"

#include <algorithm>

#include "core/error.h"
#include "model/model_config.h"

namespace banyan {

bool use_bf16(Precision precision) {
    if (precision != Precision::automatic) return precision == Precision::bf16;
#if defined(__x86_64__)
    return __builtin_cpu_supports("avx512bf16") != 0;
#else
    return false;
#endif
}

namespace {

void parse_optimizer(ConfigReader& reader, TrainOptions& options) {
    options.optimizer =
        reader.choice("optimizer", {{"adamw", OptimizerKind::adamw}, {"sgd", OptimizerKind::sgd}}, options.optimizer);
    options.lr = reader.real("lr", 1e-9, 10.0, options.lr);
    options.backbone_lr_scale = reader.real("backbone_lr_scale", 0.0, 10.0, options.backbone_lr_scale);
    options.weight_decay = reader.real("weight_decay", 0.0, 1.0, options.weight_decay);
    options.momentum = reader.real("momentum", 0.0, 0.9999, options.momentum);
    options.beta2 = reader.real("beta2", 0.0, 0.999999, options.beta2);
    options.warmup_steps = reader.integer("warmup_steps", 0, 10'000'000, options.warmup_steps);
    options.final_lr_scale = reader.real("final_lr_scale", 0.0, 1.0, options.final_lr_scale);
    options.ema_decay = reader.real("ema_decay", 0.0, 0.999999, options.ema_decay);
    options.clip_norm = reader.real("clip_norm", 0.0, 1e9, options.clip_norm);
}

TrainOptions parse_train(ConfigReader reader) {
    constexpr std::int64_t kMaxSteps = 10'000'000;
    TrainOptions options;
    options.steps = reader.integer("steps", 1, kMaxSteps, options.steps);
    parse_optimizer(reader, options);
    options.trunk_norm =
        reader.choice("trunk_norm", {{"frozen", TrunkNorm::frozen}, {"batch", TrunkNorm::batch}}, options.trunk_norm);
    options.unlabelled = reader.choice(
        "unlabelled", {{"masked", Unlabelled::masked}, {"background", Unlabelled::background}}, options.unlabelled);
    options.precision = reader.choice(
        "precision", {{"auto", Precision::automatic}, {"fp32", Precision::fp32}, {"bf16", Precision::bf16}},
        options.precision);
    options.channels_last = reader.boolean("channels_last", options.channels_last);
    options.keep_pages = reader.boolean("keep_pages", options.keep_pages);
    options.threads = static_cast<int>(reader.integer("threads", 0, 1024, options.threads));
    options.seed = static_cast<std::uint64_t>(
        reader.integer("seed", 0, INT64_MAX, static_cast<std::int64_t>(options.seed)));
    options.pretrained = reader.text("pretrained", options.pretrained);
    if (!options.pretrained.empty()) {
        options.pretrained = resolve_data_path(options.pretrained, reader.file(), reader.where("pretrained"));
    }
    options.eval_every = reader.integer("eval_every", 0, kMaxSteps, options.eval_every);
    options.checkpoint_every = reader.integer("checkpoint_every", 0, kMaxSteps, options.checkpoint_every);
    options.log_every = reader.integer("log_every", 1, kMaxSteps, options.log_every);
    reader.finish();
    if (options.trunk_norm == TrunkNorm::frozen && options.pretrained.empty()) {
        throw ConfigError(ErrorText{reader.where("trunk_norm"), "frozen norms need pretrained weights",
                                    "\"batch\", or a file in \"pretrained\"", "\"frozen\" without \"pretrained\"", ""});
    }
    return options;
}

void check_schema(ConfigReader& reader, bool required) {
    if (required || reader.has("schema_version")) reader.integer("schema_version", 1, 1);
}

RunConfig parse_run(ConfigReader reader) {
    check_schema(reader, true);
    RunConfig config;
    config.model = parse_model(reader);
    config.datasets = parse_datasets(reader, "datasets");
    if (reader.has("validation")) config.validation = parse_datasets(reader, "validation");
    ConfigReader loader = reader.optional_object("loader");
    config.loader = parse_loader(loader);
    loader.finish();
    ConfigReader transforms = reader.optional_object("transforms");
    config.transforms = parse_transforms(transforms);
    transforms.finish();
    config.train = parse_train(reader.optional_object("train"));
    config.loader.seed = config.train.seed;
    reader.finish();
    config.effective = reader.dump();
    return config;
}

bool contains(const std::vector<std::string>& list, const std::string& word) {
    return std::find(list.begin(), list.end(), word) != list.end();
}

} // namespace

RunConfig load_run_config(const std::string& path, const std::vector<std::string>& overrides) {
    return parse_run(ConfigReader::from_file(path, overrides));
}

RunConfig run_config_from_text(const std::string& text, const std::string& name,
                               const std::vector<std::string>& overrides) {
    return parse_run(ConfigReader::from_text(text, name, overrides));
}

std::vector<DatasetOptions> datasets_for(std::vector<DatasetOptions> datasets, const ClassTable& table) {
    for (DatasetOptions& dataset : datasets) {
        std::erase_if(dataset.classes, [&](const auto& entry) { return !table.find_class(entry.second); });
        std::erase_if(dataset.labels, [&](const auto& entry) { return !table.find_class(entry.first); });
    }
    std::erase_if(datasets, [](const DatasetOptions& dataset) { return dataset.classes.empty() && dataset.labels.empty(); });
    return datasets;
}

RunConfig restrict_to_tasks(RunConfig config, const std::vector<std::string>& tasks) {
    std::string known;
    for (const Task& task : config.model.tasks) known += (known.empty() ? "" : ", ") + task.name;
    for (const std::string& name : tasks) {
        const auto& all = config.model.tasks;
        if (std::any_of(all.begin(), all.end(), [&](const Task& task) { return task.name == name; })) continue;
        throw UsageError(ErrorText{"--tasks", "unknown task \"" + name + "\"", "some of " + known, "", ""});
    }
    std::erase_if(config.model.tasks, [&](const Task& task) { return !contains(tasks, task.name); });
    for (BranchOptions& branch : config.model.branches) {
        std::erase_if(branch.tasks, [&](const std::string& task) { return !contains(tasks, task); });
    }
    std::erase_if(config.model.branches, [](const BranchOptions& branch) { return branch.tasks.empty(); });
    const ClassTable table(config.model.tasks);
    config.datasets = datasets_for(config.datasets, table);
    config.validation = datasets_for(config.validation, table);
    return config;
}

std::vector<DatasetOptions> load_dataset_list(const std::string& path, const std::string& key) {
    ConfigReader reader = ConfigReader::from_file(path);
    check_schema(reader, false);
    return parse_datasets(reader, key);
}

} // namespace banyan
