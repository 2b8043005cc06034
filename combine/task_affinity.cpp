#include "combine/task_affinity.h"

#include <algorithm>
#include <array>

#include "core/check.h"

namespace banyan {

namespace {

struct Meaning {
    const char* key;
    const char* title;
    const char* about;
    bool symmetric;
};

constexpr std::array<Meaning, 10> kMeanings{{
    {kLookAhead, "Look-ahead affinity",
     "Share of the column's loss that a small step of the trunk on the row's loss takes away, on other pictures; above "
     "0 the row's task helps the column's, the diagonal is what a task does for itself.",
     false},
    {kGradientCosine, "Cosine of gradients",
     "Cosine between the gradients that two tasks give the trunk, each from pictures of its own; 1 is agreement, below "
     "0 they pull apart, and the diagonal, one task on two sets of pictures, is the most that noise allows.",
     true},
    {kGradientRatio, "Norms of gradients, log2 of row / column",
     "How much longer the row's gradient for the trunk is than the column's, in powers of two; near 0 is good, a task "
     "with a far longer one drowns the other.",
     false},
    {kScaleOverlap, "Overlap of box scales",
     "Common part of the histograms of the boxes' areas in the network input; 1 is equal sizes, 0 is none in common.",
     true},
    {kAspectOverlap, "Overlap of aspects",
     "Common part of the histograms of the boxes' height / width; 1 is equal shapes, 0 is none in common.", true},
    {kAnchorIou, "IoU of fitted anchors",
     "How well the anchors fitted to each task's boxes cover the other's; 1 is one set of anchors for both.", true},
    {kContainment, "Containment",
     "Share of the column's detections that lie inside a detection of the row's, as a face in a person; it tells which "
     "tasks look at the same places.",
     false},
    {kCooccurrence, "Co-occurrence",
     "Share of the pictures with a detection of the column's task in which the row's task is found as well.", false},
    {kPoolingDrop, "AP lost by pooling",
     "AP that the column's task loses when its detections and the row's go through one suppression that does not tell "
     "classes apart; 0 is good.",
     false},
    {kTransplantDrop, "AP lost by merging, untrained",
     "AP that the column's task loses when it is merged into one branch with the row's and nothing is trained; 0 or "
     "below is good.",
     false},
}};

} // namespace

const AffinityMatrix* TaskAffinities::find(const std::string& key) const {
    const auto found = std::find_if(matrices.begin(), matrices.end(), [&](const auto& m) { return m.key == key; });
    return found == matrices.end() ? nullptr : &*found;
}

AffinityMatrix empty_matrix(const std::string& key, std::size_t tasks) {
    const auto found =
        std::find_if(kMeanings.begin(), kMeanings.end(), [&](const Meaning& meaning) { return key == meaning.key; });
    BANYAN_CHECK(found != kMeanings.end(), "affinities: no matrix \"", key, "\"");
    AffinityMatrix matrix{key, found->title, found->about, found->symmetric, {}};
    matrix.values.assign(tasks, std::vector<MeasuredMean>(tasks));
    return matrix;
}

AffinityMatrix transplant_drops(std::size_t tasks, const std::function<PairDrops(std::size_t, std::size_t)>& measure) {
    AffinityMatrix matrix = empty_matrix(kTransplantDrop, tasks);
    for (std::size_t a = 0; a < tasks; ++a) {
        for (std::size_t b = a + 1; b < tasks; ++b) {
            const auto [drop_a, drop_b] = measure(a, b);
            matrix.values[b][a] = drop_a;
            matrix.values[a][b] = drop_b;
        }
    }
    return matrix;
}

} // namespace banyan
