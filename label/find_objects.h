#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <vector>

#include "data/dataset.h"
#include "label/found_cache.h"
#include "label/teacher.h"

namespace banyan {

/// All teachers, once for each thread: [stream][teacher].
using TeacherStreams = std::vector<std::vector<std::unique_ptr<LabelTeacher>>>;

struct StreamOptions {
    std::size_t count = 1;               ///< at least 1
    int threads = 0;                     ///< of the kernels of each; 0 = as OpenMP has it
    std::shared_ptr<FoundCache> cache{}; ///< of what they find; nothing: none
};

/// @throws as make_teacher
TeacherStreams make_teacher_streams(const std::vector<LabelTeacherOptions>& teachers, const ClassTable& table,
                                    const StreamOptions& options);

/// [teacher] what it finds in one picture; empty where it was not asked.
using FoundInPicture = std::vector<std::vector<ScoredBox>>;

struct FindOptions {
    /// Whether a teacher is asked about a record.
    std::function<bool(std::size_t teacher, const Record& record)> is_asked;
    std::vector<std::string> names;     ///< of the teachers, for messages
    std::function<void()> picture_done; ///< called under a lock, picture by picture; may be empty
    std::function<bool()> stop;         ///< true ends early
};

/// [record] what the teachers find in a data set, or nothing where `stop` ended it.
/// @throws DataError, IoError the pictures; NumericError a teacher's outputs, with teacher and picture
std::vector<FoundInPicture> find_objects(const Dataset& dataset, const TeacherStreams& streams,
                                         const FindOptions& options);

} // namespace banyan
