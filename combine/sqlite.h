#pragma once

#include <cstdint>
#include <memory>
#include <string>

struct sqlite3;
struct sqlite3_stmt;

namespace banyan {

/// One statement of a database; bound anew and run as often as wanted. Must not outlive its database.
class SqliteStatement {
public:
    SqliteStatement& bind(int index, const std::string& text); ///< indices from 1
    SqliteStatement& bind(int index, std::int64_t number);
    SqliteStatement& bind(int index, double number);

    /// The next row; false behind the last one. @throws as SqliteDatabase
    bool step();
    /// Runs a statement that gives no row, and makes it ready to be run again.
    void run();

    // Columns of the row at hand, from 0.
    std::string text(int column) const;
    std::int64_t integer(int column) const;
    double real(int column) const;

private:
    friend class SqliteDatabase;
    struct Finalizer {
        void operator()(sqlite3_stmt* statement) const;
    };
    SqliteStatement(sqlite3* database, std::string path, sqlite3_stmt* statement);

    sqlite3* database_;
    std::string path_;
    std::unique_ptr<sqlite3_stmt, Finalizer> statement_;
};

/// An SQLite database file, of which any number of processes may read and one at a time write; a writer waits some
/// seconds for another. What a killed process had not committed is not there.
/// @throws ModelFileError a file that is no database or damaged; IoError what the file system or another process does
/// not let happen;
///         CheckError wrong SQL. The message names the file.
class SqliteDatabase {
public:
    enum class Access { open, create };
    /// @param access  `open` refuses a file that does not exist
    SqliteDatabase(std::string path, Access access);

    const std::string& path() const { return path_; }
    void execute(const std::string& sql); ///< any number of statements without parameters
    SqliteStatement prepare(const std::string& sql);
    /// From now on, and in the file for ever, readers do not wait for a writer; where the file system can do it.
    void use_write_ahead_log();
    std::int64_t last_row_id() const;
    /// The number that a pragma or a query gives.
    std::int64_t number(const std::string& sql);

private:
    struct Closer {
        void operator()(sqlite3* database) const;
    };
    std::string path_;
    std::unique_ptr<sqlite3, Closer> database_;
};

/// All that is written until commit(), or nothing of it.
class SqliteTransaction {
public:
    explicit SqliteTransaction(SqliteDatabase& database);
    ~SqliteTransaction(); ///< takes back what was not committed
    SqliteTransaction(const SqliteTransaction&) = delete;
    SqliteTransaction& operator=(const SqliteTransaction&) = delete;
    void commit();

private:
    SqliteDatabase& database_;
    bool open_ = true;
};

} // namespace banyan
