#include "combine/run_database.h"

#include <array>
#include <map>

#include "core/error.h"

namespace banyan {

namespace {

constexpr std::int64_t kApplication = 0x426e796e; ///< "Bnyn", in the file's header
constexpr std::int64_t kSchema = 1;
constexpr std::array<const char*, 4> kStates{"planned", "begun", "done", "failed"};

constexpr const char* kTables = R"(
CREATE TABLE runs (
    id INTEGER PRIMARY KEY,
    plan TEXT NOT NULL, boxes TEXT NOT NULL, variant TEXT NOT NULL, seed INTEGER NOT NULL,
    folder TEXT NOT NULL UNIQUE,
    config TEXT NOT NULL, config_hash TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('planned', 'begun', 'done', 'failed')),
    failure TEXT NOT NULL DEFAULT '',
    started TEXT NOT NULL DEFAULT '',
    seconds REAL NOT NULL DEFAULT 0,
    images_per_second REAL NOT NULL DEFAULT 0,
    steps INTEGER NOT NULL, parameters INTEGER NOT NULL, macs INTEGER NOT NULL,
    weights TEXT NOT NULL DEFAULT '', predictions TEXT NOT NULL DEFAULT '', ground_truth TEXT NOT NULL DEFAULT '',
    UNIQUE (plan, boxes, variant, seed));
CREATE TABLE results (
    id INTEGER PRIMARY KEY,
    run INTEGER NOT NULL REFERENCES runs (id),
    task TEXT NOT NULL, metric TEXT NOT NULL, value REAL NOT NULL,
    UNIQUE (run, task, metric));
)";

constexpr const char* kSelect =
    "SELECT id, plan, boxes, variant, seed, folder, config, config_hash, state, failure, started, "
    "seconds, images_per_second, steps, parameters, macs, weights, predictions, ground_truth FROM runs ";

RunState state_of(const std::string& name) {
    std::size_t index = 0;
    while (index + 1 < kStates.size() && name != kStates[index]) ++index;
    return static_cast<RunState>(index); // the table's CHECK knows no other names
}

RunRow row_of(const SqliteStatement& statement) {
    RunRow row;
    row.id = statement.integer(0);
    row.cell = {statement.text(1), statement.text(2), statement.text(3)};
    row.seed = static_cast<std::uint64_t>(statement.integer(4));
    row.folder = statement.text(5);
    row.config = statement.text(6);
    row.config_hash = statement.text(7);
    row.state = state_of(statement.text(8));
    row.failure = statement.text(9);
    row.started = statement.text(10);
    row.seconds = statement.real(11);
    row.images_per_second = statement.real(12);
    row.steps = statement.integer(13);
    row.parameters = statement.integer(14);
    row.macs = statement.integer(15);
    row.weights = statement.text(16);
    row.predictions = statement.text(17);
    row.ground_truth = statement.text(18);
    return row;
}

std::vector<RunRow> rows_of(SqliteStatement& statement) {
    std::vector<RunRow> rows;
    while (statement.step()) rows.push_back(row_of(statement));
    return rows;
}

} // namespace

std::string run_state_name(RunState state) { return kStates[static_cast<std::size_t>(state)]; }

std::string cell_label(const CellKey& cell) {
    return cell.plan + (cell.boxes.empty() ? "" : " (boxes " + cell.boxes + ")") + " / " + cell.variant;
}

std::string RunDatabase::path_in(const std::string& folder) { return folder + "/ablation.sqlite"; }

RunDatabase::RunDatabase(const std::string& folder, SqliteDatabase::Access access)
    : folder_(folder), database_(path_in(folder), access) {
    if (access == SqliteDatabase::Access::create) make_tables();
    check_file();
}

void RunDatabase::make_tables() {
    const std::string is_empty = "SELECT count(*) = 0 FROM sqlite_schema";
    if (database_.number(is_empty) == 0) return;
    database_.use_write_ahead_log();
    SqliteTransaction transaction(database_);
    if (database_.number(is_empty) == 0) return; // another process was faster
    database_.execute(kTables);
    database_.execute("PRAGMA application_id = " + std::to_string(kApplication));
    database_.execute("PRAGMA user_version = " + std::to_string(kSchema));
    transaction.commit();
}

void RunDatabase::check_file() {
    const std::int64_t application = database_.number("PRAGMA application_id");
    if (application != kApplication) {
        throw ModelFileError(ErrorText{database_.path(), "a database of another program", "runs of `banyan ablate`",
                                       "application id " + std::to_string(application), "name another folder"});
    }
    const std::int64_t schema = database_.number("PRAGMA user_version");
    if (schema != kSchema) {
        throw ModelFileError(ErrorText{database_.path(), "another version of the database", std::to_string(kSchema),
                                       std::to_string(schema), "update banyan, or name another folder"});
    }
    SqliteStatement check = database_.prepare("PRAGMA quick_check(1)");
    if (check.step() && check.text(0) == "ok") return;
    throw ModelFileError(ErrorText{database_.path(), "the database is damaged (" + check.text(0) + ")", "", "",
                                   "move the file away: finished runs are then judged again, not trained again"});
}

std::vector<RunRow> RunDatabase::runs() {
    SqliteStatement statement = database_.prepare(std::string(kSelect).append("ORDER BY id"));
    std::vector<RunRow> rows = rows_of(statement);
    std::map<std::int64_t, std::size_t> places;
    for (std::size_t i = 0; i < rows.size(); ++i) places[rows[i].id] = i;
    SqliteStatement results = database_.prepare("SELECT run, task, metric, value FROM results ORDER BY id");
    while (results.step()) {
        const auto place = places.find(results.integer(0)); // a run may have been added in between
        if (place == places.end()) continue;
        rows[place->second].results.push_back({results.text(1), results.text(2), results.real(3)});
    }
    return rows;
}

std::optional<RunRow> RunDatabase::find(const CellKey& cell, std::uint64_t seed) {
    SqliteStatement statement =
        database_.prepare(std::string(kSelect).append("WHERE plan = ? AND boxes = ? AND variant = ? AND seed = ?"));
    statement.bind(1, cell.plan).bind(2, cell.boxes).bind(3, cell.variant).bind(4, static_cast<std::int64_t>(seed));
    const std::vector<RunRow> rows = rows_of(statement);
    return rows.empty() ? std::nullopt : std::optional(rows.front());
}

void RunDatabase::add(const std::vector<RunRow>& rows) {
    SqliteTransaction transaction(database_);
    SqliteStatement statement =
        database_.prepare("INSERT INTO runs (plan, boxes, variant, seed, folder, config, "
                          "config_hash, state, steps, parameters, macs) "
                          "VALUES (?, ?, ?, ?, ?, ?, ?, 'planned', ?, ?, ?) "
                          "ON CONFLICT (plan, boxes, variant, seed) DO UPDATE SET folder = excluded.folder, "
                          "config = excluded.config, config_hash = excluded.config_hash, "
                          "steps = excluded.steps, parameters = excluded.parameters, "
                          "macs = excluded.macs WHERE state = 'planned'");
    for (const RunRow& row : rows) {
        statement.bind(1, row.cell.plan).bind(2, row.cell.boxes).bind(3, row.cell.variant);
        statement.bind(4, static_cast<std::int64_t>(row.seed)).bind(5, row.folder);
        statement.bind(6, row.config).bind(7, row.config_hash);
        statement.bind(8, row.steps).bind(9, row.parameters).bind(10, row.macs);
        statement.run();
    }
    transaction.commit();
}

void RunDatabase::begin(std::int64_t id) {
    database_
        .prepare("UPDATE runs SET state = 'begun', failure = '', "
                 "started = CASE started WHEN '' THEN strftime('%Y-%m-%dT%H:%M:%SZ', 'now') ELSE started END "
                 "WHERE id = ?")
        .bind(1, id)
        .run();
}

void RunDatabase::stop(std::int64_t id, double seconds) {
    database_.prepare("UPDATE runs SET seconds = seconds + ? WHERE id = ?").bind(1, seconds).bind(2, id).run();
}

void RunDatabase::fail(std::int64_t id, double seconds, const std::string& failure) {
    database_.prepare("UPDATE runs SET state = 'failed', seconds = seconds + ?, failure = ? WHERE id = ?")
        .bind(1, seconds)
        .bind(2, failure)
        .bind(3, id)
        .run();
}

void RunDatabase::finish(const RunRow& row) {
    SqliteTransaction transaction(database_);
    SqliteStatement update = database_.prepare("UPDATE runs SET state = 'done', seconds = seconds + ?, "
                                               "images_per_second = ?, weights = ?, predictions = ?, ground_truth = ? "
                                               "WHERE id = ?");
    update.bind(1, row.seconds).bind(2, row.images_per_second).bind(3, row.weights);
    update.bind(4, row.predictions).bind(5, row.ground_truth).bind(6, row.id).run();
    SqliteStatement insert = database_.prepare("INSERT INTO results (run, task, metric, value) VALUES (?, ?, ?, ?)");
    for (const RunResult& result : row.results) {
        insert.bind(1, row.id).bind(2, result.task).bind(3, result.metric).bind(4, result.value).run();
    }
    transaction.commit();
}

} // namespace banyan
