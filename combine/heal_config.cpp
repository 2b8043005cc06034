#include "combine/heal.h"

#include <algorithm>
#include <filesystem>

#include <nlohmann/json.hpp>

#include "core/error.h"
#include "network/model_config.h"
#include "network/model_file.h"

namespace banyan {

namespace {

using Json = nlohmann::ordered_json;

std::string classes_text(const Task& task) {
    std::string text;
    for (const std::string& name : task.classes) text += (text.empty() ? "" : ", ") + name;
    return text;
}

/// The config's run with the tasks of the network only.
RunConfig run_of_tasks(const HealOptions& options, const std::vector<Task>& tasks) {
    RunConfig run = load_run_config(options.config);
    std::vector<std::string> names;
    for (const Task& task : tasks) {
        const auto same = [&](const Task& other) { return other.name == task.name; };
        const auto found = std::find_if(run.model.tasks.begin(), run.model.tasks.end(), same);
        if (found == run.model.tasks.end()) {
            throw ConfigError(ErrorText{options.config, "lacks a task of " + options.merged, "\"" + task.name + "\"",
                                        "", "take the config that the unmerged network was trained with"});
        }
        if (found->classes != task.classes) {
            throw ConfigError(ErrorText{options.config, "has other classes of task \"" + task.name + "\"",
                                        classes_text(task), classes_text(*found), ""});
        }
        names.push_back(task.name);
    }
    return names.size() == run.model.tasks.size() ? std::move(run) : restrict_to_tasks(std::move(run), names);
}

void set_schedule(const HealOptions& options, const TrainOptions& before, Json& train) {
    train["steps"] = options.steps;
    train["lr"] = before.lr * kHealLrScale;
    train["warmup_steps"] = options.steps / 10;
    train["eval_every"] = 0;
    train["checkpoint_every"] = kHealCheckpointEvery;
    train["log_every"] = std::min<std::int64_t>(before.log_every, 10);
    train["seed"] = options.seed;
}

void set_trunk(const HealOptions& options, const TrainOptions& before, Json& train) {
    train["trunk_lr_scale"] = options.trunk_lr_scale;
    if (options.trunk_lr_scale > 0) return;
    train["trunk_norm"] = "frozen";
    train["conflict_every"] = 0;
    const BalanceMethod method = before.balance.method;
    if (method == BalanceMethod::gradnorm || method == BalanceMethod::pcgrad) train["balance"]["method"] = "fixed";
}

/// Tasks of the branches that the merge has changed; the teacher has no branch for just these tasks.
std::vector<std::string> changed_tasks(const ModelOptions& merged, const ModelOptions& teacher) {
    std::vector<std::string> changed;
    for (const BranchOptions& branch : merged.branches) {
        const bool kept = std::any_of(teacher.branches.begin(), teacher.branches.end(),
                                      [&](const BranchOptions& other) { return other.tasks == branch.tasks; });
        if (!kept) changed.insert(changed.end(), branch.tasks.begin(), branch.tasks.end());
    }
    return changed;
}

} // namespace

RunConfig heal_config(const HealOptions& options) {
    const ModelOptions merged = ModelFile::load(options.merged).options;
    const RunConfig before = run_of_tasks(options, merged.tasks);
    Json root = Json::parse(before.effective);
    const Json network = Json::parse(to_json(merged));
    root["tasks"] = network.at("tasks");
    root["model"] = network.at("model");
    for (const char* composition : {"mosaic", "mixup", "copy_paste"}) root["transforms"][composition] = 0;
    Json& train = root["train"];
    train["pretrained"] = "";
    train["init"] = std::filesystem::absolute(options.merged).string();
    const Json teacher = {
        {"model", std::filesystem::absolute(options.teacher).string()}, {"refine_weight", 0}, {"temperature", 1}};
    train["teachers"] = Json::array({teacher});
    train["unlabelled"] = "masked";
    train["learn"] = options.trunk_lr_scale > 0 ? std::vector<std::string>{}
                                                // under a trunk that moves all have to follow
                                                : changed_tasks(merged, ModelFile::load(options.teacher).options);
    set_schedule(options, before.train, train);
    set_trunk(options, before.train, train);
    return run_config_from_text(root.dump(), options.config, options.set);
}

TrainOutcome heal(const HealOptions& options, const std::string& folder, bool resume) {
    return train(heal_config(options), folder, resume);
}

} // namespace banyan
