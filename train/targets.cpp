#include "train/targets.h"

#include <algorithm>
#include <cstring>

#include "anchors/ownership.h"
#include "core/check.h"
#include "data/coverage.h"
#include "model/libtorch.h"

namespace banyan {

namespace {

/// The column of one class in a row's judged terms. [R] with steps of K
struct Column {
    float* first;
    std::size_t step;
    float& operator[](std::size_t anchor) const { return first[anchor * step]; }
};

/// True where a state of one of the branch's classes is anything but unknown.
bool is_known(const Branch& branch, const Labels& labels) {
    const auto knows = [&](const std::vector<LabelState>& states) {
        return std::any_of(branch.classes.begin(), branch.classes.end(),
                           [&](int id) { return states.at(static_cast<std::size_t>(id)) != LabelState::unknown; });
    };
    return knows(labels.states) || std::any_of(labels.regions.begin(), labels.regions.end(),
                                               [&](const LabelRegion& region) { return knows(region.states); });
}

/// State of a class at the pixel that holds the box's centre, or at the nearest one.
LabelState state_at_centre(const Coverage& coverage, int class_id, const Box& box) {
    const auto pixel = [](float low, float high, int size) {
        return static_cast<int>(std::clamp((low + high) / 2, 0.0F, static_cast<float>(size) - 0.5F));
    };
    return coverage.state(class_id, pixel(box.x0, box.x1, coverage.width()), pixel(box.y0, box.y1, coverage.height()));
}

void find_boxes(const Branch& branch, const Coverage& coverage, RowTruth& row) {
    for (const LabelledBox& labelled : coverage.labels().boxes) {
        const auto place = std::find(branch.classes.begin(), branch.classes.end(), labelled.class_id);
        if (place == branch.classes.end()) continue;
        if (state_at_centre(coverage, labelled.class_id, labelled.box) == LabelState::unknown) continue;
        row.boxes.push_back(labelled.box);
        row.classes.push_back(static_cast<int>(place - branch.classes.begin()));
    }
}

/// Rules 2 a and b.
void judge_covered(const AnchorSet& anchors, const AreaMap& uncovered, double limit, Column judged) {
    if (uncovered.full()) return;
    const auto is_judged = [&](std::size_t anchor) {
        const double share = uncovered.share(anchors.boxes[anchor]);
        return share == 0 || share < limit;
    };
    for (const AnchorLevel& level : anchors.levels) {
        const auto stride = static_cast<float>(level.stride);
        std::size_t anchor = level.first;
        for (int y = 0; y < level.height; ++y) {
            for (int x = 0; x < level.width; ++x) {
                const Box cell{static_cast<float>(x) * stride, static_cast<float>(y) * stride,
                               static_cast<float>(x + 1) * stride, static_cast<float>(y + 1) * stride};
                const bool covered = uncovered.share(cell) == 0;
                for (std::size_t a = 0; a < anchors.per_cell; ++a, ++anchor) {
                    judged[anchor] = covered && is_judged(anchor) ? 1.0F : 0.0F;
                }
            }
        }
    }
}

/// Rule 2 c.
void judge_ignored(const AnchorSet& anchors, const AreaMap& ignored, Column judged) {
    if (ignored.empty()) return;
    for (std::size_t anchor = 0; anchor < anchors.size(); ++anchor) {
        if (ignored.share(anchors.boxes[anchor]) >= static_cast<double>(kIgnoredShare)) judged[anchor] = 0;
    }
}

/// Background terms of one class. `judged` holds zeros.
void judge_class(const Branch& branch, const AnchorSet& anchors, Coverage& coverage, int class_id, Column judged) {
    const Labels& labels = coverage.labels();
    if (labels.regions.empty()) {
        if (!is_covered(labels.states[static_cast<std::size_t>(class_id)])) return;
        for (std::size_t anchor = 0; anchor < anchors.size(); ++anchor) judged[anchor] = 1;
    } else {
        const double limit = static_cast<double>(background_share(branch.options.matcher));
        judge_covered(anchors, coverage.uncovered(class_id), limit, judged);
    }
    if (!labels.ignore.empty()) judge_ignored(anchors, coverage.ignored(class_id), judged);
}

bool is_set(float value) { return value != 0; }

/// True if the matches leave the row a valid term.
bool has_term(const RowTruth& row, const Matches& matches) {
    if (std::any_of(matches.begin(), matches.end(), [](std::int32_t match) { return match >= 0; })) return true;
    const std::size_t classes = row.judged.size() / matches.size();
    for (std::size_t anchor = 0; anchor < matches.size(); ++anchor) {
        if (matches[anchor] == kBetween) continue;
        const float* terms = row.judged.data() + anchor * classes;
        if (std::any_of(terms, terms + classes, is_set)) return true;
    }
    return false;
}

/// The same before a matcher that needs predictions is asked: it gives the boxes with an area at least one anchor.
bool will_have_term(const RowTruth& row) {
    return std::any_of(row.boxes.begin(), row.boxes.end(), can_match) ||
           std::any_of(row.judged.begin(), row.judged.end(), is_set);
}

/// What the matched anchors are to find, as plain buffers.
struct PositiveBuffers {
    std::vector<std::int64_t> rows, anchors, classes;
    std::vector<Box> truth, priors;
    std::vector<float> strides;
};

/// Valid terms of one row. [R, K]
void fill_valid(const RowTruth& row, const Matches& matches, float* valid) {
    const std::size_t classes = row.judged.size() / matches.size();
    std::memcpy(valid, row.judged.data(), row.judged.size() * sizeof(float));
    for (std::size_t anchor = 0; anchor < matches.size(); ++anchor) {
        float* terms = valid + anchor * classes;
        if (matches[anchor] == kBetween) std::fill(terms, terms + classes, 0.0F);
        if (matches[anchor] >= 0) terms[row.classes.at(static_cast<std::size_t>(matches[anchor]))] = 1;
    }
}

/// @param n place of the row among those with targets
void add_positives(const AnchorSet& anchors, const RowTruth& row, const Matches& matches, std::int64_t n,
                   PositiveBuffers& out) {
    for (std::size_t anchor = 0; anchor < anchors.size(); ++anchor) {
        if (matches[anchor] < 0) continue;
        const auto box = static_cast<std::size_t>(matches[anchor]);
        out.rows.push_back(n);
        out.anchors.push_back(static_cast<std::int64_t>(anchor));
        out.classes.push_back(row.classes[box]);
        out.truth.push_back(row.boxes[box]);
        out.priors.push_back(anchors.boxes[anchor]);
        out.strides.push_back(static_cast<float>(anchors.stride_of(anchor)));
    }
}

at::Tensor to_tensor(const std::vector<std::int64_t>& values) {
    return at::tensor(at::ArrayRef<std::int64_t>(values), at::kLong);
}

/// [P, 4]
at::Tensor to_tensor(const std::vector<Box>& boxes) {
    at::Tensor tensor = at::empty({static_cast<std::int64_t>(boxes.size()), 4}, at::kFloat);
    auto* out = tensor.mutable_data_ptr<float>();
    for (const Box& box : boxes) {
        for (const float side : {box.x0, box.y0, box.x1, box.y1}) *out++ = side;
    }
    return tensor;
}

/// @param valid [n, R, K]
std::vector<bool> active_classes(const at::Tensor& valid) {
    const auto classes = static_cast<std::size_t>(valid.size(2));
    std::vector<bool> active(classes, false);
    const auto* term = valid.const_data_ptr<float>();
    const auto* end = term + valid.numel();
    for (std::size_t found = 0; term != end && found < classes; term += classes) {
        for (std::size_t k = 0; k < classes; ++k) {
            if (!is_set(term[k]) || active[k]) continue;
            active[k] = true;
            ++found;
        }
    }
    return active;
}

} // namespace

float background_share(const MatcherOptions& matcher) {
    return matcher.kind == MatcherKind::max_iou ? matcher.max_iou.negative_iou : kUncoveredShare;
}

std::vector<RowTruth> find_truth(const Branch& branch, const AnchorSet& anchors, const std::vector<Labels>& labels) {
    const std::size_t classes = branch.class_count();
    std::vector<RowTruth> rows;
    for (std::size_t i = 0; i < labels.size(); ++i) {
        if (!is_known(branch, labels[i])) continue;
        Coverage coverage(labels[i], anchors.width, anchors.height);
        RowTruth row;
        row.row = static_cast<std::int64_t>(i);
        find_boxes(branch, coverage, row);
        row.judged.assign(anchors.size() * classes, 0.0F);
        for (std::size_t k = 0; k < classes; ++k) {
            judge_class(branch, anchors, coverage, branch.classes[k], {row.judged.data() + k, classes});
        }
        if (row.boxes.empty() && std::none_of(row.judged.begin(), row.judged.end(), is_set)) continue;
        rows.push_back(std::move(row));
    }
    return rows;
}

BranchTargets assign_targets(const Branch& branch, const AnchorSet& anchors, const std::vector<RowTruth>& rows,
                             const std::vector<Matches>& matches) {
    BANYAN_CHECK(matches.size() == rows.size(), "targets: expected matches of ", rows.size(), " rows, found ",
                 matches.size());
    const auto anchor_count = static_cast<std::int64_t>(anchors.size());
    const auto classes = static_cast<std::int64_t>(branch.class_count());
    BranchTargets targets;
    targets.valid = at::empty({static_cast<std::int64_t>(rows.size()), anchor_count, classes}, at::kFloat);
    auto* valid = targets.valid.mutable_data_ptr<float>();
    PositiveBuffers positives;
    std::vector<std::int64_t> batch_rows;
    for (std::size_t n = 0; n < rows.size(); ++n, valid += anchor_count * classes) {
        BANYAN_CHECK(matches[n].size() == anchors.size(), "targets: expected matches of ", anchors.size(),
                     " anchors, found ", matches[n].size());
        fill_valid(rows[n], matches[n], valid);
        add_positives(anchors, rows[n], matches[n], static_cast<std::int64_t>(n), positives);
        batch_rows.push_back(rows[n].row);
    }
    targets.rows = to_tensor(batch_rows);
    targets.positive =
        at::stack({to_tensor(positives.rows), to_tensor(positives.anchors), to_tensor(positives.classes)});
    targets.boxes = to_tensor(positives.truth);
    targets.anchors = to_tensor(positives.priors);
    targets.strides = at::tensor(at::ArrayRef<float>(positives.strides), at::kFloat);
    targets.active = active_classes(targets.valid);
    return targets;
}

BranchTargets build_targets(const Branch& branch, const AnchorSet& anchors, const std::vector<Labels>& labels) {
    std::vector<RowTruth> rows;
    std::vector<Matches> matches;
    const bool later = needs_predictions(branch.options.matcher);
    for (RowTruth& row : find_truth(branch, anchors, labels)) {
        if (later) {
            if (!will_have_term(row)) continue;
            rows.push_back(std::move(row));
            matches.emplace_back(anchors.size(), kUnmatched);
            continue;
        }
        Matches found = match(anchors, row.boxes, branch.options.matcher);
        if (!has_term(row, found)) continue;
        rows.push_back(std::move(row));
        matches.push_back(std::move(found));
    }
    BranchTargets targets = assign_targets(branch, anchors, rows, matches);
    if (later) targets.unmatched = std::move(rows);
    return targets;
}

} // namespace banyan
