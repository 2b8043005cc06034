#pragma once

#include <cstddef>
#include <functional>
#include <utility>
#include <vector>

#include "anchors/anchors.h"
#include "core/nms.h"

namespace banyan {

/// Box codes of one level of one image, cell by cell: they lie in memory, or are made when they are asked for.
class BoxCells {
public:
    /// Writes a cell's A*C numbers. @param cell y * W + x
    using Maker = std::function<void(std::size_t cell, float* numbers)>;

    BoxCells() = default;
    BoxCells(std::nullptr_t) {}
    BoxCells(const float* numbers) : numbers_(numbers) {} ///< [H, W, A*C]
    BoxCells(Maker maker) : maker_(std::move(maker)) {}

    bool empty() const { return numbers_ == nullptr && !maker_; }
    /// @param made takes them if they must be made; of A*C numbers
    const float* cell(std::size_t cell, std::vector<float>& made) const {
        if (!maker_) return numbers_ + cell * made.size();
        maker_(cell, made.data());
        return made.data();
    }

private:
    const float* numbers_ = nullptr;
    Maker maker_;
};

/// Raw outputs of one level of one image, channels innermost.
struct RawLevel {
    const float* classes = nullptr; ///< logits [H, W, A*K]
    BoxCells boxes;                 ///< codes [H, W, A*4], or with box bins logits [H, W, A*4*bins]
};

struct DecodeOptions {
    float score_threshold = 0.05F; ///< [0, 1); detections score more than this
    std::size_t candidates = 1000; ///< [1, …) best so many of a level enter NMS
    NmsOptions nms;
    std::size_t box_bins = 0; ///< HeadOptions::box_bins
    float box_voting = 0;     ///< 0: none; (0, 1]: IoU from which dropped boxes move kept ones (box_voting.h)
};

/// Boxes of one image in pixels of the network input, clipped to it, by falling score; class_id counts in the branch's
/// K classes. Non-finite logits or codes are no detections, nor is what clipping leaves without an area. Ties: the
/// lower level, cell, anchor, class first.
/// @param levels one entry per anchors.levels, of the same sizes
/// @throws CheckError options out of range, another number of levels, a missing tensor
std::vector<ScoredBox> decode(const AnchorSet& anchors, const std::vector<RawLevel>& levels, std::size_t classes,
                              const DecodeOptions& options);

} // namespace banyan
