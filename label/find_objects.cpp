#include "label/find_objects.h"

#include <mutex>
#include <utility>

#include "core/check.h"
#include "core/error.h"
#include "core/indexed_work.h"
#include "data/load_sample.h"
#include "label/cached_teacher.h"

namespace banyan {

namespace {

FoundInPicture find_in(const Dataset& dataset, std::size_t index,
                       const std::vector<std::unique_ptr<LabelTeacher>>& teachers, const FindOptions& options) {
    const Record& record = dataset.record(index);
    FoundInPicture found(teachers.size());
    Image picture;
    for (std::size_t t = 0; t < teachers.size(); ++t) {
        if (!options.is_asked(t, record)) continue;
        if (picture.empty()) picture = load_sample(dataset, index).image;
        try {
            found[t] = teachers[t]->find(picture);
        } catch (const NumericError& error) {
            const std::string name = t < options.names.size() ? "teacher " + options.names[t] + ", " : "";
            throw NumericError(name + record.file + ": " + error.what());
        }
    }
    return found;
}

} // namespace

TeacherStreams make_teacher_streams(const std::vector<LabelTeacherOptions>& teachers, const ClassTable& table,
                                    const StreamOptions& options) {
    BANYAN_CHECK(options.count > 0, "make_teacher_streams: no streams");
    TeacherStreams result(options.count);
    for (const LabelTeacherOptions& teacher : teachers) {
        std::unique_ptr<LabelTeacher> first = make_teacher(teacher, table, options.threads);
        if (options.cache) {
            first = std::make_unique<CachedTeacher>(std::move(first), options.cache, teacher_key(teacher));
        }
        result.front().push_back(std::move(first));
        for (std::size_t s = 1; s < options.count; ++s) {
            result[s].push_back(result.front().back()->another_stream());
        }
    }
    return result;
}

std::vector<FoundInPicture> find_objects(const Dataset& dataset, const TeacherStreams& streams,
                                         const FindOptions& options) {
    std::vector<FoundInPicture> found(dataset.size());
    std::mutex lock;
    const bool is_whole = work_through(dataset.size(), streams.size(), [&](std::size_t stream, std::size_t index) {
        if (options.stop && options.stop()) return false;
        found[index] = find_in(dataset, index, streams[stream], options);
        const std::lock_guard guard(lock);
        if (options.picture_done) options.picture_done();
        return true;
    });
    if (!is_whole) found.clear();
    return found;
}

} // namespace banyan
