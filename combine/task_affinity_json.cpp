#include <cmath>
#include <limits>

#include <nlohmann/json.hpp>

#include "combine/task_affinity.h"
#include "core/config_reader.h"
#include "core/error.h"

namespace banyan {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::int64_t kMostSteps = std::numeric_limits<std::int64_t>::max();

Json matrix_json(const AffinityMatrix& matrix) {
    Json mean = Json::array(), error = Json::array(), count = Json::array();
    for (const std::vector<MeasuredMean>& row : matrix.values) {
        Json means = Json::array(), errors = Json::array(), counts = Json::array();
        for (const MeasuredMean& value : row) {
            means.push_back(value.mean); // what is not finite is written as null
            errors.push_back(value.error);
            counts.push_back(value.count);
        }
        mean.push_back(std::move(means));
        error.push_back(std::move(errors));
        count.push_back(std::move(counts));
    }
    return {{"key", matrix.key}, {"title", matrix.title}, {"about", matrix.about}, {"symmetric", matrix.symmetric},
            {"mean", mean},      {"error", error},        {"count", count}};
}

/// A square of numbers, where null stands for what is not a number.
std::vector<std::vector<double>> square_of(ConfigReader& reader, const std::string& key, std::size_t tasks) {
    const nlohmann::json& square = reader.has(key) ? reader.json().at(key) : reader.json();
    bool fits = square.is_array() && square.size() == tasks;
    for (std::size_t r = 0; fits && r < tasks; ++r) fits = square[r].is_array() && square[r].size() == tasks;
    for (std::size_t i = 0; fits && i < tasks * tasks; ++i) {
        const nlohmann::json& value = square[i / tasks][i % tasks];
        fits = value.is_null() || value.is_number();
    }
    if (!fits) {
        const std::string size = std::to_string(tasks);
        throw DataError(ErrorText{reader.where(key), "not a matrix of these tasks",
                                  size + " lists of " + size + " numbers or null", "", "measure the affinities anew"});
    }
    std::vector<std::vector<double>> values(tasks, std::vector<double>(tasks));
    for (std::size_t i = 0; i < tasks * tasks; ++i) {
        const nlohmann::json& value = square[i / tasks][i % tasks];
        values[i / tasks][i % tasks] = value.is_null() ? std::numeric_limits<double>::quiet_NaN() : value.get<double>();
    }
    return values;
}

AffinityMatrix matrix_of(ConfigReader& reader, std::size_t tasks) {
    AffinityMatrix matrix{
        reader.text("key"), reader.text("title"), reader.text("about"), reader.boolean("symmetric"), {}};
    const std::vector<std::vector<double>> mean = square_of(reader, "mean", tasks);
    const std::vector<std::vector<double>> error = square_of(reader, "error", tasks);
    const std::vector<std::vector<double>> count = square_of(reader, "count", tasks);
    reader.finish();
    matrix.values.assign(tasks, std::vector<MeasuredMean>(tasks));
    for (std::size_t a = 0; a < tasks; ++a) {
        for (std::size_t b = 0; b < tasks; ++b) {
            const double measured = count[a][b];
            if (!(measured >= 0) || measured > 1e15 || measured != std::floor(measured)) {
                throw DataError(ErrorText{reader.where("count"), "not a number of measurements", "an integer >= 0",
                                          std::to_string(measured), ""});
            }
            matrix.values[a][b] = {mean[a][b], error[a][b], static_cast<std::int64_t>(measured)};
        }
    }
    return matrix;
}

TaskAffinities affinities_of(ConfigReader reader) {
    TaskAffinities affinities;
    reader.integer("schema_version", 1, 1);
    affinities.tasks = reader.texts("tasks");
    affinities.step = reader.integer("step", 0, kMostSteps);
    affinities.model = reader.text("model");
    for (ConfigReader& matrix : reader.objects("matrices")) {
        affinities.matrices.push_back(matrix_of(matrix, affinities.tasks.size()));
    }
    reader.finish();
    return affinities;
}

} // namespace

std::string affinities_json(const TaskAffinities& affinities) {
    Json matrices = Json::array();
    for (const AffinityMatrix& matrix : affinities.matrices) matrices.push_back(matrix_json(matrix));
    return Json{{"schema_version", 1},
                {"tasks", affinities.tasks},
                {"step", affinities.step},
                {"model", affinities.model},
                {"matrices", matrices}}
               .dump(2) +
           "\n";
}

TaskAffinities load_affinities(const std::string& path) {
    try {
        return affinities_of(ConfigReader::from_file(path));
    } catch (const ConfigError& error) {
        throw DataError(error.what()); // a measured file, not a config of the user's
    }
}

} // namespace banyan
