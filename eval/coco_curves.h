#pragma once

#include "eval/coco_matching.h"

namespace banyan {

/// Fills stats, curves and the tallies at IoU 0.5 of one category.
void accumulate_category(const CategoryMatches& matches, const CocoOptions& options, CocoClassResult& result);

/// Means over the categories that have a value; -1 where none has.
CocoStats average_stats(const std::vector<CocoClassResult>& per_class);

} // namespace banyan
