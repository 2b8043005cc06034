// COCO evaluation of two files, as `banyan eval --json` prints it, without the rest of the program:
//
//     coco_eval_benchmark GROUND_TRUTH.json PREDICTIONS.json [repeats]
//
// One line of JSON per repeat, each from reading the files on. benchmarks/coco_eval_benchmark.py times it beside
// pycocotools and hotcoco.
#include <cstdlib>
#include <iostream>

#include "core/error.h"
#include "eval/coco_files.h"
#include "eval/coco_report.h"

int main(int argument_count, char** arguments) {
    if (argument_count < 3) {
        std::cerr << "usage: coco_eval_benchmark GROUND_TRUTH.json PREDICTIONS.json [repeats]\n";
        return static_cast<int>(banyan::ExitCode::usage);
    }
    try {
        const int repeats = argument_count > 3 ? std::atoi(arguments[3]) : 1;
        for (int repeat = 0; repeat < repeats; ++repeat) {
            banyan::CocoProblem problem = banyan::read_coco_ground_truth(arguments[1]);
            banyan::read_coco_detections(arguments[2], problem);
            std::cout << banyan::coco_report_json(banyan::evaluate_coco(problem));
        }
    } catch (const std::exception& error) {
        std::cerr << error.what() << "\n";
        return static_cast<int>(banyan::exit_code_of(error));
    }
    return 0;
}
