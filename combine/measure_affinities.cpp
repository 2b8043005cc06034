#include "combine/measure_affinities.h"

#include <filesystem>
#include <utility>
#include <vector>

#include <ATen/Parallel.h>

#include "combine/detection_affinity.h"
#include "combine/label_affinity.h"
#include "combine/pair_transplants.h"
#include "combine/validation_judge.h"
#include "core/allocator.h"
#include "core/atomic_file.h"
#include "core/error.h"
#include "core/log.h"
#include "core/progress.h"
#include "core/stop_signal.h"
#include "data/sampling_counts.h"
#include "model/saved_model.h"
#include "network/model_file.h"
#include "train/run_folder.h"
#include "train/train_step.h"
#include "train/trainer.h"
#include "train/trunk_norm.h"

namespace banyan {

namespace {

namespace fs = std::filesystem;

std::vector<std::string> names_of(const std::vector<Task>& tasks) {
    std::vector<std::string> names;
    for (const Task& task : tasks) names.push_back(task.name);
    return names;
}

/// One measurement: its files, and the stages that fill them.
class Measurement {
public:
    Measurement(const RunConfig& config, const MeasureOptions& options)
        : config_(config), options_(options), table_(config.model.tasks), tasks_(names_of(config.model.tasks)) {}

    MeasureOutcome run();

private:
    std::string file(const std::string& name) const { return options_.folder + "/" + name; }
    void begin() const;
    bool train_and_probe();
    bool probe_model();
    MultiTaskModel load_given() const;
    std::vector<AffinityMatrix> compare_detections() const;
    std::optional<AffinityMatrix> merge_pairs() const;

    const RunConfig& config_;
    const MeasureOptions& options_;
    ClassTable table_;
    std::vector<std::string> tasks_;
    std::vector<AffinityProbeResult> probes_;
};

/// The folder belongs to this measurement from now on.
void Measurement::begin() const {
    check_can_be_probed(config_.model);
    if (options_.model.empty() && options_.every > config_.train.steps) {
        throw UsageError(ErrorText{"--every", "there would be no probe",
                                   "at most the number of steps, " + std::to_string(config_.train.steps),
                                   std::to_string(options_.every), ""});
    }
    const std::string wanted = measurement_json(config_, options_), path = file("measure.json");
    if (!fs::exists(path)) {
        write_file_atomically(path, wanted);
        return;
    }
    if (!options_.resume) {
        throw UsageError(ErrorText{"--out " + options_.folder, "the folder holds a measurement already", "", "",
                                   "continue it with --resume, or name another folder"});
    }
    if (read_file(path) == wanted) return;
    throw UsageError(ErrorText{path, "it was begun with another config, model or options", "", "",
                               "resume with the same, or name another folder"});
}

/// @return false when a signal stopped it
bool Measurement::train_and_probe() {
    const std::string run = file("run");
    if (!fs::exists(file("unmerged.banyan.safetensors"))) {
        std::optional<AffinityProbe> probe;
        TrainHooks hooks;
        hooks.after_step = [&](MultiTaskModel& model, const std::vector<Dataset>& datasets, std::int64_t step) {
            if (step % options_.every != 0) return std::string();
            if (!probe) probe.emplace(config_, datasets, options_.probe);
            AffinityProbeResult result = probe->measure(model, step / options_.every - 1);
            result.step = step;
            return probe_json(tasks_, result);
        };
        if (train(config_, run, options_.resume && RunFolder::holds_run(run), hooks).stop_signal) return false;
        write_file_atomically(file("unmerged.banyan.safetensors"), read_file(run + "/weights/last.banyan.safetensors"));
    }
    probes_ = load_probes(run + "/affinity.jsonl", tasks_);
    return true;
}

MultiTaskModel Measurement::load_given() const {
    MultiTaskModel model = load_model(options_.model, module_options(config_.train));
    check_can_be_probed(model.options());
    if (model.options().tasks == config_.model.tasks) return model;
    throw UsageError(ErrorText{options_.model, "its tasks are not those of the config", "", "",
                               "name the config that it was trained with"});
}

/// @return false when a signal stopped it
bool Measurement::probe_model() {
    MultiTaskModel model = load_given();
    RunConfig config = config_;
    config.model = model.options();
    const std::vector<Dataset> datasets = load_datasets(config.datasets, table_);
    const SamplingPlanOptions plan{config.loader.sampling, config.loader.batch_size, config.loader.seed};
    prepare_trunk_norms(model, config.train.trunk_norm, SamplingCounter(datasets, plan).expected());
    AffinityProbe probe(config, datasets, options_.probe);
    std::string lines;
    probes_ = load_probes(file("probes.jsonl"), tasks_);
    for (const AffinityProbeResult& result : probes_) lines += probe_json(tasks_, result) + "\n";
    Progress progress("probing", options_.probes, "probe");
    for (auto number = static_cast<std::int64_t>(probes_.size()); number < options_.probes; ++number) {
        if (stop_requested()) return false;
        probes_.push_back(probe.measure(model, number));
        lines += probe_json(tasks_, probes_.back()) + "\n";
        write_file_atomically(file("probes.jsonl"), lines);
        progress.update(number + 1);
    }
    write_file_atomically(file("unmerged.banyan.safetensors"), read_file(options_.model));
    return true;
}

/// None when a signal stopped it.
std::vector<AffinityMatrix> Measurement::compare_detections() const {
    const std::string model = file("unmerged.banyan.safetensors");
    ValidationJudge judge(config_, "the config");
    std::optional<std::vector<CocoDetection>> found = judge.detections(model, file("unmerged.coco.json"));
    if (!found) return {};
    CocoProblem problem = judge.truth();
    problem.detections = std::move(*found);
    DetectionAffinityOptions options;
    options.detection = ModelFile::load(model).options.detection;
    return detection_affinities(problem, table_, options);
}

/// Nothing when a signal stopped it.
std::optional<AffinityMatrix> Measurement::merge_pairs() const {
    PairTransplantOptions pairs;
    pairs.folder = options_.folder;
    pairs.model = file("unmerged.banyan.safetensors");
    pairs.pictures = options_.pair_pictures;
    pairs.transplant.boxes = options_.boxes;
    return pair_transplants(config_, pairs);
}

MeasureOutcome Measurement::run() {
    begin();
    MeasureOutcome outcome;
    if (fs::exists(file("affinities.json"))) {
        outcome.affinities = load_affinities(file("affinities.json"));
        return outcome;
    }
    const bool joint = options_.model.empty();
    if (!(joint ? train_and_probe() : probe_model())) return {{}, stop_requested()};

    TaskAffinities& all = outcome.affinities;
    all = {tasks_, mean_affinities(probes_, tasks_.size()), joint ? probes_.back().step : 0,
           "unmerged.banyan.safetensors"};
    LabelAffinityOptions label_options;
    label_options.side = config_.model.input_side;
    const auto add = [&](std::vector<AffinityMatrix> matrices) {
        for (AffinityMatrix& matrix : matrices) all.matrices.push_back(std::move(matrix));
    };
    add(label_affinities(load_datasets(config_.datasets, table_), table_, label_options));
    if (config_.validation.empty()) {
        log_warning("no validation data: detections are not compared");
    } else {
        add(compare_detections());
        if (stop_requested()) return {{}, stop_requested()};
    }
    if (measures_pairs(config_, options_)) {
        std::optional<AffinityMatrix> drops = merge_pairs();
        if (!drops) return {{}, stop_requested()};
        all.matrices.push_back(std::move(*drops));
    }
    write_file_atomically(file("affinities.json"), affinities_json(all));
    return outcome;
}

} // namespace

bool measures_pairs(const RunConfig& config, const MeasureOptions& options) {
    if (options.pairs == PairMerging::automatic) {
        return !config.validation.empty() && config.model.tasks.size() <= kMostTasksInPairs;
    }
    if (options.pairs == PairMerging::on && config.validation.empty()) {
        throw UsageError(ErrorText{"--pairs on", "nothing to judge merged pairs by", "data sets in \"validation\"",
                                   "none", "leave it out"});
    }
    return options.pairs == PairMerging::on;
}

MeasureOutcome measure_affinities(const RunConfig& config, const MeasureOptions& options) {
    if (config.train.keep_pages) keep_pages();
    if (config.train.threads > 0) at::set_num_threads(config.train.threads);
    install_stop_handlers();
    return Measurement(config, options).run();
}

} // namespace banyan
