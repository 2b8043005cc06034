#pragma once

#include <cstddef>

#include "data/dataset.h"
#include "data/sample.h"
#include "image/letterbox.h"

namespace banyan {

/// One record as it is stored: decoded picture, labels in its pixels. Sample::dataset is 0: a data set does not know
/// its place in a run. @throws DataError, IoError
Sample load_sample(const Dataset& dataset, std::size_t index);

/// One record's picture letterboxed to side x side, labels in the square's pixels (none cut or dropped); for
/// evaluation. Judge in original pixels with geometry.to_original(). @throws DataError, IoError
Sample load_eval_sample(const Dataset& dataset, std::size_t index, int side, LetterboxGeometry& geometry);

/// The picture must have the size that its record was checked with. @throws DataError the file was replaced since
void check_picture_size(const Image& image, const Record& record);

} // namespace banyan
