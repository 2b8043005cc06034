#include "image/image_codec.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <utility>

#include "core/atomic_file.h"
#include "core/error.h"
#include "image/jpeg_codec.h"
#include "image/png_codec.h"

namespace banyan {
namespace {

enum class FileType { jpeg, png };

// Enough for the frame header of most files, and of those with an EXIF block and its thumbnail.
constexpr std::size_t kShortHeaderBytes = 4U << 10;
constexpr std::size_t kLongHeaderBytes = 128U << 10;
constexpr std::size_t kMaxFileBytes = std::size_t{1} << 30;

constexpr std::string_view kJpegMagic{"\xFF\xD8\xFF", 3};
constexpr std::string_view kPngMagic{"\x89PNG\r\n\x1A\n", 8};

bool starts_with(std::string_view bytes, std::string_view magic) { return bytes.substr(0, magic.size()) == magic; }

bool ends_with(std::string_view bytes, std::string_view end) {
    return bytes.size() >= end.size() && bytes.substr(bytes.size() - end.size()) == end;
}

std::string describe_beginning(std::string_view bytes) {
    if (bytes.empty()) return "an empty file";
    if (starts_with(bytes, "GIF8")) return "a GIF";
    if (starts_with(bytes, "BM")) return "a BMP";
    if (starts_with(bytes, "RIFF") && bytes.size() >= 12 && bytes.substr(8, 4) == "WEBP") return "a WebP";
    if (starts_with(bytes, "II*") || starts_with(bytes, "MM")) return "a TIFF";
    if (bytes.size() >= 8 && bytes.substr(4, 4) == "ftyp") return "a HEIF or AVIF";
    return "something else";
}

FileType type_of(std::string_view bytes, const std::string& name) {
    if (starts_with(bytes, kJpegMagic)) return FileType::jpeg;
    if (starts_with(bytes, kPngMagic)) return FileType::png;
    throw DataError({name, "unsupported picture type", "JPEG or PNG", describe_beginning(bytes), "convert the file"});
}

void check_size(const ImageInfo& info, const std::string& name) {
    const std::int64_t pixels = std::int64_t{info.width} * info.height;
    if (info.width > 0 && info.height > 0 && info.width <= kMaxImageSide && info.height <= kMaxImageSide &&
        pixels <= kMaxImagePixels) {
        return;
    }
    const std::string found = std::to_string(info.width) + " x " + std::to_string(info.height);
    throw DataError({name, "picture size refused before decoding",
                     "sides in [1, " + std::to_string(kMaxImageSide) + "] and at most " +
                         std::to_string(kMaxImagePixels / 1'000'000) + " million pixels",
                     found, "shrink the picture"});
}

ImageInfo checked_info(const JpegHeader& header, const std::string& name) {
    if (!header.complete) {
        throw DataError({name, "damaged JPEG: the file ends before its frame header", "", "", "replace the file"});
    }
    const ImageInfo info{header.width, header.height};
    check_size(info, name);
    return info;
}

ImageInfo checked_png_info(std::string_view bytes, const std::string& name) {
    const ImageInfo info = parse_png_header(bytes, name);
    check_size(info, name);
    return info;
}

/// An open file of which pieces are read.
class FilePieces {
public:
    explicit FilePieces(const std::string& path) : path_(path), file_(path, std::ios::binary) {
        if (!file_) refuse();
    }

    std::string beginning(std::size_t count) {
        file_.clear();
        file_.seekg(0);
        return read(count);
    }

    /// The last `count` bytes; all of a shorter file.
    std::string end(std::size_t count) {
        file_.clear();
        file_.seekg(0, std::ios::end);
        const auto size = static_cast<std::streamoff>(file_.tellg());
        file_.seekg(std::max<std::streamoff>(0, size - static_cast<std::streamoff>(count)));
        return read(count);
    }

private:
    std::string read(std::size_t count) {
        std::string bytes(count, '\0');
        errno = 0;
        file_.read(bytes.data(), static_cast<std::streamsize>(count));
        if (!file_ && !file_.eof()) refuse();
        bytes.resize(static_cast<std::size_t>(file_.gcount()));
        return bytes;
    }

    [[noreturn]] void refuse() const {
        const std::string reason = errno != 0 ? std::strerror(errno) : "read error";
        throw IoError({path_, "cannot be read: " + reason, "a picture file", "", ""});
    }

    const std::string& path_;
    std::ifstream file_;
};

ImageInfo read_info(FilePieces& file, const std::string& path) {
    std::string beginning = file.beginning(kShortHeaderBytes);
    if (type_of(beginning, path) == FileType::png) return checked_png_info(beginning, path);
    JpegHeader header = parse_jpeg_header(beginning, path);
    if (!header.complete && beginning.size() == kShortHeaderBytes) {
        beginning = file.beginning(kLongHeaderBytes);
        header = parse_jpeg_header(beginning, path);
    }
    if (!header.complete && beginning.size() == kLongHeaderBytes) {
        header = parse_jpeg_header(read_file(path, kMaxFileBytes), path);
    }
    return checked_info(header, path);
}

/// Where the stored pixel (x, y) goes for an EXIF orientation 2 … 8.
std::pair<int, int> oriented_position(int orientation, int x, int y, int width, int height) {
    const int right = width - 1 - x;
    const int below = height - 1 - y;
    switch (orientation) {
    case 2: return {right, y};
    case 3: return {right, below};
    case 4: return {x, below};
    case 5: return {y, x};
    case 6: return {below, x};
    case 7: return {below, right};
    case 8: return {y, right};
    default: return {x, y};
    }
}

Image orient(Image stored, int orientation) {
    if (orientation <= 1) return stored;
    const bool turned = orientation >= 5;
    Image image(turned ? stored.height : stored.width, turned ? stored.width : stored.height);
    for (int y = 0; y < stored.height; ++y) {
        const std::uint8_t* source = stored.row(y);
        for (int x = 0; x < stored.width; ++x) {
            const auto [to_x, to_y] = oriented_position(orientation, x, y, stored.width, stored.height);
            std::memcpy(image.row(to_y) + std::ptrdiff_t{to_x} * 3, source + std::ptrdiff_t{x} * 3, 3);
        }
    }
    return image;
}

} // namespace

Image decode_image(std::string_view bytes, const std::string& name, const ReadImageOptions& options) {
    if (type_of(bytes, name) == FileType::png) {
        checked_png_info(bytes, name);
        return decode_png(bytes, name);
    }
    const JpegHeader header = parse_jpeg_header(bytes, name);
    checked_info(header, name);
    Image stored = decode_jpeg(bytes, name);
    return options.apply_exif_orientation ? orient(std::move(stored), header.exif_orientation) : stored;
}

Image read_image(const std::string& path, const ReadImageOptions& options) {
    return decode_image(read_file(path, kMaxFileBytes), path, options);
}

ImageInfo read_image_info(const std::string& path) {
    FilePieces file(path);
    return read_info(file, path);
}

ImageInfo check_image(const std::string& path) {
    constexpr std::string_view kJpegEnd{"\xFF\xD9", 2};
    constexpr std::string_view kPngEnd{"\0\0\0\0IEND\xAE\x42\x60\x82", 12};
    FilePieces file(path);
    const ImageInfo info = read_info(file, path);
    const std::string end = file.end(kPngEnd.size());
    if (!ends_with(end, kJpegEnd) && !ends_with(end, kPngEnd)) read_image(path);
    return info;
}

void write_jpeg(const std::string& path, const Image& image, int quality) {
    write_file_atomically(path, encode_jpeg(image, quality));
}

void write_png(const std::string& path, const Image& image) { write_file_atomically(path, encode_png(image)); }

} // namespace banyan
