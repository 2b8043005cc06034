#include "apps/command_line.h"

namespace banyan {

namespace po = boost::program_options;

namespace {

po::typed_value<std::string>* text() { return po::value<std::string>(); }

void add_distill(po::options_description& options) {
    auto add = options.add_options();
    add("config", text()->required(), "the student's config, with \"train/teachers\" (docs/distillation.md)");
    add("out", text()->required(), "folder to write");
    add("set", po::value<std::vector<std::string>>()->composing(),
        "POINTER=VALUE changes one config value; repeatable");
    add("floor", po::value<double>()->default_value(0.1, "0.1"), "AP that a teacher must reach in each task");
    add("force", "take teachers below the floor, too");
    add("plain", text(), "model file of the student trained without teachers: tells the gain");
    add("resume", "continue a stopped run in the folder");
    add("json", "result as JSON on stdout");
}

void add_label(po::options_description& options) {
    auto add = options.add_options();
    add("config", text()->required(), "training config: its tasks and data sets");
    add("teachers", text()->required(), "JSON file that names the teachers (docs/distillation.md)");
    add("student", text(),
        "model trained on labels of these teachers: labels the classes that it finds better than they do");
    add("out", text()->required(), "folder to write");
    add("split", text()->default_value("datasets"), "list of the config that is completed: datasets or validation");
    add("beta-high", po::value<double>()->default_value(0.5), "boxes are taken from the score with the best F of this");
    add("beta-low", po::value<double>()->default_value(2), "ignore regions are taken from the best F of this");
    add("iou", po::value<double>()->default_value(0.5), "overlap with a labelled box from which on a teacher is right");
    add("floor", po::value<double>()->default_value(0.3, "0.3"), "AP that a teacher must reach in each class");
    add("force", "take teachers below the floor, too");
    add("cache", text(), "folder that keeps what teachers find (at most 256 MiB), so that another call is quick");
    add("streams", po::value<int>(), "pictures worked on at a time (default: one a core, or one with --threads)");
    add("threads", po::value<int>(), "threads of each stream's kernels (default: the cores divided among the streams)");
    add("json", "result as JSON on stdout");
}

} // namespace

std::vector<Command> distill_commands() {
    return {
        {"distill", "train a network with teachers, and tell what they were worth", "CONFIG --out DIR [options]",
         "Judges the teachers on the validation sets, trains in DIR/run as `banyan train` does, and writes "
         "DIR/report.html.\nA teacher below the floor: exit 8.",
         add_distill, "config", 1},
        {"distill label", "let teachers complete the labels of data sets that label some classes only",
         "CONFIG --teachers TEACHERS.json --out DIR [options]",
         "Writes a COCO file with states for each data set, datasets.json, which loads them, and report.html into "
         "DIR.\n"
         "Score thresholds come from the validation sets that label a class. A teacher below the floor: exit 8.",
         add_label, "config", 1, kInferenceProgram},
    };
}

} // namespace banyan
