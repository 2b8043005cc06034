#pragma once

#include <array>

#include "anchors/anchors.h"
#include "core/box.h"

namespace banyan {

/// Four box outputs of one anchor, before decoding.
using BoxCode = std::array<float, 4>;

/// Largest |log size ratio| that decode believes: log(1000 / 16), as other detectors clamp it; keeps exp() finite.
inline constexpr float kMaxLogRatio = 4.135166556742356F;

/// boxes:  (dx, dy, dw, dh): centre offset in anchor sizes, log of the size ratio
///         ("Rich feature hierarchies", arXiv:1311.2524, appendix C); sizes over exp(kMaxLogRatio) are clamped.
/// points: (l, t, r, b): distances from the centre to the sides in strides, "FCOS", arXiv:1904.01355; negative
///         outputs count as 0.
/// decode(encode(box)) == box up to rounding for boxes with an area (points: that contain the centre). NaN stays NaN.
/// Precondition of encode: the box has an area.
BoxCode encode_box(AnchorKind kind, const Box& anchor, int stride, const Box& box);
Box decode_box(AnchorKind kind, const Box& anchor, int stride, const BoxCode& code);

} // namespace banyan
