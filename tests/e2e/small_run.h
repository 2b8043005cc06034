#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "support/temp_dir.h"

namespace banyan::test {

std::string read_text(const std::string& path);
/// Whole lines of a run folder's metrics.
std::vector<nlohmann::json> read_metrics_lines(const std::string& run_folder);

struct SquaresOptions {
    std::vector<std::string> labelled; ///< "red", "blue" or both
    std::uint64_t seed = 1;
    int pictures = 4;
};

/// Writes a data set in COCO's format. Each picture shows a red and a blue square, labelled or not.
void write_squares(const TempDir& dir, const std::string& name, const SquaresOptions& options);
/// What a config says of it.
nlohmann::json squares_entry(const std::string& name, const std::vector<std::string>& labelled);

/// A folder with two partly labelled data sets of painted pictures ("reds" and "blues": squares of that colour) and a
/// config of a tiny network with the tasks "red" and "blue" that trains on them in a second.
class SmallRun {
public:
    SmallRun();

    std::string file(const std::string& name) const { return dir_.file(name); }
    std::string config() const { return dir_.file("config.json"); }
    std::string out() const { return dir_.file("run"); }
    std::string model() const { return out() + "/weights/last.banyan.safetensors"; }
    std::string picture(int index) const; ///< of "reds"
    const TempDir& dir() const { return dir_; }
    /// Writes the config with some of its "train" entries replaced, and with "transforms".
    void write_config(const nlohmann::json& train = nlohmann::json::object(),
                      const nlohmann::json& transforms = nlohmann::json::object()) const;

    /// Lines of the run's metrics.
    std::vector<nlohmann::json> metrics() const { return read_metrics_lines(out()); }
    /// Steps of the checkpoints in the run's folder.
    std::vector<int> checkpoints() const;

    static constexpr int kPictures = SquaresOptions().pictures; ///< in each data set

private:
    TempDir dir_;
};

} // namespace banyan::test
