#include "apps/command_line.h"

#include <cstdint>

namespace banyan {

namespace po = boost::program_options;

namespace {

using Texts = std::vector<std::string>;

void add_train(po::options_description& options) {
    options.add_options()("config", po::value<std::string>()->required(), "the run's config (docs/config.md)")(
        "out", po::value<std::string>()->required(), "run folder to write")(
        "set", po::value<Texts>()->composing(), "POINTER=VALUE changes one config value, e.g. --set /train/lr=0.001; repeatable")(
        "tasks", po::value<std::string>(), "train only these tasks, e.g. face,hand (single-task baselines)")(
        "resume", "continue the run in the folder from its newest checkpoint")("json", "result as JSON on stdout");
}

void add_eval(po::options_description& options) {
    options.add_options()("model", po::value<std::string>(), "model file")(
        "data", po::value<std::string>(), "JSON file with a \"datasets\" list; a training config will do")(
        "split", po::value<std::string>()->default_value("datasets"), "list of that file to judge: datasets or validation")(
        "ground-truth", po::value<std::string>(), "COCO annotations, instead of --model and --data")(
        "predictions", po::value<std::string>(), "COCO results to judge against --ground-truth")(
        "side", po::value<int>(), "network input in pixels, a multiple of 32 (default: the model's)")(
        "save-predictions", po::value<std::string>(), "write the detections as COCO results to this file")(
        "save-ground-truth", po::value<std::string>(), "write what they were judged by as a COCO file")(
        "fp32", "never use bfloat16")("json", "result as JSON on stdout");
}

void add_detect(po::options_description& options) {
    options.add_options()("model", po::value<std::string>()->required(), "model file")(
        "paths", po::value<Texts>()->required()->composing(),
        "pictures, and folders whose JPEG and PNG files are taken (not those of subfolders)")(
        "out", po::value<std::string>()->required(), "folder to write")(
        "tasks", po::value<std::string>(), "find only these tasks, e.g. face,hand; other branches are not run (default: all)")(
        "format", po::value<std::string>()->default_value("json"),
        "json: detections.json; coco: predictions.coco.json and images.coco.json")(
        "no-images", "draw no pictures")(
        "score-threshold", po::value<double>(), "keep boxes with at least this score, in [0, 1) (default: the model's)")(
        "nms-iou", po::value<double>(), "drop a box that overlaps a better one of its class by more, in (0, 1] (default: the model's)")(
        "max-detections", po::value<int>(), "boxes kept per picture and branch (default: the model's)")(
        "side", po::value<int>(), "network input in pixels, a multiple of 32 (default: the model's)")(
        "threads", po::value<int>(), "threads of the kernels (default: all cores)")(
        "fp32", "never use bfloat16")("json", "summary as JSON on stdout");
}

void add_explain(po::options_description& options) {
    options.add_options()("input", po::value<std::string>()->required(), "training config or model file")(
        "set", po::value<Texts>()->composing(), "POINTER=VALUE changes one config value; repeatable")(
        "tasks", po::value<std::string>(), "the network as it is run for these tasks only")(
        "cost", "cost of each layer group")("graph", "every node of the network")(
        "dot", po::value<std::string>(), "write the network as Graphviz text to this file")(
        "svg", po::value<std::string>(), "write the network as a picture to this file")(
        "anchors", "how well each branch's anchors cover the boxes of the config's data sets, and fitted ones")(
        "json", "overview as JSON on stdout");
}

void add_env(po::options_description& options) { options.add_options()("json", "result as JSON on stdout"); }

void add_demo(po::options_description& options) {
    options.add_options()("out", po::value<std::string>()->default_value("demo"), "folder to write")(
        "naive", "only the naive training: unlabelled counts as background")("masked", "only the masked training")(
        "steps", po::value<std::int64_t>()->default_value(0), "steps of each training; 0 = the built-in number")(
        "seed", po::value<std::uint64_t>()->default_value(1), "of scenes and trainings")("json", "result as JSON on stdout");
}

} // namespace

const std::vector<Command>& commands() {
    static const std::vector<Command> table{
        {"train", "train one network on several data sets, each with its own tasks", "CONFIG --out DIR [options]",
         "Writes config.json, env.json, metrics.jsonl, weights/{last,best}.banyan.safetensors and a checkpoint into DIR.\n"
         "SIGINT and SIGTERM write a checkpoint first (exit 130 and 143); continue with --resume.",
         add_train, "config", 1},
        {"eval", "COCO metrics per task, each data set judging only what it labels",
         "--model M --data DATA.json | --ground-truth GT.json --predictions DT.json", "", add_eval, "", 0},
        {"detect", "find objects in pictures", "--model M PATHS... --out DIR [options]",
         "Writes DIR/detections.json and the pictures with their boxes to DIR/pictures. Pictures are turned as their EXIF\n"
         "orientation says. All pictures that can be read are processed; those that cannot are listed at the end (exit 3).",
         add_detect, "paths", -1},
        {"explain", "tasks, branches, anchors and cost of a network", "CONFIG|MODEL [options]", "", add_explain, "input", 1},
        {"env", "versions, processor and settings that matter", "[--json]", "", add_env, "", 0},
        {"demo", "draw data sets that label one part each, train on them masked and naive, compare", "[--out DIR] [options]",
         "Writes the data sets, both runs, pictures and report.html into DIR. A stopped demo goes on when started again.",
         add_demo, "", 0},
    };
    return table;
}

} // namespace banyan
