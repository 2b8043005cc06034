#pragma once

#include "core/random.h"
#include "data/demo_hand.h"

namespace banyan::demo {

enum class HairCut { bald, shorn, short_cut, curly, bob, long_cut, bun };
enum class Hat { none, cap, helmet, beanie };

/// How a head looks.
struct HeadStyle {
    Skin skin;
    Colour hair;
    HairCut cut = HairCut::short_cut;
    Hat hat = Hat::none;
    Colour hat_colour;
    Colour iris;
    bool from_behind = false; ///< no face to be seen
    bool glasses = false;
    bool beard = false;
    int mouth = 0;    ///< 0 smile, 1 open smile, 2 straight, 3 round
    double yaw = 0;   ///< how far the face is turned, [-1, 1]
    double width = 1; ///< of the head, about 1
    double brows = 0; ///< how much they fall outwards, about 0.01; negative looks stern
};

HeadStyle random_head(const Skin& skin, Random& random);

/// What hangs behind the shoulders; drawn before the body.
void draw_hair_behind(Canvas& canvas, const Frame& neck, const HeadStyle& style, Owner body);

/// Neck excepted. `neck`: origin between the shoulders, y down, one unit = the head's height.
void draw_head(Canvas& canvas, const Frame& neck, const HeadStyle& style, Owner body, Owner face);

} // namespace banyan::demo
