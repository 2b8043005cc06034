#include "apps/plan_output.h"

#include <algorithm>
#include <cstdio>
#include <numeric>

#include <nlohmann/json.hpp>

#include "apps/text_table.h"

namespace banyan {

namespace {

std::string fixed(double value, int digits) {
    char text[48];
    std::snprintf(text, sizeof text, "%.*f", digits, value);
    return text;
}

/// Operations (two a multiply-add) in a second, 10^9.
double gops(const EngineStep& step, double ms) { return ms > 0 ? 2e-6 * static_cast<double>(step.macs) / ms : 0; }

std::string shape_text(const ValueShape& shape) {
    return std::to_string(shape.height) + "x" + std::to_string(shape.width) + "x" + std::to_string(shape.channels);
}

} // namespace

std::string plan_table(const Engine& engine, const std::vector<double>& ms) {
    const std::vector<EngineStep>& steps = engine.steps();
    const double total = std::accumulate(ms.begin(), ms.end(), 0.0);
    TextTable table;
    table.add({"step", "operation", "kernel", "type", "HxWxC", "ms", "%", "GOP/s", "kB"});
    for (std::size_t i = 0; i < steps.size(); ++i) {
        const EngineStep& step = steps[i];
        table.add({step.name, step.operation, step.implementation + (step.is_reference ? " (slow)" : ""),
                   name_of(step.type), shape_text(step.shape), fixed(ms[i], 3), fixed(100 * ms[i] / total, 1),
                   step.macs > 0 ? fixed(gops(step, ms[i]), 0) : "", fixed(static_cast<double>(step.bytes) / 1e3, 0)});
    }
    const double megabyte = 1e6;
    return table.text() + std::to_string(steps.size()) + " steps, " + fixed(total, 3) + " ms; values take " +
           fixed(static_cast<double>(engine.arena_bytes()) / megabyte, 2) + " MB in one arena, " +
           fixed(static_cast<double>(engine.value_bytes()) / megabyte, 2) + " MB if each had its own place\n";
}

std::string plan_json(const Engine& engine, const std::vector<double>& ms) {
    nlohmann::ordered_json steps = nlohmann::ordered_json::array();
    for (std::size_t i = 0; i < engine.steps().size(); ++i) {
        const EngineStep& step = engine.steps()[i];
        steps.push_back({{"name", step.name},
                         {"operation", step.operation},
                         {"kernel", step.implementation},
                         {"reference", step.is_reference},
                         {"type", name_of(step.type)},
                         {"height", step.shape.height},
                         {"width", step.shape.width},
                         {"channels", step.shape.channels},
                         {"ms", ms[i]},
                         {"macs", step.macs},
                         {"bytes", step.bytes}});
    }
    const nlohmann::ordered_json plan{{"threads", engine.threads()},
                                      {"arena_bytes", engine.arena_bytes()},
                                      {"value_bytes", engine.value_bytes()},
                                      {"steps", steps}};
    return plan.dump();
}

} // namespace banyan
