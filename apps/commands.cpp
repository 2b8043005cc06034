#include "apps/command_line.h"

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
        "fp32", "never use bfloat16")("json", "result as JSON on stdout");
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
    };
    return table;
}

} // namespace banyan
