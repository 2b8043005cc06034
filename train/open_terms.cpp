#include "train/open_terms.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "core/check.h"
#include "data/coverage.h"
#include "model/libtorch.h"
#include "train/targets.h"

namespace banyan {

namespace {

/// Terms in ignore regions are not open.
void close_ignored(const Branch& branch, const AnchorSet& anchors, const Labels& labels, float* open) {
    if (labels.ignore.empty()) return;
    Coverage coverage(labels, anchors.width, anchors.height);
    const std::size_t classes = branch.class_count();
    for (std::size_t k = 0; k < classes; ++k) {
        const AreaMap& ignored = coverage.ignored(branch.classes[k]);
        if (ignored.empty()) continue;
        for (std::size_t r = 0; r < anchors.size(); ++r) {
            if (ignored.share(anchors.boxes[r]) >= static_cast<double>(kIgnoredShare)) open[r * classes + k] = 0;
        }
    }
}

} // namespace

OpenTerms find_open_terms(const Branch& branch, const AnchorSet& anchors, const std::vector<Labels>& labels,
                          const at::Tensor& known) {
    const auto count = static_cast<std::int64_t>(anchors.size());
    const auto classes = static_cast<std::int64_t>(branch.class_count());
    BANYAN_CHECK(known.sizes() == at::IntArrayRef({count, classes}), "open terms: expected known terms of shape [",
                 count, ", ", classes, "], got ", known.sizes());
    const auto batch = static_cast<std::int64_t>(labels.size());
    at::Tensor open = known.repeat({batch, 1, 1}); // [R, K] -> [N, R, K], a copy also of one row
    auto* first = open.mutable_data_ptr<float>();
    const std::int64_t terms = count * classes;
    for (const RowTruth& row : find_truth(branch, anchors, labels)) {
        float* of_row = first + row.row * terms;
        for (std::size_t i = 0; i < row.judged.size(); ++i) {
            if (row.judged[i] != 0) of_row[i] = 0;
        }
    }
    std::vector<std::int64_t> rows;
    for (std::int64_t n = 0; n < batch; ++n) {
        float* of_row = first + n * terms;
        close_ignored(branch, anchors, labels[static_cast<std::size_t>(n)], of_row);
        if (std::any_of(of_row, of_row + terms, [](float term) { return term != 0; })) rows.push_back(n);
    }
    OpenTerms found;
    found.rows = at::tensor(at::ArrayRef<std::int64_t>(rows), at::kLong);
    found.open = found.rows.size(0) == batch ? open : open.index({found.rows});
    return found;
}

} // namespace banyan
