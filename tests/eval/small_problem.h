#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "eval/coco_problem.h"

namespace banyan::test {

/// Images 1 … images and categories 1 … categories ("class 0", …), nothing in them.
inline CocoProblem empty_problem(std::size_t images, std::size_t categories) {
    CocoProblem problem;
    for (std::size_t i = 0; i < images; ++i) problem.images.push_back({static_cast<std::int64_t>(i) + 1});
    for (std::size_t i = 0; i < categories; ++i) {
        problem.categories.push_back({static_cast<std::int64_t>(i) + 1, "class " + std::to_string(i)});
    }
    return problem;
}

inline void annotate(CocoProblem& problem, std::int32_t image, std::int32_t category, const CocoBox& box) {
    problem.annotations.push_back({image, category, box, box.area(), false, false});
}

inline void detect(CocoProblem& problem, std::int32_t image, std::int32_t category, const CocoBox& box, double score) {
    problem.detections.push_back({image, category, box, score});
}

} // namespace banyan::test
