#include "combine/confirm.h"

#include <algorithm>
#include <filesystem>
#include <sstream>

#include "combine/validation_judge.h"
#include "core/atomic_file.h"
#include "core/check.h"
#include "core/error.h"
#include "core/hash.h"
#include "core/log.h"
#include "core/progress.h"
#include "core/stop_signal.h"
#include "eval/coco_writer.h"
#include "network/model_file.h"
#include "train/checkpoint.h"
#include "train/gradient_conflicts.h"
#include "train/run_folder.h"

namespace banyan {

namespace {

namespace fs = std::filesystem;

/// Thrown out of the work when a signal came.
struct StopAsked {};

std::string candidate_folder(const std::string& folder, std::size_t candidate) {
    return folder + "/candidate-" + std::to_string(candidate + 1);
}

class Confirmation {
public:
    /// @param options with a candidate
    explicit Confirmation(const ConfirmOptions& options)
        : options_(options), config_(config_of(0, 1)), judge_(config_, "--config " + options.heal.config) {
        check_networks();
        judge_.check_objects();
        claim_folder();
        write_file_atomically(file("ground_truth.coco.json"), coco_ground_truth_json(judge_.truth()));
        write_file_atomically(file("unmerged.banyan.safetensors"), read_file(options.heal.teacher));
    }

    ConfirmOutcome run() {
        ConfirmOutcome outcome;
        forget_verdict();
        try {
            for (std::size_t i = 0; i < options_.candidates.size(); ++i) {
                if (outcome.accepted && !options_.try_all) break;
                outcome.tried.push_back(try_candidate(i));
                if (outcome.tried.back().accepted && !outcome.accepted) outcome.accepted = i;
                write_file_atomically(file("confirm.json"), confirm_json(options_, outcome));
            }
        } catch (const StopAsked&) {
            outcome.stop_signal = stop_requested();
            return outcome;
        }
        if (outcome.accepted) hand_out(outcome.tried[*outcome.accepted]);
        return outcome;
    }

private:
    std::string file(const std::string& name) const { return options_.folder + "/" + name; }

    HealOptions heal_options(std::size_t candidate, int seed) const {
        HealOptions options = options_.heal;
        options.merged = options_.candidates[candidate];
        options.seed = static_cast<std::uint64_t>(seed);
        return options;
    }
    RunConfig config_of(std::size_t candidate, int seed) const { return heal_config(heal_options(candidate, seed)); }

    void check_networks() const;
    void claim_folder() const;
    std::vector<CocoDetection> detections_of(const std::string& model, const std::string& results);
    std::string time_left(std::size_t candidate, int seed) const;
    std::vector<CocoDetection> healed_detections(std::size_t candidate, int seed);
    CandidateVerdict try_candidate(std::size_t candidate);
    void hand_out(const CandidateVerdict& verdict) const;
    void forget_verdict() const;

    const ConfirmOptions& options_;
    RunConfig config_; ///< of the first candidate and seed
    ValidationJudge judge_;
    RunningMean heal_seconds_;
};

/// All find the same classes under the same numbers.
void Confirmation::check_networks() const {
    const std::vector<Task> tasks = ModelFile::load(options_.heal.teacher).options.tasks;
    for (const std::string& candidate : options_.candidates) {
        if (ModelFile::load(candidate).options.tasks == tasks) continue;
        throw UsageError(ErrorText{"--candidates " + candidate, "has other tasks than the unmerged network",
                                   "a network that `banyan merge apply` made of " + options_.heal.teacher, "", ""});
    }
}

/// Notes what the folder's runs are made of, so that they are not taken for others.
void Confirmation::claim_folder() const {
    const std::string path = file("confirm.txt");
    std::ostringstream text;
    text << "config " << hash_text(config_.effective) << "\nunmerged " << hash_text(read_file(options_.heal.teacher))
         << "\n";
    for (const std::string& candidate : options_.candidates)
        text << "candidate " << hash_text(read_file(candidate)) << "\n";
    const bool exists = fs::exists(path);
    if (exists && !options_.resume) {
        throw UsageError(ErrorText{"--out " + options_.folder, "the folder holds a confirmation already", "", "",
                                   "continue it with --resume, or name another folder"});
    }
    if (exists && !text.str().starts_with(read_file(path))) {
        throw UsageError(ErrorText{"--out " + options_.folder,
                                   "its runs are of other networks, another config or other options", "", "",
                                   "name another folder or remove it"});
    }
    write_file_atomically(path, text.str());
}

std::vector<CocoDetection> Confirmation::detections_of(const std::string& model, const std::string& results) {
    std::optional<std::vector<CocoDetection>> found = judge_.detections(model, results);
    if (!found) throw StopAsked();
    return std::move(*found);
}

/// From the healings that this process has done; "" before the first.
std::string Confirmation::time_left(std::size_t candidate, int seed) const {
    if (heal_seconds_.count == 0) return "";
    const auto candidates = static_cast<double>(options_.candidates.size() - candidate);
    const double healings = candidates * options_.seeds - (seed - 1);
    return "; at most " + format_duration(healings * heal_seconds_.mean) + " for all that may follow";
}

std::vector<CocoDetection> Confirmation::healed_detections(std::size_t candidate, int seed) {
    const std::string folder = candidate_folder(options_.folder, candidate) + "/seed-" + std::to_string(seed);
    const HealOptions options = heal_options(candidate, seed);
    // A run ends with its report; its last checkpoint may come before the last evaluation, when a signal ended that.
    if (!fs::exists(folder + "/report.html")) {
        log_info("healing " + options.merged + ", seed " + std::to_string(seed) + " of " +
                 std::to_string(options_.seeds) + time_left(candidate, seed));
        const TrainOutcome outcome = heal(options, folder, RunFolder::holds_run(folder));
        if (outcome.stop_signal) throw StopAsked();
        heal_seconds_.add(outcome.seconds);
    }
    return judge_.read(folder + "/predictions.coco.json");
}

CandidateVerdict Confirmation::try_candidate(std::size_t candidate) {
    CandidateVerdict verdict;
    verdict.model = options_.candidates[candidate];
    verdict.plan = plan_of(ModelFile::load(verdict.model).options);
    BootstrapSide healed{"healed", {}};
    const BootstrapSide unmerged{"unmerged",
                                 {detections_of(options_.heal.teacher, unmerged_detections_file(options_.folder))}};
    const BootstrapSide transplanted{"transplanted",
                                     {detections_of(verdict.model, transplanted_file(options_.folder, candidate))}};
    for (int seed = 1; seed <= options_.seeds; ++seed) {
        if (stop_requested()) throw StopAsked();
        healed.seeds.push_back(healed_detections(candidate, seed));
        verdict.runs.push_back(candidate_folder(options_.folder, candidate) + "/seed-" + std::to_string(seed));
    }
    verdict.comparison = paired_bootstrap(judge_.truth(), {healed, unmerged, transplanted}, options_.bootstrap);
    verdict.least_difference = least_difference_points(verdict.comparison);
    verdict.accepted = verdict.least_difference >= -options_.max_drop;
    log_info(plan_text(verdict.plan) + (verdict.accepted ? ": accepted" : ": not accepted"));
    return verdict;
}

void Confirmation::hand_out(const CandidateVerdict& verdict) const {
    write_file_atomically(file("healed.banyan.safetensors"),
                          read_file(verdict.runs.front() + "/weights/last.banyan.safetensors"));
    write_file_atomically(file("plan.json"), plan_json(verdict.plan));
}

/// What an earlier call accepted, perhaps by another max_drop, is not accepted now.
void Confirmation::forget_verdict() const {
    std::error_code ignored;
    for (const char* name : {"healed.banyan.safetensors", "plan.json"}) fs::remove(file(name), ignored);
}

} // namespace

std::string unmerged_detections_file(const std::string& folder) { return folder + "/unmerged.coco.json"; }

std::string transplanted_file(const std::string& folder, std::size_t candidate) {
    return candidate_folder(folder, candidate) + "/transplanted.coco.json";
}

double least_difference_points(const BootstrapResult& comparison) {
    return 100 * comparison.mean.ap.differences.at(0).low;
}

ConfirmOutcome confirm(const ConfirmOptions& options) {
    BANYAN_CHECK(!options.candidates.empty() && options.seeds >= 1, "confirm: expected a candidate and a seed");
    install_stop_handlers();
    return Confirmation(options).run();
}

} // namespace banyan
