#include "apps/command_line.h"

#include <cstdint>

namespace banyan {

namespace po = boost::program_options;

namespace {

using Texts = std::vector<std::string>;

po::typed_value<std::string>* text() { return po::value<std::string>(); }
po::typed_value<Texts>* texts() { return po::value<Texts>()->composing(); }

void add_train(po::options_description& options) {
    auto add = options.add_options();
    add("config", text()->required(), "the run's config (docs/config.md)");
    add("out", text()->required(), "run folder to write");
    add("set", texts(), "POINTER=VALUE changes one config value, e.g. --set /train/lr=0.001; repeatable");
    add("tasks", text(), "train only these tasks, e.g. face,hand (single-task baselines)");
    add("resume", "continue the run in the folder from its newest checkpoint");
    add("json", "result as JSON on stdout");
}

void add_eval(po::options_description& options) {
    auto add = options.add_options();
    add("model", text(), "model file");
    add("data", text(), "JSON file with a \"datasets\" list; a training config will do");
    add("split", text()->default_value("datasets"), "list of that file to judge: datasets or validation");
    add("ground-truth", text(), "COCO annotations, instead of --model and --data");
    add("predictions", text(), "COCO results to judge against --ground-truth");
    add("side", po::value<int>(), "network input in pixels, a multiple of 32 (default: the model's)");
    add("device", text(), "cpu (default), or with LibTorch on a GPU: cuda, cuda:N");
    add("threads", po::value<int>(), "threads of the kernels (default: all cores)");
    add("leakage", "detections of every task on every data set, also where the task is not labelled");
    add("missing", po::value<int>(), "list so many detections, surest first, that may be objects without a label");
    add("report", text(), "write an HTML page with results, leakage and pictures of missing labels to this file");
    add("save-predictions", text(), "write the detections as COCO results to this file");
    add("ids-of", text(), "number them as this ground truth file does, which another model's eval has saved");
    add("save-ground-truth", text(), "write what they were judged by as a COCO file");
    add("fp32", "never use bfloat16");
    add("without", text(), "leave out these passes, e.g. defer_boxes,fuse_operators (for comparisons)");
    add("json", "result as JSON on stdout");
}

void add_compare(po::options_description& options) {
    auto add = options.add_options();
    add("ground-truth", text()->required(), "COCO annotations, as eval --save-ground-truth writes them");
    add("results", texts(), "COCO results, a side each; files of networks that belong together: A.json,B.json");
    add("a", texts()->multitoken(), "results of the first side, one a seed, instead of --results");
    add("b", texts()->multitoken(), "results of the second side");
    add("resamples", po::value<int>()->default_value(2000), "bootstrap resamples of the images");
    add("resample-seeds", "draw the seeds of each side with replacement too");
    add("seed", po::value<std::uint64_t>()->default_value(1), "of the resamples");
    add("json", "result as JSON on stdout");
}

void add_check(po::options_description& options) {
    auto add = options.add_options();
    add("config", text()->required(), "training config");
    add("set", texts(), "POINTER=VALUE changes one config value; repeatable");
    add("tasks", text(), "check the run cut to these tasks, e.g. face,hand");
    add("preview", text(), "draw training rows with boxes and what is judged, a panel a task: sheet .png, or a folder");
    add("count", po::value<int>()->default_value(8), "rows of the preview");
    add("seed", po::value<std::uint64_t>(), "of the preview's rows (default: the config's)");
    add("isolation", "prove with real steps that what has nothing to learn keeps every bit");
    add("json", "result as JSON on stdout");
}

void add_detect(po::options_description& options) {
    auto add = options.add_options();
    add("model", text()->required(), "model file");
    add("paths", texts()->required(), "pictures, and folders whose JPEG and PNG files are taken (not of subfolders)");
    add("out", text()->required(), "folder to write");
    add("tasks", text(), "find only these tasks, e.g. face,hand; other branches are not run (default: all)");
    add("format", text()->default_value("json"),
        "json: detections.json; coco: predictions.coco.json and images.coco.json");
    add("no-images", "draw no pictures");
    add("score-threshold", po::value<double>(),
        "keep boxes with at least this score, in [0, 1) (default: the model's)");
    add("nms-iou", po::value<double>(),
        "drop a box that overlaps a better one of its class by more, in (0, 1] (default: the model's)");
    add("max-detections", po::value<int>(), "boxes kept per picture and branch (default: the model's)");
    add("side", po::value<int>(), "network input in pixels, a multiple of 32 (default: the model's)");
    add("streams", po::value<int>(), "pictures worked on at a time (default: one a core, or one with --threads)");
    add("device", text(), "cpu (default), or with LibTorch on a GPU: cuda, cuda:N");
    add("threads", po::value<int>(), "threads of each stream's kernels (default: the cores divided among the streams)");
    add("fp32", "never use bfloat16");
    add("without", text(), "leave out these passes, e.g. defer_boxes,fuse_operators (for comparisons)");
    add("json", "summary as JSON on stdout");
}

void add_explain(po::options_description& options) {
    auto add = options.add_options();
    add("input", text()->required(), "training config, model file or ONNX file");
    add("set", texts(), "POINTER=VALUE changes one config value; repeatable");
    add("tasks", text(), "the network as it is run for these tasks only");
    add("outputs", text(), "of an ONNX file: its values at which to end, e.g. 317,331 (default: its outputs)");
    add("cost", "cost of each layer group");
    add("graph", "every node of the network");
    add("dot", text(), "write the network as Graphviz text to this file");
    add("svg", text(), "write the network as a picture to this file");
    add("plan", "every step of the network as detect runs it, with kernels and times");
    add("fusion", text(), "write the network before and after operators are joined as a picture (SVG) to this file");
    add("threads", po::value<int>(), "threads of the plan's kernels (default: all cores)");
    add("fp32", "the plan without bfloat16");
    add("anchors", "how well each branch's anchors cover the boxes of the config's data sets, and fitted ones");
    add("json", "overview as JSON on stdout");
}

void add_bench(po::options_description& options) {
    auto add = options.add_options();
    add("model", text()->required(), "model file, or an ONNX file");
    add("picture", text(), "JPEG or PNG to run on (default: 640 x 480 pixels of noise)");
    add("tasks", text(), "run only the branches of these tasks");
    add("outputs", text(), "of an ONNX file: its values at which to end, e.g. 317,331 (default: its outputs)");
    add("rounds", po::value<int>()->default_value(200), "timed passes");
    add("warm-up", po::value<int>()->default_value(20), "passes before, not counted");
    add("side", po::value<int>(), "network input in pixels, a multiple of 32 (default: the model's)");
    add("batch", po::value<int>(), "pictures that go through the network at once (default: 1)");
    add("streams", po::value<int>(), "then so many pictures at a time, each on kernels of its own: pictures a second");
    add("device", text(), "cpu (default), or with LibTorch on a GPU: cuda, cuda:N");
    add("threads", po::value<int>(), "threads of the kernels (default: all cores, divided among the streams)");
    add("fp32", "never use bfloat16");
    add("without", text(), "leave out these passes, e.g. defer_boxes,fuse_operators (for comparisons)");
    add("json", "result as JSON on stdout");
}

void add_export(po::options_description& options) {
    auto add = options.add_options();
    add("model", text()->required(), "model file");
    add("to", text()->default_value("onnx"), "format: onnx");
    add("out", text()->required(), "file to write");
    add("tasks", text(), "only the branches of these tasks (default: all)");
    add("side", po::value<int>(), "network input in pixels, a multiple of 32 (default: the model's)");
    add("batch", po::value<int>()->default_value(1), "pictures that the network takes at once");
    add("keep-norms", "leave batch norms as they are instead of folding them into convolutions");
    add("calibration-table", text(),
        "write the scales of a quantised model to this file for TensorRT, and the network without rounding");
    add("json", "what was written as JSON on stdout");
}

void add_quantize(po::options_description& options) {
    auto add = options.add_options();
    add("model", text()->required(), "model file as it was trained");
    add("calib", text()->required(), "JSON file with a \"datasets\" list; the training config will do");
    add("split", text()->default_value("datasets"), "list of that file: datasets or validation");
    add("out", text()->required(), "model file to write");
    add("images", po::value<int>()->default_value(300), "calibration pictures, spread over the data sets");
    add("method", text()->default_value("mse"), "how ranges are chosen: min_max, percentile, mse, kl, best");
    add("percentile", po::value<double>()->default_value(99.99, "99.99"), "of the numbers, for percentile");
    add("bias", text()->default_value("analytic"), "how biases are corrected: analytic, sequential, none");
    add("equalize", "first balance the channels of neighbouring layers");
    add("keep-float", text(), "parts that stay in floating point: branches.face,trunk.backbone.features.0");
    add("max-drop", po::value<double>(), "points of AP50 that no task may lose: keeps few layers in floating point");
    add("validate", text(), "JSON file with the data that judges --max-drop (default: the calibration data)");
    add("validate-split", text()->default_value("validation"), "list of that file: validation or datasets");
    add("threads", po::value<int>(), "threads of the kernels (default: all cores)");
    add("report", text(), "HTML page to write: histograms, noise of values, weights and layers by branch");
    add("json", "result as JSON on stdout");
}

void add_env(po::options_description& options) { options.add_options()("json", "result as JSON on stdout"); }

void add_demo(po::options_description& options) {
    auto add = options.add_options();
    add("out", text()->default_value("demo"), "folder to write");
    add("naive", "only the naive training: unlabelled counts as background");
    add("masked", "only the masked training");
    add("steps", po::value<std::int64_t>()->default_value(0), "steps of each training; 0 = the built-in number");
    add("pictures", po::value<int>()->default_value(500), "training pictures in each of the three data sets");
    add("seed", po::value<std::uint64_t>()->default_value(1), "of scenes and trainings");
    add("json", "result as JSON on stdout");
}

std::vector<Command> single_commands() {
    return {
        {"train", "train one network on several data sets, each with its own tasks", "CONFIG --out DIR [options]",
         "Writes config.json, env.json, metrics.jsonl, weights/{last,best}.banyan.safetensors and a checkpoint\n"
         "into DIR. SIGINT and SIGTERM write a checkpoint first (exit 130 and 143); continue with --resume.",
         add_train, "config", 1},
        {"eval", "COCO metrics per task, each data set judging only what it labels",
         "--model M --data DATA.json | --ground-truth GT.json --predictions DT.json",
         "A model is judged as `banyan detect` runs it: compiled, in bfloat16 where that is fast, in 8 bits if "
         "quantised.",
         add_eval, "", 0, kInferenceProgram},
        {"compare", "AP of detectors and their differences, with bootstrap intervals over the images",
         "--ground-truth GT.json A.json B.json [more] | --a A1.json A2.json --b B1.json B2.json",
         "Differences are the first side minus each other one, in the same resamples.", add_compare, "results", -1,
         kInferenceProgram},
        {"check", "data sets of a run: pictures, boxes, label states, faults; what training sees", "CONFIG [options]",
         "All faults of the data are told at once (exit 3). --isolation ends with 8 where anything moved.", add_check,
         "config", 1},
        {"detect", "find objects in pictures", "--model M PATHS... --out DIR [options]",
         "Writes DIR/detections.json and the pictures with their boxes to DIR/pictures. Pictures are turned as\n"
         "their EXIF orientation says. All pictures that can be read are processed; those that cannot are listed\n"
         "at the end (exit 3).",
         add_detect, "paths", -1, kInferenceProgram},
        {"explain", "tasks, branches, anchors and cost of a network", "CONFIG|MODEL|FILE.onnx [options]", "",
         add_explain, "input", 1},
        {"bench", "how long a model takes, stage by stage and branch by branch", "MODEL|FILE.onnx [options]",
         "From a picture in memory to its boxes, one picture at a time; of an ONNX file the network alone, step by "
         "step.",
         add_bench, "model", 1, kInferenceProgram},
        {"quantize", "make a model compute in 8 bits", "MODEL --calib DATA.json --out FILE [options]",
         "Judge the result with `banyan eval`, which runs it in 8 bits, too.", add_quantize, "model", 1,
         kInferenceProgram},
        {"export", "write a network for other engines", "MODEL --out FILE [options]",
         "The network takes RGB pictures of 0 to 255 as float [N, 3, H, W] and returns the raw outputs of each branch.",
         add_export, "model", 1, kInferenceProgram},
        {"env", "versions, processor and settings that matter", "[--json]", "", add_env, "", 0},
        {"demo", "draw data sets that label one part each, train on them masked and naive, compare",
         "[--out DIR] [options]",
         "Writes the data sets, both runs, pictures and report.html into DIR. A stopped demo goes on when\n"
         "started again.",
         add_demo, "", 0},
    };
}

} // namespace

const std::vector<Command>& commands() {
    static const std::vector<Command> table = [] {
        std::vector<Command> all = single_commands();
        for (const std::vector<Command>& group : {merge_commands(), ablate_commands(), distill_commands()}) {
            all.insert(all.end(), group.begin(), group.end());
        }
        return all;
    }();
    return table;
}

} // namespace banyan
