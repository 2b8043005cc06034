#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "core/box.h"
#include "core/random.h"
#include "image/image.h"

/// What the demo's scenes are drawn with; not for other folders.
namespace banyan::demo {

/// A place in picture pixels, y down.
struct Point {
    double x = 0;
    double y = 0;
};

using Polygon = std::vector<Point>;

/// Red, green, blue, each in [0, 255].
struct Colour {
    double r = 0;
    double g = 0;
    double b = 0;
};

/// `a` moved towards `b` by `share` in [0, 1].
Colour blend(const Colour& a, const Colour& b, double share);
/// Darker (factor < 1) or lighter; stays in range.
Colour shade(const Colour& colour, double factor);
/// Hue in degrees, saturation and value in [0, 1].
Colour from_hsv(double hue, double saturation, double value);

enum class Pattern { plain, stripes_across, stripes_down, checks, dots };

/// How a shape is filled: from `top` to `bottom` over its height, a pattern of `accent` on it.
struct Paint {
    Colour top;
    Colour bottom;
    Pattern pattern = Pattern::plain;
    Colour accent = {};
    double pattern_px = 8; ///< period of the pattern
    double alpha = 1;      ///< opacity in [0, 1]
};

/// One colour, a little darker at the bottom.
Paint flat(const Colour& colour, double bottom_factor = 0.88);

/// Who a pixel belongs to: kScene for everything without a label, else kPartsPerFigure * figure + part, figures from 1.
using Owner = std::uint16_t;
inline constexpr Owner kScene = 0;
inline constexpr int kPartsPerFigure = 4;

/// What is left of a part, or of a whole figure, in the picture.
struct Visible {
    Box box;                 ///< tight around the visible pixels, in half pixels; empty when nothing is visible
    std::int64_t drawn = 0;  ///< pixels (quarters of a picture's pixel) that it covered when it was drawn
    std::int64_t pixels = 0; ///< of them, still visible and inside the picture

    double share() const { return drawn > 0 ? static_cast<double>(pixels) / static_cast<double>(drawn) : 0.0; }
};

/// A picture that knows which part each of its pixels belongs to. Drawn at twice the size with anti-aliased edges and
/// reduced at the end; a margin around it keeps the parts that leave the picture, so that their share can be told.
/// The shapes of one part are drawn one after the other with nothing else in between, and so are a figure's parts.
class Canvas {
public:
    explicit Canvas(int side);
    ~Canvas();
    Canvas(const Canvas&) = delete;
    Canvas& operator=(const Canvas&) = delete;

    int side() const;
    /// Margin on each side in picture pixels: shapes are drawn in [-margin, side + margin).
    int margin() const;

    void fill(const Polygon& polygon, const Paint& paint, Owner owner);
    /// A see-through shape that leaves the owners as they are (shadow, glass, light).
    void tint(const Polygon& polygon, const Paint& paint);
    /// Smooth random light and dark spots inside the rows [y0, y1): `cell_px` is their size, `strength` their height.
    void add_noise(double y0, double y1, double cell_px, double strength, Random& random);
    /// Blurs everything drawn so far, a lens out of focus. `sigma_px` > 0.
    void blur(double sigma_px);

    Visible visible_part(Owner owner) const;
    Visible visible_figure(int figure) const;
    /// The finished picture, side x side.
    Image picture() const;

private:
    void cover(const Polygon& polygon, const Paint& paint, bool owned, Owner owner);
    Visible visible(Owner first, Owner last) const;

    struct State;
    std::unique_ptr<State> state_;
};

} // namespace banyan::demo
