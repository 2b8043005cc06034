#pragma once

#include <memory>
#include <vector>

#include "core/nms.h"
#include "core/task.h"
#include "image/image.h"
#include "label/teacher_options.h"

namespace banyan {

/// Boxes below this score are not told: they only matter for judging a teacher, where AP looks at the whole curve.
inline constexpr double kLowestTeacherScore = 0.01;

/// Anything that finds objects of the run's classes in a picture. Not thread-safe: another_stream() for each further
/// thread.
class LabelTeacher {
public:
    LabelTeacher() = default;
    virtual ~LabelTeacher() = default;
    LabelTeacher(const LabelTeacher&) = delete;
    LabelTeacher& operator=(const LabelTeacher&) = delete;

    /// Boxes in pixels of the picture, inside it, by falling score; class ids of the run's table.
    /// @throws NumericError outputs that are not finite
    virtual std::vector<ScoredBox> find(const Image& picture) = 0;
    /// One more like this, with the weights in common.
    virtual std::unique_ptr<LabelTeacher> another_stream() const = 0;
};

/// @param threads of the kernels; 0 = as OpenMP has it
/// @throws IoError, ModelFileError the file; ConfigError it lacks a task or class that it is to tell of, or an output
std::unique_ptr<LabelTeacher> make_teacher(const LabelTeacherOptions& options, const ClassTable& table, int threads);

} // namespace banyan
