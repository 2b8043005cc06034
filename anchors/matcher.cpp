#include "anchors/matcher.h"

namespace banyan {

Matches match(const AnchorSet& anchors, const std::vector<Box>& truth, const MatcherOptions& options) {
    switch (options.kind) {
    case MatcherKind::atss: return match_atss(anchors, truth, options.atss);
    case MatcherKind::max_iou: break;
    }
    return match_max_iou(anchors, truth, options.max_iou);
}

} // namespace banyan
