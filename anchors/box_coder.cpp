#include "anchors/box_coder.h"

#include <algorithm>
#include <cmath>

#include "core/check.h"

namespace banyan {

namespace {

float center_x(const Box& box) { return 0.5F * (box.x0 + box.x1); }
float center_y(const Box& box) { return 0.5F * (box.y0 + box.y1); }

Box around(float x, float y, float width, float height) {
    return {x - 0.5F * width, y - 0.5F * height, x + 0.5F * width, y + 0.5F * height};
}

// Written so that a NaN comes out as NaN.
float at_most(float value, float limit) { return value > limit ? limit : value; }
float at_least_zero(float value) { return value < 0 ? 0.0F : value; }

} // namespace

BoxCode encode_box(AnchorKind kind, const Box& anchor, int stride, const Box& box) {
    BANYAN_ASSERT(box.area() > 0, "encode_box: the box has no area");
    const float x = center_x(anchor);
    const float y = center_y(anchor);
    if (kind == AnchorKind::boxes) {
        return {(center_x(box) - x) / anchor.width(), (center_y(box) - y) / anchor.height(),
                std::log(box.width() / anchor.width()), std::log(box.height() / anchor.height())};
    }
    const auto scale = static_cast<float>(stride);
    return {(x - box.x0) / scale, (y - box.y0) / scale, (box.x1 - x) / scale, (box.y1 - y) / scale};
}

Box decode_box(AnchorKind kind, const Box& anchor, int stride, const BoxCode& code) {
    const float x = center_x(anchor);
    const float y = center_y(anchor);
    if (kind == AnchorKind::boxes) {
        return around(x + code[0] * anchor.width(), y + code[1] * anchor.height(),
                      anchor.width() * std::exp(at_most(code[2], kMaxLogRatio)),
                      anchor.height() * std::exp(at_most(code[3], kMaxLogRatio)));
    }
    const auto scale = static_cast<float>(stride);
    return {x - at_least_zero(code[0]) * scale, y - at_least_zero(code[1]) * scale, x + at_least_zero(code[2]) * scale,
            y + at_least_zero(code[3]) * scale};
}

} // namespace banyan
