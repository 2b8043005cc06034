#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "combine/sqlite.h"

namespace banyan {

enum class RunState {
    planned,
    begun, ///< trained now, or stopped and not yet at its end
    done,
    failed ///< a loss was not finite
};

std::string run_state_name(RunState state);

/// What is the same in all runs that differ by their seed only.
struct CellKey {
    std::string plan;    ///< plan_text of the branches
    std::string boxes;   ///< box outputs of merged branches, "" as the config has them
    std::string variant; ///< name of a set of changed options
    bool operator==(const CellKey&) const = default;
    auto operator<=>(const CellKey&) const = default;
};

/// "person+torso | hand / plain", with boxes: "person+torso | hand (boxes per_task) / plain"
std::string cell_label(const CellKey& cell);

/// One number of a run: of a task, "ap", "ap50", "ap75" or "ar100".
struct RunResult {
    std::string task;
    std::string metric;
    double value = 0;
    bool operator==(const RunResult&) const = default;
};

/// One run of a grid as the database holds it. Paths are relative to the database's folder, or "".
struct RunRow {
    std::int64_t id = 0;
    CellKey cell;
    std::uint64_t seed = 0;
    std::string folder;
    std::string config; ///< effective
    std::string config_hash;
    RunState state = RunState::planned;
    std::string failure; ///< of a failed run: why
    std::string started; ///< UTC, ISO 8601
    double seconds = 0;  ///< of training, over all its parts
    double images_per_second = 0;
    std::int64_t steps = 0;
    std::int64_t parameters = 0;
    std::int64_t macs = 0; ///< multiply-adds for one picture
    std::string weights, predictions, ground_truth;
    std::vector<RunResult> results = {}; ///< in the order in which they were written
};

/// The record of a grid's runs: one SQLite file, `ablation.sqlite` in the grid's folder, of which several processes may
/// read and write rows at a time (write-ahead log). Everything is committed when the function returns.
/// @throws ModelFileError a database of something else, of a newer program, or damaged; IoError
class RunDatabase {
public:
    /// @param access  `create` begins one where there is none
    RunDatabase(const std::string& folder, SqliteDatabase::Access access);

    static std::string path_in(const std::string& folder);
    const std::string& folder() const { return folder_; }

    /// All runs, in the order in which they were added.
    std::vector<RunRow> runs();
    std::optional<RunRow> find(const CellKey& cell, std::uint64_t seed);
    /// Adds planned runs, all or none; their id, state and results are not looked at. Of a cell and seed that is there
    /// already, a run that is still planned is replaced and a begun one kept. @throws CheckError two runs of one folder
    void add(const std::vector<RunRow>& rows);
    void begin(std::int64_t id);
    void stop(std::int64_t id, double seconds); ///< adds to its seconds
    void fail(std::int64_t id, double seconds, const std::string& failure);
    /// Takes seconds (added), speed, paths and results from the row.
    void finish(const RunRow& row);

private:
    void make_tables();
    void check_file();

    std::string folder_;
    SqliteDatabase database_;
};

} // namespace banyan
