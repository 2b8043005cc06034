#include "combine/sqlite.h"

#include <chrono>
#include <filesystem>
#include <thread>

#include <sqlite3.h>

#include "core/error.h"

namespace banyan {

namespace {

constexpr int kWaitMs = 20'000; ///< for another writer

[[noreturn]] void refuse(sqlite3* database, const std::string& path, int code) {
    const std::string reason = database != nullptr ? sqlite3_errmsg(database) : sqlite3_errstr(code);
    switch (code & 0xff) {
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT:
        throw ModelFileError(ErrorText{path, "not a database, or damaged (" + reason + ")", "", "",
                                       "name another folder, or move the file away to begin anew"});
    case SQLITE_ERROR:
    case SQLITE_MISUSE:
    case SQLITE_RANGE:
    case SQLITE_CONSTRAINT: throw CheckError(ErrorText{path, reason, "", "", ""});
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        throw IoError(ErrorText{path, reason, "", "", "another process keeps it from being written; try again later"});
    case SQLITE_NOMEM: throw MemoryError(ErrorText{path, reason, "", "", ""});
    default: throw IoError(ErrorText{path, reason, "", "", "is the disk full, or the folder write-protected?"});
    }
}

void check(sqlite3* database, const std::string& path, int code) {
    if (code != SQLITE_OK) refuse(database, path, code);
}

} // namespace

void SqliteStatement::Finalizer::operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }

SqliteStatement::SqliteStatement(sqlite3* database, std::string path, sqlite3_stmt* statement)
    : database_(database), path_(std::move(path)), statement_(statement) {}

SqliteStatement& SqliteStatement::bind(int index, const std::string& text) {
    check(database_, path_,
          sqlite3_bind_text64(statement_.get(), index, text.data(), text.size(), SQLITE_TRANSIENT, SQLITE_UTF8));
    return *this;
}

SqliteStatement& SqliteStatement::bind(int index, std::int64_t number) {
    check(database_, path_, sqlite3_bind_int64(statement_.get(), index, number));
    return *this;
}

SqliteStatement& SqliteStatement::bind(int index, double number) {
    check(database_, path_, sqlite3_bind_double(statement_.get(), index, number));
    return *this;
}

bool SqliteStatement::step() {
    const int code = sqlite3_step(statement_.get());
    if (code == SQLITE_ROW) return true;
    if (code != SQLITE_DONE) refuse(database_, path_, code);
    return false;
}

void SqliteStatement::run() {
    step();
    check(database_, path_, sqlite3_reset(statement_.get()));
}

std::string SqliteStatement::text(int column) const {
    const unsigned char* text = sqlite3_column_text(statement_.get(), column);
    if (text == nullptr) return "";
    const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column));
    return {reinterpret_cast<const char*>(text), size};
}

std::int64_t SqliteStatement::integer(int column) const { return sqlite3_column_int64(statement_.get(), column); }

double SqliteStatement::real(int column) const { return sqlite3_column_double(statement_.get(), column); }

void SqliteDatabase::Closer::operator()(sqlite3* database) const { sqlite3_close(database); }

SqliteDatabase::SqliteDatabase(std::string path, Access access) : path_(std::move(path)) {
    if (access == Access::open && !std::filesystem::exists(path_)) {
        throw IoError(ErrorText{path_, "there is no such file", "", "", ""});
    }
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_EXRESCODE;
    if (access == Access::create) {
        std::error_code ignored; // what is wrong with the folder is told when the file is opened
        std::filesystem::create_directories(std::filesystem::absolute(path_).parent_path(), ignored);
        flags |= SQLITE_OPEN_CREATE;
    }
    sqlite3* database = nullptr;
    const int code = sqlite3_open_v2(path_.c_str(), &database, flags, nullptr);
    database_.reset(database);
    check(database, path_, code);
    sqlite3_busy_timeout(database, kWaitMs);
    execute("PRAGMA foreign_keys = ON");
}

void SqliteDatabase::execute(const std::string& sql) {
    check(database_.get(), path_, sqlite3_exec(database_.get(), sql.c_str(), nullptr, nullptr, nullptr));
}

SqliteStatement SqliteDatabase::prepare(const std::string& sql) {
    sqlite3_stmt* statement = nullptr;
    check(database_.get(), path_,
          sqlite3_prepare_v2(database_.get(), sql.c_str(), static_cast<int>(sql.size()), &statement, nullptr));
    return SqliteStatement(database_.get(), path_, statement);
}

void SqliteDatabase::use_write_ahead_log() {
    using Clock = std::chrono::steady_clock;
    const Clock::time_point end = Clock::now() + std::chrono::milliseconds(kWaitMs);
    int code = SQLITE_OK;
    do { // this is the one statement that does not wait for other processes by itself
        code = sqlite3_exec(database_.get(), "PRAGMA journal_mode = WAL", nullptr, nullptr, nullptr);
        if ((code & 0xff) != SQLITE_BUSY) break;
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    } while (Clock::now() < end);
    check(database_.get(), path_, code);
}

std::int64_t SqliteDatabase::last_row_id() const { return sqlite3_last_insert_rowid(database_.get()); }

std::int64_t SqliteDatabase::number(const std::string& sql) {
    SqliteStatement statement = prepare(sql);
    return statement.step() ? statement.integer(0) : 0;
}

SqliteTransaction::SqliteTransaction(SqliteDatabase& database) : database_(database) {
    database_.execute("BEGIN IMMEDIATE");
}

SqliteTransaction::~SqliteTransaction() {
    if (!open_) return;
    try {
        database_.execute("ROLLBACK");
    } catch (const Error&) { // a transaction that failed is taken back already
    }
}

void SqliteTransaction::commit() {
    database_.execute("COMMIT");
    open_ = false;
}

} // namespace banyan
