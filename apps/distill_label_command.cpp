#include <algorithm>
#include <filesystem>
#include <iostream>
#include <limits>
#include <memory>
#include <optional>
#include <set>

#include "apps/command_line.h"
#include "apps/detector_values.h"
#include "apps/label_outcome.h"
#include "apps/label_page.h"
#include "apps/option_values.h"
#include "apps/run_commands.h"
#include "apps/stopped.h"
#include "core/atomic_file.h"
#include "core/hash.h"
#include "core/log.h"
#include "core/progress.h"
#include "data/dataset_list.h"
#include "eval/evaluate.h"
#include "label/find_objects.h"
#include "network/model_config.h"

namespace banyan {

namespace {

namespace fs = std::filesystem;

struct LabelOptions {
    std::string config, list, folder, student;
    std::string judging; ///< list by which teachers are judged
    double beta_high, beta_low, floor, iou;
    bool force;
};

/// The list by which teachers are judged.
std::string judging_list(const std::string& config, bool has_student) {
    ConfigReader reader = ConfigReader::from_file(config);
    if (reader.has("validation")) return "validation";
    if (has_student) {
        throw ConfigError(ErrorText{config, "has no \"validation\" to compare --student and the teachers by", "", "",
                                    "the student has learned from \"datasets\"; add sets that it has not seen"});
    }
    log_warning(config + " has no \"validation\": teachers are judged on \"datasets\"");
    return "datasets";
}

LabelOptions label_options(const Options& options) {
    constexpr double kLeastBeta = 0.01, kMostBeta = 100;
    LabelOptions result{};
    result.config = text_option(options, "config");
    result.list = text_option(options, "split");
    result.folder = text_option(options, "out");
    result.student = text_option(options, "student");
    result.beta_high = number_option<double>(options, "beta-high", kLeastBeta, kMostBeta);
    result.beta_low = number_option<double>(options, "beta-low", kLeastBeta, kMostBeta);
    result.floor = number_option<double>(options, "floor", 0, 1);
    result.iou = number_option<double>(options, "iou", 0.05, 1);
    result.force = options.count("force") != 0;
    if (result.list != "datasets" && result.list != "validation") {
        throw UsageError(ErrorText{"--split", "unknown list", "datasets or validation", "\"" + result.list + "\"", ""});
    }
    result.judging = judging_list(result.config, !result.student.empty());
    return result;
}

ClassTable classes_of(const std::string& config) {
    ConfigReader reader = ConfigReader::from_file(config);
    return ClassTable(parse_tasks(reader));
}

/// [class id] index of a teacher
using TeacherOfClass = std::vector<std::optional<std::size_t>>;

/// The first teacher that tells of a class.
TeacherOfClass teachers_by_class(const std::vector<LabelTeacherOptions>& teachers, const ClassTable& table) {
    TeacherOfClass first(static_cast<std::size_t>(table.size()));
    for (std::size_t t = 0; t < teachers.size(); ++t) {
        for (const int class_id : teachers[t].classes) {
            std::optional<std::size_t>& teacher = first[static_cast<std::size_t>(class_id)];
            if (teacher) {
                log_warning("teacher " + teachers[t].name + " is not asked about \"" + table.class_name(class_id) +
                            "\": " + teachers[*teacher].name + " stands before it");
                continue;
            }
            teacher = t;
        }
    }
    return first;
}

struct Teachers {
    std::vector<LabelTeacherOptions> options; ///< as listed, and last the student if there is one
    TeacherOfClass listed, student;           ///< who tells of a class; the student's: empty, or of the same classes
};

Teachers load_label_teachers(const std::string& file, const std::string& student, const ClassTable& table) {
    Teachers teachers;
    teachers.options = load_teachers(file, table);
    teachers.listed = teachers_by_class(teachers.options, table);
    if (student.empty()) return teachers;
    teachers.student = teachers.listed;
    for (std::optional<std::size_t>& teacher : teachers.student) {
        if (teacher) teacher = teachers.options.size();
    }
    teachers.options.push_back(student_teacher(student, teachers.options, table));
    return teachers;
}

/// The command at work.
class Labelling {
public:
    Labelling(LabelOptions options, const ClassTable& table, const Teachers& teachers, const TeacherStreams& streams)
        : options_(std::move(options)), table_(table), teachers_(teachers), streams_(streams) {}

    /// Each class's teacher, judged on the data sets that label the class. @throws ConfigError, GateError
    std::vector<TeacherJudgement> judge(const std::vector<Dataset>& datasets) const {
        std::vector<TeacherJudgement> judgements = judged_by(teachers_.listed, datasets);
        if (!teachers_.student.empty()) refresh(judgements, judged_by(teachers_.student, datasets));
        for (TeacherJudgement& one : judgements) choose(one);
        check_floor(judgements);
        return judgements;
    }

    /// Completes one data set and counts what was added, class by class.
    CompletedDataset complete(const Dataset& dataset, std::size_t index, LabelOutcome& outcome) const {
        std::vector<std::optional<ClassTeacher>> teachers(teachers_.listed.size());
        std::set<std::size_t> asked;
        for (const TeacherJudgement& one : outcome.judgements) {
            teachers[static_cast<std::size_t>(one.class_id)] = ClassTeacher{one.teacher, one.thresholds};
            asked.insert(one.teacher);
        }
        const std::vector<FoundInPicture> found =
            find(dataset, "labelling", [&](std::size_t teacher, const Record&) { return asked.count(teacher) != 0; });
        CompletedDataset completed;
        completed.dataset = &dataset;
        for (std::size_t r = 0; r < dataset.size(); ++r) {
            completed.records.push_back(complete_labels(dataset.record(r).labels, found[r], teachers));
        }
        CocoProblem problem = ground_truth_of({dataset}, table_);
        add_all_found(found, outcome.judgements, 0, problem);
        const std::vector<JudgedClass> judged = judge_classes(problem, options_.iou);
        for (const TeacherJudgement& one : outcome.judgements) {
            LabelledClass& counts = outcome.classes.emplace_back(counted(completed, one.class_id));
            counts.dataset = index;
            counts.judged = judged[static_cast<std::size_t>(one.class_id)];
        }
        return completed;
    }

private:
    static LabelState state_of(const Record& record, int class_id) {
        return record.labels.states[static_cast<std::size_t>(class_id)];
    }

    std::vector<TeacherJudgement> judged_by(const TeacherOfClass& teachers,
                                            const std::vector<Dataset>& datasets) const {
        std::vector<TeacherJudgement> judgements = empty_judgements(teachers);
        const auto is_asked = [&](std::size_t teacher, const Record& record) {
            return std::any_of(judgements.begin(), judgements.end(), [&](const TeacherJudgement& one) {
                return one.teacher == teacher && state_of(record, one.class_id) != LabelState::unknown;
            });
        };
        CocoProblem problem = ground_truth_of(datasets, table_);
        std::size_t first = 0; // image of the data set
        for (const Dataset& dataset : datasets) {
            add_all_found(find(dataset, "judging", is_asked), judgements, first, problem);
            first += dataset.size();
        }
        const std::vector<JudgedClass> judged = judge_classes(problem, options_.iou);
        for (TeacherJudgement& one : judgements) one.judged = judged[static_cast<std::size_t>(one.class_id)];
        return judgements;
    }

    /// Hands the student the classes that it finds better than their teachers, and well enough. Both lists hold the
    /// same classes.
    void refresh(std::vector<TeacherJudgement>& judgements, const std::vector<TeacherJudgement>& of_student) const {
        for (std::size_t i = 0; i < judgements.size(); ++i) {
            const double teacher = judgements[i].judged.average_precision;
            const double student = of_student[i].judged.average_precision;
            const bool is_better =
                of_student[i].judged.objects > 0 && student > teacher && (student >= options_.floor || options_.force);
            log_info("\"" + table_.class_name(judgements[i].class_id) + "\": AP of " +
                     teachers_.options[judgements[i].teacher].name + " " + std::to_string(teacher) +
                     ", of the student " + std::to_string(student) + ": " +
                     (is_better ? "the student labels it" : "the teacher labels it"));
            if (is_better) judgements[i] = of_student[i];
        }
    }

    /// Of each class what its teacher has found. @param first image of the problem that is the data set's first
    static void add_all_found(const std::vector<FoundInPicture>& found, const std::vector<TeacherJudgement>& judgements,
                              std::size_t first, CocoProblem& problem) {
        for (std::size_t r = 0; r < found.size(); ++r) {
            for (const TeacherJudgement& one : judgements) {
                add_found(found[r][one.teacher], one.class_id, first + r, problem);
            }
        }
    }

    static std::vector<TeacherJudgement> empty_judgements(const TeacherOfClass& teachers) {
        std::vector<TeacherJudgement> judgements;
        for (std::size_t k = 0; k < teachers.size(); ++k) {
            if (!teachers[k]) continue;
            TeacherJudgement& one = judgements.emplace_back();
            one.teacher = *teachers[k];
            one.class_id = static_cast<int>(k);
        }
        return judgements;
    }

    std::vector<FoundInPicture> find(const Dataset& dataset, const std::string& verb,
                                     std::function<bool(std::size_t, const Record&)> is_asked) const {
        Progress progress(verb + " " + dataset.name(), static_cast<std::int64_t>(dataset.size()), "image");
        std::int64_t done = 0;
        FindOptions options;
        options.is_asked = std::move(is_asked);
        for (const LabelTeacherOptions& teacher : teachers_.options) options.names.push_back(teacher.name);
        options.picture_done = [&] { progress.update(++done); };
        options.stop = [] { return stop_requested().has_value(); };
        std::vector<FoundInPicture> found = find_objects(dataset, streams_, options);
        stop_if_requested();
        progress.finish();
        return found;
    }

    void choose(TeacherJudgement& one) const {
        const LabelTeacherOptions& teacher = teachers_.options[one.teacher];
        const std::string quoted = "\"" + table_.class_name(one.class_id) + "\"";
        const auto by_hand = teacher.thresholds.find(one.class_id);
        one.is_by_hand = by_hand != teacher.thresholds.end();
        if (one.is_by_hand) {
            one.thresholds = by_hand->second;
            return;
        }
        if (one.judged.objects == 0) {
            throw ConfigError(ErrorText{options_.config + ":/" + options_.judging,
                                        "no data set has a labelled " + quoted + " to judge teacher " + teacher.name,
                                        "", "", "add one, or give the teacher's \"thresholds\" of the class by hand"});
        }
        const auto chosen = choose_thresholds(one.judged, options_.beta_high, options_.beta_low);
        if (!chosen) {
            throw GateError(ErrorText{teacher.where,
                                      "teacher " + teacher.name + " finds none of the " +
                                          std::to_string(one.judged.objects) + " objects of class " + quoted,
                                      "", "", "take the class from its \"tasks\""});
        }
        one.thresholds = *chosen;
    }

    void check_floor(const std::vector<TeacherJudgement>& judgements) const {
        std::string low;
        for (const TeacherJudgement& one : judgements) {
            const double reached = one.judged.average_precision;
            if (one.is_by_hand || reached >= options_.floor) continue;
            low += (low.empty() ? "" : ", ") + teachers_.options[one.teacher].name + " in \"" +
                   table_.class_name(one.class_id) + "\" (" + std::to_string(reached) + ")";
        }
        if (low.empty()) return;
        if (options_.force) return log_warning("below the floor: AP of " + low);
        throw GateError(ErrorText{"--floor " + std::to_string(options_.floor), "is not reached by the AP of " + low, "",
                                  "", "leave them out, or take them all the same with --force"});
    }

    static LabelledClass counted(const CompletedDataset& completed, int class_id) {
        LabelledClass counts;
        counts.class_id = class_id;
        for (std::size_t r = 0; r < completed.records.size(); ++r) {
            if (state_of(completed.dataset->record(r), class_id) == LabelState::unknown) ++counts.completed;
            for (const PseudoLabel& pseudo : completed.records[r].added) {
                if (pseudo.class_id == class_id) ++(pseudo.is_ignore ? counts.ignored : counts.boxes);
            }
        }
        return counts;
    }

    LabelOptions options_;
    const ClassTable& table_;
    const Teachers& teachers_;
    const TeacherStreams& streams_;
};

Provenance provenance_of(const LabelOutcome& outcome) {
    Provenance provenance{std::string("banyan ") + version_number(), {}};
    for (const LabelTeacherOptions& teacher : outcome.teachers) {
        provenance.teachers.push_back(
            {teacher.name, fs::path(teacher.file).filename().string(), hash_bytes(read_file(teacher.file)), {}});
    }
    for (const TeacherJudgement& one : outcome.judgements) {
        const double precision = one.judged.objects == 0 ? -1 : one.judged.average_precision;
        provenance.teachers[one.teacher].classes.push_back({one.class_id, one.thresholds, precision});
    }
    return provenance;
}

/// The config comes last: it names the others.
void write_files(const LabelOptions& options, const LabelOutcome& outcome) {
    const Provenance provenance = provenance_of(outcome);
    std::vector<NamedText> files;
    for (const CompletedDataset& completed : outcome.datasets) {
        for (NamedText& file : completed_files(completed, options.list, outcome.table, provenance)) {
            files.push_back(std::move(file));
        }
    }
    files.push_back({"report.html", label_page(outcome)});
    files.push_back({"datasets.json", completed_config(options.config, options.list, outcome.datasets, outcome.table)});
    stop_if_requested();
    for (const NamedText& file : files) write_file_atomically(options.folder + "/" + file.name, file.text);
}

void label(const Options& options) {
    const LabelOptions values = label_options(options);
    const ClassTable table = classes_of(values.config);
    const Teachers teachers = load_label_teachers(text_option(options, "teachers"), values.student, table);
    const std::vector<DatasetOptions> listed = load_dataset_list(values.config, values.list);
    const std::vector<Dataset> judging = load_datasets(load_dataset_list(values.config, values.judging), table);
    const std::vector<Dataset> datasets = load_datasets(listed, table);
    const StreamValues wanted = stream_values(options, std::numeric_limits<std::size_t>::max());
    StreamOptions stream_options{wanted.count, wanted.threads};
    const std::string cache = text_option(options, "cache");
    if (!cache.empty()) stream_options.cache = std::make_shared<FoundCache>(cache);
    const TeacherStreams streams = make_teacher_streams(teachers.options, table, stream_options);
    const Labelling labelling(values, table, teachers, streams);
    LabelOutcome outcome{table, teachers.options, labelling.judge(judging), {},
                         {},    values.beta_high, values.beta_low,          values.iou};
    for (std::size_t d = 0; d < datasets.size(); ++d) {
        outcome.datasets.push_back(labelling.complete(datasets[d], d, outcome));
        outcome.datasets.back().options = &listed[d];
    }
    write_files(values, outcome);
    std::cout << (options.count("json") != 0 ? label_outcome_json(outcome) : label_outcome_table(outcome));
}

} // namespace

ExitCode run_distill_label(const Options& options) {
    install_stop_handlers();
    label(options);
    return ExitCode::ok;
}

} // namespace banyan
