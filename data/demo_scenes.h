#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "core/task.h"
#include "data/sample.h"
#include "image/image.h"

namespace banyan {

/// The classes of the demo's scenes: person 0, face 1, hand 2, each a task of its own.
inline constexpr int kDemoPerson = 0;
inline constexpr int kDemoFace = 1;
inline constexpr int kDemoHand = 2;

ClassTable demo_classes();

/// A drawn picture and everything that is in it.
struct DemoScene {
    Image image;
    std::vector<LabelledBox> boxes;   ///< every part that can be seen well enough, tight around its visible pixels
    std::vector<IgnoreRegion> ignore; ///< parts of which only a little can be seen: neither an object nor background
};

/// How often each place is drawn, relative to the others; at least one is positive.
struct DemoPlaces {
    double street = 1;
    double room = 1;
    double workshop = 1;
    double park = 1;
};

/// A part counts as seen when at least this share of what was drawn of it is visible …
inline constexpr double kDemoSeenShare = 0.3;
/// … and both sides of its visible box are at least this long.
inline constexpr float kDemoSeenPx = 5.0F;

/// Draws scene `index` of the endless series `seed`: one to five people of various size, looks, pose and occlusion
/// among things that resemble parts of them. The same arguments give the same bytes. About 20 ms at side 288.
///
/// What the picture's edge or something in front hides takes its share from a part. Hidden hands and the backs of heads
/// have no box.
/// @param side of the square picture in pixels, in [96, 1024]
DemoScene draw_demo_scene(std::uint64_t seed, std::uint64_t index, int side, const DemoPlaces& places = {});

} // namespace banyan
