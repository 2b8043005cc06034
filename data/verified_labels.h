#pragma once

#include <string_view>
#include <vector>

#include "data/label_lists.h"
#include "data/listed_state.h"

namespace banyan {

/// Whether this CSV text is a list of OpenImages' verified image-level labels, by its first line.
bool is_verified_label_list(std::string_view text);

/// What such a list tells of our classes. Each row says of one picture and one source class (LabelName, or what
/// "label_names" makes of it) that it is there (Confidence 1) or not (0). A class of ours is then, in that picture,
///  - absent         all source classes mapped to it are verified absent;
///  - exhaustive     at least one is there, the others are verified as well, and the picture has a box of the class
///                   (OpenImages boxes every instance of what is verified present);
///  - partial        the same, but of some source class nothing is told;
///  - unknown        something is there but the picture has no box of the class: counted in the warnings.
/// Rows of machines (Source "machine", or a confidence between 0 and 1), of pictures that are not used and of classes
/// that are not mapped are passed over: such lists cover far more than one data set. A list of which no row is used is
/// a problem, and so are rows that contradict each other.
void read_verified_labels(std::string_view text, const std::string& path, const ListedDataset& dataset,
                          std::vector<ListedState>& states, DataProblems& problems);

} // namespace banyan
