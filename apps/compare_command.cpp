#include <iostream>
#include <set>

#include "apps/compare_output.h"
#include "apps/option_values.h"
#include "apps/run_commands.h"
#include "core/error.h"
#include "core/log.h"
#include "eval/coco_files.h"
#include "eval/paired_bootstrap.h"

namespace banyan {

namespace {

constexpr int kMaxResamples = 1000000;

using Files = std::vector<std::string>;

/// [side][seed], each one file or several joined by commas.
std::vector<Files> side_files(const Options& options) {
    const Files results = texts_option(options, "results"), a = texts_option(options, "a"),
                b = texts_option(options, "b");
    if (results.empty() == (a.empty() && b.empty())) {
        throw UsageError("banyan compare: give results files, a side each, or --a and --b with a file a seed");
    }
    if (a.empty() != b.empty()) throw UsageError("--a and --b belong together; give both");
    if (results.empty()) return {a, b};
    std::vector<Files> sides;
    for (const std::string& file : results) sides.push_back({file});
    return sides;
}

/// "A", "B", … as they are listed above the table.
std::string side_name(std::size_t index) {
    return index < 26 ? std::string(1, static_cast<char>('A' + index)) : "side " + std::to_string(index + 1);
}

/// Detections of one seed. @throws DataError a class that two of the files find
std::vector<CocoDetection> read_seed(const std::string& files, CocoProblem& problem) {
    std::vector<CocoDetection> all;
    std::set<std::int32_t> known;
    for (const std::string& file : split_names(files, "--results")) {
        read_coco_detections(file, problem);
        if (problem.unknown_category_detections > 0) {
            log_warning(file + ": " + std::to_string(problem.unknown_category_detections) +
                        " detections of categories that the ground truth lacks are left out");
        }
        std::set<std::int32_t> found;
        for (const CocoDetection& detection : problem.detections) found.insert(detection.category);
        for (const std::int32_t category : found) {
            if (known.insert(category).second) continue;
            throw DataError(
                ErrorText{file, "a class is found by another file of the same seed", "each class in one file",
                          "\"" + problem.categories[static_cast<std::size_t>(category)].name + "\" in both", ""});
        }
        all.insert(all.end(), problem.detections.begin(), problem.detections.end());
    }
    return all;
}

BootstrapOptions bootstrap_options(const Options& options) {
    const int resamples = options["resamples"].as<int>();
    if (resamples < 1 || resamples > kMaxResamples) {
        throw UsageError(ErrorText{"--resamples", "out of range",
                                   "an integer in [1, " + std::to_string(kMaxResamples) + "]",
                                   std::to_string(resamples), ""});
    }
    BootstrapOptions bootstrap;
    bootstrap.resamples = static_cast<std::size_t>(resamples);
    bootstrap.seed = options["seed"].as<std::uint64_t>();
    bootstrap.resample_seeds = options.count("resample-seeds") != 0;
    return bootstrap;
}

} // namespace

ExitCode run_compare(const Options& options) {
    const std::vector<Files> files = side_files(options);
    const BootstrapOptions bootstrap = bootstrap_options(options);
    CocoProblem problem = read_coco_ground_truth(text_option(options, "ground-truth"));
    std::vector<BootstrapSide> sides;
    for (const Files& of_side : files) {
        BootstrapSide& side = sides.emplace_back();
        side.name = side_name(sides.size() - 1);
        for (const std::string& seed : of_side) side.seeds.push_back(read_seed(seed, problem));
    }
    const BootstrapResult result = paired_bootstrap(problem, sides, bootstrap);
    const Comparison comparison{result, bootstrap, files};
    std::cout << (options.count("json") != 0 ? comparison_json(comparison) : comparison_table(comparison));
    return ExitCode::ok;
}

} // namespace banyan
