#include <algorithm>
#include <iostream>
#include <optional>
#include <utility>

#include "apps/detector_values.h"
#include "apps/distill_outcome.h"
#include "apps/judge_datasets.h"
#include "apps/option_values.h"
#include "apps/run_commands.h"
#include "apps/run_config_option.h"
#include "apps/stopped.h"
#include "combine/validation_judge.h"
#include "core/atomic_file.h"
#include "core/error.h"
#include "core/hash.h"
#include "core/log.h"
#include "network/model_file.h"
#include "train/trainer.h"

namespace banyan {

namespace {

constexpr std::size_t kShownMistakes = 12;

/// Tasks that a teacher says something of.
std::vector<std::string> taught_tasks(const TeacherOptions& teacher, const RunConfig& config) {
    if (!teacher.tasks.empty()) return teacher.tasks;
    std::vector<std::string> all;
    for (const Task& task : config.model.tasks) all.push_back(task.name);
    return all;
}

/// @throws ConfigError a task that it is to teach is none of its own
ModelFile load_teacher(const TeacherOptions& teacher, const std::vector<std::string>& tasks) {
    ModelFile model = ModelFile::load(teacher.model);
    const ClassTable known(model.options.tasks);
    for (const std::string& task : tasks) {
        if (known.find_task(task)) continue;
        std::string names;
        for (const Task& own : known.tasks()) names += (names.empty() ? "" : ", ") + own.name;
        throw ConfigError(ErrorText{"teacher " + teacher.model, "has no task \"" + task + "\"", "some of " + names, "",
                                    "list the tasks that it is to teach in its \"tasks\""});
    }
    return model;
}

/// At the size at which the student will be judged, which is about that at which the teacher will teach.
JudgedTeacher judged_teacher(const TeacherOptions& teacher, const RunConfig& config) {
    DetectorOptions options;
    options.score_threshold = kEvalScoreThreshold;
    options.threads = config.train.threads;
    options.tasks = taught_tasks(teacher, config);
    options.side = config.model.input_side;
    Detector detector(load_teacher(teacher, options.tasks), options);
    JudgedTeacher judged{teacher.model, detector.classes(), {}, options.tasks, {}, {}};
    judged.datasets = load_datasets(datasets_for(config.validation, judged.classes), judged.classes);
    CocoProblem problem;
    const EvalReport report = judge_datasets(predictor_of(detector), detector.side(), judged.datasets, judged.classes,
                                             "judging " + teacher.model, &problem);
    for (const TaskResult& task : report.tasks) {
        const bool is_judged = task.stats[CocoStat::ap] >= 0;
        if (is_judged && std::erase(judged.unjudged, task.task) > 0) judged.tasks.push_back(task);
    }
    MissingLabelOptions wanted;
    wanted.count = kShownMistakes;
    judged.mistakes = find_missing_labels(problem, judged.datasets, wanted).likely;
    return judged;
}

/// @throws GateError a teacher is worse than the floor in a task, or nothing tells how good it is
void check_floor(const std::vector<JudgedTeacher>& teachers, double floor, bool force) {
    std::string low, unjudged;
    for (const JudgedTeacher& teacher : teachers) {
        for (const TaskResult& task : teacher.tasks) {
            if (task.stats[CocoStat::ap] >= floor) continue;
            low += (low.empty() ? "" : ", ") + teacher.model + " in \"" + task.task + "\" (" +
                   std::to_string(task.stats[CocoStat::ap]) + ")";
        }
        for (const std::string& task : teacher.unjudged) {
            unjudged += (unjudged.empty() ? "" : ", ") + teacher.model + " in \"" + task + "\"";
        }
    }
    if (!unjudged.empty()) {
        const std::string problem = "no validation set judges " + unjudged;
        if (!force && floor > 0) {
            throw GateError(ErrorText{"--floor " + std::to_string(floor), problem, "", "",
                                      "add one that labels it, take the task from the teacher's \"tasks\", or take it "
                                      "all the same with --force"});
        }
        log_warning(problem);
    }
    if (low.empty()) return;
    if (force) return log_warning("below the floor: AP of " + low);
    throw GateError(ErrorText{"--floor " + std::to_string(floor), "is not reached by the AP of " + low, "", "",
                              "take the task from the teacher's \"tasks\", or take it all the same with --force"});
}

std::vector<JudgedTeacher> judged_teachers(const RunConfig& config, double floor, bool force) {
    std::vector<JudgedTeacher> teachers;
    for (const TeacherOptions& teacher : config.train.teachers) {
        if (teacher.weight > 0) teachers.push_back(judged_teacher(teacher, config));
    }
    check_floor(teachers, floor, force);
    return teachers;
}

/// Detections of a network, kept in the folder by the hash of its file.
std::vector<CocoDetection> detections_of(const std::string& model, ValidationJudge& judge, const std::string& folder) {
    const std::string results = folder + "/detections-" + hash_text(read_file(model)) + ".coco.json";
    const auto found = judge.detections(model, results);
    if (!found) throw Stopped{};
    return *found;
}

void compare_with_plain(std::vector<CocoDetection> student, std::vector<CocoDetection> plain,
                        const ValidationJudge& judge, DistillOutcome& outcome) {
    std::vector<BootstrapSide> sides(2);
    sides[0] = {"student", {std::move(student)}};
    sides[1] = {"without teachers", {std::move(plain)}};
    outcome.gain = paired_bootstrap(judge.truth(), sides, outcome.bootstrap);
}

ExitCode distill(const Options& options) {
    const RunConfig config = run_config_option(options);
    const std::string folder = text_option(options, "out");
    if (config.train.teachers.empty()) {
        throw ConfigError(ErrorText{text_option(options, "config") + ":/train/teachers", "no teacher to learn from",
                                    "a list of model files", "none", "or train without teachers by `banyan train`"});
    }
    ValidationJudge judge(config, text_option(options, "config"));
    DistillOutcome outcome;
    outcome.plain = text_option(options, "plain");
    outcome.teachers =
        judged_teachers(config, number_option<double>(options, "floor", 0, 1), options.count("force") != 0);
    // What is wrong with that network is to be known before hours of training.
    std::optional<std::vector<CocoDetection>> plain;
    if (!outcome.plain.empty()) plain = detections_of(outcome.plain, judge, folder);
    const TrainOutcome trained = train(config, folder + "/run", options.count("resume") != 0);
    if (trained.stop_signal) {
        log_warning("stopped at step " + std::to_string(trained.step) + "; continue with --resume");
        return exit_code_of_signal(*trained.stop_signal);
    }
    outcome.student = trained.report;
    const std::string student = folder + "/run/weights/last.banyan.safetensors";
    if (plain) compare_with_plain(detections_of(student, judge, folder), std::move(*plain), judge, outcome);
    write_file_atomically(folder + "/report.html", distill_page(outcome));
    std::cout << (options.count("json") != 0 ? distill_outcome_json(outcome) : distill_outcome_table(outcome));
    log_info("student: " + student);
    return ExitCode::ok;
}

} // namespace

ExitCode run_distill(const Options& options) {
    install_stop_handlers();
    return distill(options);
}

} // namespace banyan
