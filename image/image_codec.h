#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "image/image.h"

namespace banyan {

/// Largest picture that is decoded: a side in pixels, and pixels in all. Checked in the header, before decoding.
inline constexpr int kMaxImageSide = 16384;
inline constexpr std::int64_t kMaxImagePixels = 100'000'000;

struct ReadImageOptions {
    /// Turn the picture as its EXIF orientation says. Off for training: labels count in the stored pixels.
    bool apply_exif_orientation = false;
};

struct ImageInfo {
    int width = 0; ///< stored pixels, before any EXIF orientation
    int height = 0;
};

/// Decodes a JPEG (grey, YCbCr, RGB, CMYK, YCCK; baseline and progressive) or PNG (8/16 bit, grey, palette, alpha
/// dropped, interlaced) to RGB. The type is told by the first bytes, not by the name.
/// @throws IoError    missing or unreadable file
/// @throws DataError  unknown type, over the size limits, truncated or corrupt (a half picture is never returned)
Image read_image(const std::string& path, const ReadImageOptions& options = {});

/// The same for a file's bytes; `name` stands for the file in messages.
Image decode_image(std::string_view bytes, const std::string& name, const ReadImageOptions& options = {});

/// Width and height from the header only; size limits and type are checked as in read_image. Cost: one small read.
ImageInfo read_image_info(const std::string& path);

/// read_image_info, and makes sure that the file is not cut off: it must end with its type's end mark, or else (bytes
/// behind the mark are legal) is decoded. Cost: two small reads for nearly all files. Errors as read_image.
ImageInfo check_image(const std::string& path);

/// Encoded file bytes. `quality` in [1, 100].
std::string encode_jpeg(const Image& image, int quality = 90);
std::string encode_png(const Image& image);

/// Writes atomically (core/atomic_file.h). @throws IoError
void write_jpeg(const std::string& path, const Image& image, int quality = 90);
void write_png(const std::string& path, const Image& image);

} // namespace banyan
