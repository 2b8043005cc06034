#include <cstddef>
#include <cstdint>

#include "core/error.h"
#include "image/jpeg_codec.h"

namespace banyan {
namespace {

std::uint32_t byte_at(std::string_view bytes, std::size_t at) { return static_cast<std::uint8_t>(bytes[at]); }

std::uint32_t read_u16(std::string_view bytes, std::size_t at, bool big_endian) {
    const std::uint32_t a = byte_at(bytes, at);
    const std::uint32_t b = byte_at(bytes, at + 1);
    return big_endian ? (a << 8) | b : (b << 8) | a;
}

std::uint32_t read_u32(std::string_view bytes, std::size_t at, bool big_endian) {
    const std::uint32_t a = read_u16(bytes, at, big_endian);
    const std::uint32_t b = read_u16(bytes, at + 2, big_endian);
    return big_endian ? (a << 16) | b : (b << 16) | a;
}

bool is_frame_header(std::uint32_t marker) {
    const bool in_range = marker >= 0xC0 && marker <= 0xCF;
    return in_range && marker != 0xC4 && marker != 0xC8 && marker != 0xCC; // DHT, JPG, DAC share the range
}

bool has_no_length(std::uint32_t marker) { return marker == 0x01 || (marker >= 0xD0 && marker <= 0xD8); }

constexpr std::string_view kExifPrefix{"Exif\0\0", 6};

void read_segment(std::uint32_t marker, std::string_view payload, const std::string& name, JpegHeader& header) {
    if (is_frame_header(marker)) {
        if (payload.size() < 5) throw DataError({name, "damaged JPEG: frame header too short", "", "", ""});
        header.height = static_cast<int>(read_u16(payload, 1, true));
        header.width = static_cast<int>(read_u16(payload, 3, true));
        header.complete = true;
    } else if (marker == 0xE1 && payload.substr(0, kExifPrefix.size()) == kExifPrefix) {
        header.exif_orientation = parse_exif_orientation(payload.substr(kExifPrefix.size()));
    }
}

} // namespace

int parse_exif_orientation(std::string_view tiff) {
    if (tiff.size() < 8) return 1;
    const bool big_endian = tiff.substr(0, 2) == "MM";
    if (!big_endian && tiff.substr(0, 2) != "II") return 1;
    if (read_u16(tiff, 2, big_endian) != 42) return 1;
    const std::size_t directory = read_u32(tiff, 4, big_endian);
    if (directory > tiff.size() || tiff.size() - directory < 2) return 1;
    const std::size_t entries = read_u16(tiff, directory, big_endian);
    for (std::size_t i = 0; i < entries; ++i) {
        const std::size_t entry = directory + 2 + i * 12;
        if (entry + 12 > tiff.size()) return 1;
        if (read_u16(tiff, entry, big_endian) != 0x0112) continue;
        const bool is_short = read_u16(tiff, entry + 2, big_endian) == 3;
        const bool is_one = read_u32(tiff, entry + 4, big_endian) == 1;
        const std::uint32_t value = read_u16(tiff, entry + 8, big_endian);
        return is_short && is_one && value >= 1 && value <= 8 ? static_cast<int>(value) : 1;
    }
    return 1;
}

JpegHeader parse_jpeg_header(std::string_view bytes, const std::string& name) {
    JpegHeader header;
    std::size_t at = 2; // after the start-of-image marker
    while (!header.complete && at + 4 <= bytes.size()) {
        if (byte_at(bytes, at) != 0xFF) {
            ++at; // stray bytes between markers are skipped, as decoders do
            continue;
        }
        const std::uint32_t marker = byte_at(bytes, at + 1);
        if (marker == 0xFF || marker == 0x00 || has_no_length(marker)) {
            at += marker == 0xFF ? 1 : 2;
            continue;
        }
        if (marker == 0xD9 || marker == 0xDA) {
            throw DataError({name, "damaged JPEG: no frame header before the picture data", "", "", ""});
        }
        const std::size_t length = read_u16(bytes, at + 2, true);
        if (length < 2) throw DataError({name, "damaged JPEG: segment length below 2", "", "", ""});
        if (at + 2 + length > bytes.size()) break;
        read_segment(marker, bytes.substr(at + 4, length - 2), name, header);
        at += 2 + length;
    }
    return header;
}

} // namespace banyan
