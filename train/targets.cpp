#include "train/targets.h"

#include <algorithm>

#include <torch/torch.h>

#include "anchors/matcher.h"

namespace banyan {

namespace {

/// Plain buffers of the rows that have something to learn.
struct Rows {
    std::vector<std::int64_t> rows;
    std::vector<float> valid; // [n, R, K]
    std::vector<std::int64_t> positive_row, positive_anchor, positive_class;
    std::vector<Box> boxes, anchors;
    std::vector<float> strides;
};

/// One image's view of a branch: its boxes and, by branch class, what is known.
struct RowLabels {
    std::vector<Box> boxes;
    std::vector<int> classes;       // [M] branch class of each box
    std::vector<LabelState> states; // [K]
    std::vector<int> branch_class;  // [global class id] -> branch class or -1
};

RowLabels labels_of_branch(const Branch& branch, const Labels& labels) {
    RowLabels row;
    row.branch_class.assign(labels.states.size(), -1);
    for (std::size_t k = 0; k < branch.classes.size(); ++k) {
        const auto id = static_cast<std::size_t>(branch.classes[k]);
        row.branch_class.at(id) = static_cast<int>(k);
        row.states.push_back(labels.states[id]);
    }
    for (const LabelledBox& box : labels.boxes) {
        const int k = row.branch_class.at(static_cast<std::size_t>(box.class_id));
        if (k < 0 || row.states[static_cast<std::size_t>(k)] == LabelState::unknown) continue;
        row.boxes.push_back(box.box);
        row.classes.push_back(k);
    }
    return row;
}

/// Sets the class terms of anchors inside `region` to not judged.
void ignore_region(const AnchorSet& anchors, const Polygon& region, int branch_class, std::size_t classes,
                   float* valid) {
    for (std::size_t r = 0; r < anchors.size(); ++r) {
        if (covered_share(anchors.boxes[r], region) < kIgnoredShare) continue;
        for (std::size_t k = 0; k < classes; ++k) {
            if (branch_class < 0 || static_cast<std::size_t>(branch_class) == k) valid[r * classes + k] = 0;
        }
    }
}

/// Class terms of one image before its positives are set. [R, K]
void fill_valid(const AnchorSet& anchors, const Matches& matches, const RowLabels& row, const Labels& labels,
                float* valid) {
    const std::size_t classes = row.states.size();
    for (std::size_t k = 0; k < classes; ++k) {
        const bool judged = row.states[k] == LabelState::exhaustive || row.states[k] == LabelState::absent;
        for (std::size_t r = 0; r < anchors.size(); ++r) {
            valid[r * classes + k] = judged && matches[r] != kBetween ? 1.0F : 0.0F;
        }
    }
    for (const IgnoreRegion& region : labels.ignore) {
        const int k = region.class_id < 0 ? -1 : row.branch_class.at(static_cast<std::size_t>(region.class_id));
        if (region.class_id >= 0 && k < 0) continue; // a class of another branch
        ignore_region(anchors, region.area, k, classes, valid);
    }
}

void add_row(const Branch& branch, const AnchorSet& anchors, const Labels& labels, std::int64_t batch_row, Rows& out) {
    const RowLabels row = labels_of_branch(branch, labels);
    const bool known = std::any_of(row.states.begin(), row.states.end(),
                                   [](LabelState state) { return state != LabelState::unknown; });
    if (!known) return;
    const std::size_t classes = row.states.size();
    const Matches matches = match(anchors, row.boxes, branch.options.matcher);
    const std::size_t first = out.valid.size();
    out.valid.resize(first + anchors.size() * classes);
    float* valid = out.valid.data() + first;
    fill_valid(anchors, matches, row, labels, valid);

    const auto local_row = static_cast<std::int64_t>(out.rows.size());
    for (std::size_t r = 0; r < anchors.size(); ++r) {
        if (matches[r] < 0) continue;
        const auto box = static_cast<std::size_t>(matches[r]);
        valid[r * classes + static_cast<std::size_t>(row.classes[box])] = 1.0F;
        out.positive_row.push_back(local_row);
        out.positive_anchor.push_back(static_cast<std::int64_t>(r));
        out.positive_class.push_back(row.classes[box]);
        out.boxes.push_back(row.boxes[box]);
        out.anchors.push_back(anchors.boxes[r]);
        out.strides.push_back(static_cast<float>(anchors.stride_of(r)));
    }
    const bool any = std::any_of(out.valid.begin() + static_cast<std::ptrdiff_t>(first), out.valid.end(),
                                 [](float value) { return value != 0; });
    if (!any) {
        out.valid.resize(first);
        return;
    }
    out.rows.push_back(batch_row);
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

} // namespace

BranchTargets build_targets(const Branch& branch, const AnchorSet& anchors, const std::vector<Labels>& labels) {
    Rows rows;
    for (std::size_t i = 0; i < labels.size(); ++i) {
        add_row(branch, anchors, labels[i], static_cast<std::int64_t>(i), rows);
    }
    BranchTargets targets;
    targets.rows = to_tensor(rows.rows);
    targets.valid = at::tensor(at::ArrayRef<float>(rows.valid), at::kFloat)
                        .view({static_cast<std::int64_t>(rows.rows.size()), static_cast<std::int64_t>(anchors.size()),
                               static_cast<std::int64_t>(branch.class_count())});
    targets.positive =
        at::stack({to_tensor(rows.positive_row), to_tensor(rows.positive_anchor), to_tensor(rows.positive_class)});
    targets.boxes = to_tensor(rows.boxes);
    targets.anchors = to_tensor(rows.anchors);
    targets.strides = at::tensor(at::ArrayRef<float>(rows.strides), at::kFloat);
    return targets;
}

} // namespace banyan
