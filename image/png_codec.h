#pragma once

#include <string>
#include <string_view>

#include "image/image.h"
#include "image/image_codec.h"

namespace banyan {

/// Size from the IHDR chunk at the file's beginning. @throws DataError fewer than 33 bytes or no IHDR
ImageInfo parse_png_header(std::string_view bytes, const std::string& name);

/// Decodes the whole picture up to its end chunk. Precondition: size limits were checked. @throws DataError
Image decode_png(std::string_view bytes, const std::string& name);

} // namespace banyan
