#include "anchors/anchors.h"

#include <cmath>
#include <optional>

#include "core/check.h"
#include "core/error.h"

namespace banyan {

namespace {

constexpr int kLowestLevel = 2;
constexpr int kHighestLevel = 8;
constexpr int kMaxInput = 65536;

bool is_positive(double value) { return std::isfinite(value) && value > 0; }

std::optional<ErrorText> problem_of_levels(const std::vector<int>& levels) {
    if (levels.empty()) return ErrorText{"", "anchors have no levels", "levels in [2, 8]", "an empty list", ""};
    for (std::size_t i = 0; i < levels.size(); ++i) {
        const bool in_range = kLowestLevel <= levels[i] && levels[i] <= kHighestLevel;
        if (in_range && (i == 0 || levels[i - 1] < levels[i])) continue;
        return ErrorText{"", "wrong anchor levels", "ascending levels in [2, 8]",
                         std::to_string(levels[i]) + " at place " + std::to_string(i), ""};
    }
    return std::nullopt;
}

std::optional<ErrorText> problem_of_numbers(const char* name, const std::vector<double>& numbers) {
    const std::string problem = std::string("wrong anchor ") + name;
    if (numbers.empty()) return ErrorText{"", problem, "a list of positive numbers", "an empty list", ""};
    for (const double number : numbers) {
        if (!is_positive(number)) return ErrorText{"", problem, "positive numbers", std::to_string(number), ""};
    }
    return std::nullopt;
}

std::optional<ErrorText> problem_of_sizes(const AnchorOptions& options) {
    const auto& sizes = options.sizes;
    if (sizes.size() != options.levels.size()) {
        return ErrorText{"", "anchor sizes do not fit the levels",
                         "one list a level, " + std::to_string(options.levels.size()),
                         std::to_string(sizes.size()) + " lists", ""};
    }
    for (std::size_t i = 0; i < sizes.size(); ++i) {
        const std::string place = "list " + std::to_string(i);
        if (sizes[i].empty() || sizes[i].size() != sizes[0].size()) {
            return ErrorText{"", "anchor sizes: wrong length of " + place, "lists of one length, at least 1",
                             std::to_string(sizes[i].size()), ""};
        }
        for (const AnchorSize& size : sizes[i]) {
            if (is_positive(size.width_px) && is_positive(size.height_px)) continue;
            return ErrorText{"", "anchor sizes: wrong size in " + place, "positive width and height",
                             std::to_string(size.width_px) + " x " + std::to_string(size.height_px), ""};
        }
    }
    return std::nullopt;
}

std::optional<ErrorText> problem_of(const AnchorOptions& options) {
    if (auto problem = problem_of_levels(options.levels)) return problem;
    if (!options.sizes.empty()) {
        if (auto problem = problem_of_sizes(options)) return problem;
    } else {
        if (auto problem = problem_of_numbers("scales", options.scales)) return problem;
        if (auto problem = problem_of_numbers("aspect_hw", options.aspect_hw)) return problem;
    }
    const std::size_t per_cell = anchors_per_cell(options);
    if (options.kind == AnchorKind::points && per_cell != 1) {
        return ErrorText{"", "anchor points have one size a level", "1 scale and 1 aspect",
                         std::to_string(per_cell) + " combinations", "use kind \"boxes\" for several"};
    }
    return std::nullopt;
}

/// Centre + or - half a side, in double so that corners are rounded once.
void append_cell(std::vector<Box>& boxes, double center_x, double center_y, const std::vector<AnchorSize>& sizes) {
    for (const AnchorSize& size : sizes) {
        const double half_width = size.width_px / 2;
        const double half_height = size.height_px / 2;
        boxes.push_back({static_cast<float>(center_x - half_width), static_cast<float>(center_y - half_height),
                         static_cast<float>(center_x + half_width), static_cast<float>(center_y + half_height)});
    }
}

} // namespace

std::size_t anchors_per_cell(const AnchorOptions& options) {
    return options.sizes.empty() ? options.scales.size() * options.aspect_hw.size() : options.sizes.front().size();
}

std::vector<AnchorSize> sizes_of_level(const AnchorOptions& options, std::size_t position) {
    if (!options.sizes.empty()) return options.sizes.at(position);
    const double stride = 1 << options.levels.at(position);
    std::vector<AnchorSize> sizes;
    for (const double scale : options.scales) {
        for (const double aspect : options.aspect_hw) {
            const double root = std::sqrt(aspect);
            sizes.push_back({scale * stride / root, scale * stride * root});
        }
    }
    return sizes;
}

int AnchorSet::stride_of(std::size_t index) const {
    BANYAN_CHECK(index < boxes.size(), "anchors: expected an index below ", boxes.size(), ", found ", index);
    std::size_t place = levels.size() - 1;
    while (index < levels[place].first) --place;
    return levels[place].stride;
}

AnchorSet make_anchors(const AnchorOptions& options, int height, int width) {
    check_anchors(options);
    BANYAN_CHECK(1 <= height && height <= kMaxInput && 1 <= width && width <= kMaxInput,
                 "anchors: expected an input size in [1, ", kMaxInput, "], found ", height, " x ", width);
    AnchorSet set;
    set.kind = options.kind;
    set.per_cell = anchors_per_cell(options);
    set.height = height;
    set.width = width;
    for (std::size_t i = 0; i < options.levels.size(); ++i) {
        const int stride = 1 << options.levels[i];
        const std::vector<AnchorSize> sizes = sizes_of_level(options, i);
        set.levels.push_back({options.levels[i], stride, (height + stride - 1) / stride, (width + stride - 1) / stride,
                              set.boxes.size()});
        const AnchorLevel& level = set.levels.back();
        for (int y = 0; y < level.height; ++y) {
            for (int x = 0; x < level.width; ++x) append_cell(set.boxes, (x + 0.5) * stride, (y + 0.5) * stride, sizes);
        }
    }
    return set;
}

void check_anchors(const AnchorOptions& options) {
    if (const auto problem = problem_of(options)) throw CheckError(*problem);
}

void validate_anchors(const AnchorOptions& options, const std::string& where) {
    if (auto problem = problem_of(options)) {
        problem->where = where;
        throw ConfigError(*problem);
    }
}

} // namespace banyan
