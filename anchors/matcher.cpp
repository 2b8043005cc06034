#include "anchors/matcher.h"

#include "core/check.h"

namespace banyan {

Matches match(const AnchorSet& anchors, const std::vector<Box>& truth, const MatcherOptions& options) {
    BANYAN_CHECK(!needs_predictions(options), "match: this matcher needs predictions, use match_predicted");
    if (options.kind == MatcherKind::atss) return match_atss(anchors, truth, options.atss);
    return match_max_iou(anchors, truth, options.max_iou);
}

} // namespace banyan
