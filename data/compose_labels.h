#pragma once

#include "data/composition.h"
#include "data/sample.h"
#include "data/transform_options.h"

namespace banyan {

/// What the labels tell of a class at a point of the picture: the last region that holds it, else Labels::states.
LabelState state_at(const Labels& labels, int class_id, Point point);

/// Labels of a composition, in pixels of the target.
///
/// Boxes and ignore regions go where their pixels go. What is to be seen of one is its placed outline within the
/// layer's window less the windows of all layers above. A box becomes the bounds of that. When less than min_visible of
/// its area is to be seen, or its shorter side is below min_side_px, the visible part becomes an ignore region of its
/// class; nothing visible, nothing left. Where the outline is turned, its bounds are larger than the object.
///
/// Label states: those of the lowest layer where it takes up the whole target, else unknown; on top of that one region
/// for each layer, its window with the states of its picture. Layers whose pictures tell the same need no regions.
/// States stay what they are whatever is cut off: nothing becomes known or unknown of what is still in sight.
///
/// Where several pictures meet, in layers or blended, a box whose class is unknown at its centre, in its own picture or
/// in the composed one (where a layer covers the centre), becomes an ignore region: so each box that is left is one to
/// learn, and its class is known at its centre.
///
/// A flipped layer's classes are those of TransformOptions::mirrored_class: boxes, ignore regions and states.
Labels compose_labels(const Composition& composition, const TransformOptions& options);

/// The same of one picture that takes up the whole target.
Labels place_labels(const Labels& labels, const Placement& placement, int side, const TransformOptions& options);

/// Labels of two pictures blended into one: boxes and ignore regions of both; a box whose class is unknown at its
/// centre becomes an ignore region. All that is there is boxed where both pictures say so (exhaustive, absent), and
/// there may be boxes where either does (exhaustive, partial). So a class is at each point
///     absent      where both are absent
///     exhaustive  where both are exhaustive, or one is and the other absent
///     unknown     where both are unknown, or one is and the other absent
///     partial     else
/// Regions are crossed with those of the other picture. Where two cross of which neither is a box with sides along the
/// axes, the box around both counts as unknown.
Labels blend_labels(const Labels& first, const Labels& second);

} // namespace banyan
