#include "heads/decode.h"

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "anchors/box_coder.h"
#include "core/check.h"
#include "heads/box_bins.h"
#include "heads/box_voting.h"

namespace banyan {

namespace {

/// A logit above the threshold; index counts anchors * classes of one level, as the tensor is stored.
struct Candidate {
    float logit = 0;
    std::size_t index = 0;
    /// Falling score; of equal ones the lower index first.
    bool operator<(const Candidate& other) const {
        return logit != other.logit ? logit > other.logit : index < other.index;
    }
};

/// Score as a logit, so that the scan needs no exp(). 0 gives -inf.
float logit(float score) {
    const auto exact = static_cast<double>(score);
    return static_cast<float>(std::log(exact / (1 - exact)));
}

float sigmoid(float value) { return 1.0F / (1.0F + std::exp(-value)); }

std::size_t anchors_of(const AnchorSet& anchors, const AnchorLevel& level) {
    return static_cast<std::size_t>(level.height) * static_cast<std::size_t>(level.width) * anchors.per_cell;
}

/// Nearly all logits are below the threshold: a block is passed over by one test without branches. NaN compares false.
void find_candidates(const float* logits, std::size_t count, float threshold, std::vector<Candidate>& found) {
    constexpr std::size_t kBlock = 16;
    const auto look_at = [&](std::size_t index) {
        if (logits[index] > threshold && std::isfinite(logits[index])) found.push_back({logits[index], index});
    };
    std::size_t i = 0;
    for (; i + kBlock <= count; i += kBlock) {
        int above = 0;
        for (std::size_t j = 0; j < kBlock; ++j) above |= logits[i + j] > threshold ? 1 : 0;
        for (std::size_t j = 0; above != 0 && j < kBlock; ++j) look_at(i + j);
    }
    for (; i < count; ++i) look_at(i);
}

void keep_best(std::vector<Candidate>& candidates, std::size_t count) {
    if (candidates.size() > count) {
        std::nth_element(candidates.begin(), candidates.begin() + static_cast<std::ptrdiff_t>(count), candidates.end());
        candidates.resize(count);
    }
    std::sort(candidates.begin(), candidates.end());
}

/// Code of one anchor; expectations are taken of survivors only. @param numbers its box output
BoxCode code_of(const float* numbers, std::size_t bins) {
    BoxCode code;
    if (bins == 0) {
        std::copy_n(numbers, code.size(), code.begin());
        return code;
    }
    for (std::size_t side = 0; side < code.size(); ++side) code[side] = expected_distance(numbers + side * bins, bins);
    return code;
}

bool is_finite(const BoxCode& code) {
    return std::all_of(code.begin(), code.end(), [](float number) { return std::isfinite(number); });
}

void check(const AnchorSet& anchors, const std::vector<RawLevel>& levels, std::size_t classes,
           const DecodeOptions& options) {
    BANYAN_CHECK(levels.size() == anchors.levels.size(), "decode: expected outputs of ", anchors.levels.size(),
                 " levels, found ", levels.size());
    for (const RawLevel& level : levels) {
        BANYAN_CHECK(level.classes != nullptr && !level.boxes.empty(), "decode: a level has no class or box output");
    }
    BANYAN_CHECK(classes >= 1, "decode: expected at least one class");
    BANYAN_CHECK(options.score_threshold >= 0 && options.score_threshold < 1,
                 "decode: expected score_threshold in [0, 1), found ", options.score_threshold);
    BANYAN_CHECK(options.box_bins == 0 || (options.box_bins >= 2 && anchors.kind == AnchorKind::points),
                 "decode: expected no box bins, or at least 2 on points, found ", options.box_bins);
    BANYAN_CHECK(options.candidates >= 1, "decode: expected at least one candidate a level");
}

} // namespace

std::vector<ScoredBox> decode(const AnchorSet& anchors, const std::vector<RawLevel>& levels, std::size_t classes,
                              const DecodeOptions& options) {
    check(anchors, levels, classes, options);
    const float threshold = logit(options.score_threshold);
    const std::size_t channels = BoxCode{}.size() * std::max(options.box_bins, std::size_t{1});
    std::vector<float> made(anchors.per_cell * channels);
    std::vector<Candidate> candidates;
    std::vector<ScoredBox> boxes;
    for (std::size_t l = 0; l < levels.size(); ++l) {
        const AnchorLevel& level = anchors.levels[l];
        candidates.clear();
        find_candidates(levels[l].classes, anchors_of(anchors, level) * classes, threshold, candidates);
        keep_best(candidates, options.candidates);
        for (const Candidate& candidate : candidates) {
            const std::size_t anchor = candidate.index / classes;
            const float* cell = levels[l].boxes.cell(anchor / anchors.per_cell, made);
            const BoxCode code = code_of(cell + anchor % anchors.per_cell * channels, options.box_bins);
            if (!is_finite(code)) continue;
            const Box raw = decode_box(anchors.kind, anchors.boxes[level.first + anchor], level.stride, code);
            const Box box = clip(raw, static_cast<float>(anchors.width), static_cast<float>(anchors.height));
            if (!(box.area() > 0)) continue;
            boxes.push_back({box, sigmoid(candidate.logit), static_cast<int>(candidate.index % classes)});
        }
    }
    std::vector<ScoredBox> detections = suppress_overlaps(boxes, options.nms);
    if (options.box_voting > 0) vote_boxes(detections, boxes, options.box_voting);
    return detections;
}

} // namespace banyan
