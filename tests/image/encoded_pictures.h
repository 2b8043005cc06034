#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include <jpeglib.h>
#include <png.h>

namespace banyan::test {

/// A one-colour JPEG in any colour space (samples as libjpeg takes them: Adobe CMYK is inverted).
inline std::string flat_jpeg(int width, int height, J_COLOR_SPACE space, const std::vector<std::uint8_t>& pixel,
                             bool progressive = false) {
    jpeg_compress_struct codec{};
    jpeg_error_mgr errors{};
    codec.err = jpeg_std_error(&errors);
    jpeg_create_compress(&codec);
    unsigned char* bytes = nullptr;
    unsigned long size = 0;
    jpeg_mem_dest(&codec, &bytes, &size);
    codec.image_width = static_cast<JDIMENSION>(width);
    codec.image_height = static_cast<JDIMENSION>(height);
    codec.input_components = static_cast<int>(pixel.size());
    codec.in_color_space = space;
    jpeg_set_defaults(&codec);
    if (progressive) jpeg_simple_progression(&codec);
    jpeg_start_compress(&codec, TRUE);
    std::vector<std::uint8_t> row;
    for (int x = 0; x < width; ++x) row.insert(row.end(), pixel.begin(), pixel.end());
    JSAMPROW rows = row.data();
    while (codec.next_scanline < codec.image_height) jpeg_write_scanlines(&codec, &rows, 1);
    jpeg_finish_compress(&codec);
    std::string result(reinterpret_cast<const char*>(bytes), size);
    jpeg_destroy_compress(&codec);
    std::free(bytes);
    return result;
}

/// What a PNG is made of; `rows` are the packed bytes of one row, the same for all.
struct PngParts {
    int width = 1;
    int height = 1;
    int bit_depth = 8;
    int colour_type = PNG_COLOR_TYPE_RGB;
    bool interlaced = false;
    std::vector<png_color> palette;
    std::vector<std::uint8_t> row;
};

inline std::string make_png(const PngParts& parts) {
    std::string result;
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, nullptr, nullptr);
    png_infop info = png_create_info_struct(png);
    png_set_write_fn(
        png, &result,
        [](png_structp writer, png_bytep bytes, std::size_t count) {
            static_cast<std::string*>(png_get_io_ptr(writer))->append(reinterpret_cast<const char*>(bytes), count);
        },
        nullptr);
    png_set_IHDR(png, info, static_cast<png_uint_32>(parts.width), static_cast<png_uint_32>(parts.height),
                 parts.bit_depth, parts.colour_type, parts.interlaced ? PNG_INTERLACE_ADAM7 : PNG_INTERLACE_NONE,
                 PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    if (!parts.palette.empty()) png_set_PLTE(png, info, parts.palette.data(), static_cast<int>(parts.palette.size()));
    png_write_info(png, info);
    std::vector<std::uint8_t> row = parts.row;
    std::vector<png_bytep> rows(static_cast<std::size_t>(parts.height), row.data());
    png_write_image(png, rows.data());
    png_write_end(png, info);
    png_destroy_write_struct(&png, &info);
    return result;
}

/// A JPEG marker segment.
inline std::string jpeg_segment(std::uint8_t marker, const std::string& payload) {
    const std::size_t length = payload.size() + 2;
    const std::string size{static_cast<char>(length >> 8), static_cast<char>(length & 255)};
    return std::string{'\xFF', static_cast<char>(marker)} + size + payload;
}

/// The JPEG with an EXIF block of that orientation behind its first marker.
inline std::string with_exif(const std::string& jpeg, std::uint8_t orientation, bool big_endian) {
    const auto u16 = [&](int value) {
        const char high = static_cast<char>(value >> 8);
        const char low = static_cast<char>(value & 255);
        return big_endian ? std::string{high, low} : std::string{low, high};
    };
    const auto u32 = [&](int value) { return big_endian ? u16(0) + u16(value) : u16(value) + u16(0); };
    const std::string entry = u16(0x0112) + u16(3) + u32(1) + u16(orientation) + u16(0);
    const std::string tiff = (big_endian ? "MM" : "II") + u16(42) + u32(8) + u16(1) + entry + u32(0);
    return jpeg.substr(0, 2) + jpeg_segment(0xE1, std::string("Exif\0\0", 6) + tiff) + jpeg.substr(2);
}

} // namespace banyan::test
