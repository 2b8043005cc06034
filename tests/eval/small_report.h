#pragma once

#include <string>
#include <utility>

#include "eval/evaluate.h"

namespace banyan::test {

/// Of three tasks: one good, one bad, one without ground truth.
inline EvalReport small_report() {
    EvalReport report;
    report.images = 7;
    report.seconds = 1.5;
    for (const auto& [name, ap] : {std::pair{"face", 0.25}, std::pair{"hand", 0.75}, std::pair{"foot", -1.0}}) {
        TaskResult task;
        task.task = name;
        task.stats.values.fill(ap);
        task.images = 3;
        task.judged_detections = 5;
        task.ignored_detections = 2;
        task.unjudged_detections = 9;
        CocoClassResult result;
        result.name = name;
        result.stats = task.stats;
        task.classes.push_back(result);
        report.tasks.push_back(task);
    }
    return report;
}

} // namespace banyan::test
