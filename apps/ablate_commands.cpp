#include "apps/command_line.h"

namespace banyan {

namespace po = boost::program_options;

namespace {

using Texts = std::vector<std::string>;

po::typed_value<std::string>* text() { return po::value<std::string>(); }

void add_ablate(po::options_description& options) {
    auto add = options.add_options();
    add("config", text()->required(), "the grid (docs/ablation.md)");
    add("out", text()->required(), "folder of the grid; a stopped one goes on");
    add("retry", "train failed runs again");
    add("json", "table as JSON on stdout");
}

void add_show(po::options_description& options) {
    auto add = options.add_options();
    add("folder", text()->required(), "folder of the grid");
    add("metric", text()->default_value("ap"), "ap, ap50, ap75 or ar100");
    add("sort", text()->default_value("cell"),
        "order of the table: cell, name, mean, a task, parameters, macs, seconds or speed");
    add("csv", text(), "write every number of every run to this file");
    add("report", text(), "write an HTML page with tables and plots to this file");
    add("json", "table as JSON on stdout");
}

void add_compare(po::options_description& options) {
    auto add = options.add_options();
    add("cells", po::value<Texts>()->required(),
        "folder of the grid and two or more cells: numbers of `banyan ablate show`, plans or \"PLAN / VARIANT\"");
    add("resamples", po::value<int>()->default_value(2000), "bootstrap resamples of the images");
    add("seed", po::value<std::uint64_t>()->default_value(1), "of the resamples");
    add("json", "result as JSON on stdout");
}

} // namespace

std::vector<Command> ablate_commands() {
    return {
        {"ablate", "train a grid of merge plans, options and seeds, and record it", "GRID.json --out DIR [options]",
         "Every run is a run folder in DIR/runs; DIR/ablation.sqlite records them. SIGINT and SIGTERM write a\n"
         "checkpoint first (exit 130 and 143). The same command goes on, also after a kill.",
         add_ablate, "config", 1},
        {"ablate show", "table of a grid: means over the seeds with intervals, cost", "DIR [options]", "", add_show,
         "folder", 1},
        {"ablate compare", "cells of a grid on the same images and seeds: differences with intervals",
         "DIR A B [options]", "Differences are the first cell minus each other one, in the same resamples.",
         add_compare, "cells", -1},
    };
}

} // namespace banyan
