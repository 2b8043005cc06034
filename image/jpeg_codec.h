#pragma once

#include <string>
#include <string_view>

#include "image/image.h"

namespace banyan {

/// What the markers before the first scan tell.
struct JpegHeader {
    int width = 0;
    int height = 0;
    int exif_orientation = 1; ///< 1 … 8; 1 when there is none or it is broken
    bool complete = false;    ///< a frame header was found within the bytes given
};

/// Reads markers of `bytes`, which may be only the beginning of a file (then `complete` may be false).
/// @throws DataError a marker segment is malformed
JpegHeader parse_jpeg_header(std::string_view bytes, const std::string& name);

/// Decodes the whole picture; data corruption that libjpeg only warns of is an error here, but for warnings that leave
/// the picture whole (stray bytes between markers, odd JFIF or Adobe versions).
/// Precondition: size limits were checked. @throws DataError
Image decode_jpeg(std::string_view bytes, const std::string& name);

/// EXIF orientation of a TIFF block (the APP1 payload after "Exif\0\0"): 1 … 8; 1 when absent or malformed.
int parse_exif_orientation(std::string_view tiff);

} // namespace banyan
