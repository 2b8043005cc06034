#include "image/png_codec.h"

#include <csetjmp>
#include <cstdio>
#include <cstring>
#include <exception>
#include <vector>

#include <png.h>

#include "core/check.h"

namespace banyan {
namespace {

constexpr png_alloc_size_t kMaxChunkBytes = 64U << 20;

struct PngState {
    std::string_view input;
    std::size_t at = 0;
    std::string* output = nullptr;
    char message[256] = "";
};

// libpng leaves by longjmp, which skips destructors: these functions own nothing.
[[noreturn]] void leave_with_message(png_structp png, png_const_charp message) {
    auto& state = *static_cast<PngState*>(png_get_error_ptr(png));
    std::snprintf(state.message, sizeof state.message, "%s", message);
    png_longjmp(png, 1);
}

void ignore_warning(png_structp, png_const_charp) {}

void read_bytes(png_structp png, png_bytep target, std::size_t count) {
    auto& state = *static_cast<PngState*>(png_get_io_ptr(png));
    if (count > state.input.size() - state.at) png_error(png, "the file ends too early");
    std::memcpy(target, state.input.data() + state.at, count);
    state.at += count;
}

void write_bytes(png_structp png, png_bytep bytes, std::size_t count) {
    auto& state = *static_cast<PngState*>(png_get_io_ptr(png));
    bool done = true;
    try {
        state.output->append(reinterpret_cast<const char*>(bytes), count);
    } catch (const std::exception&) {
        done = false;
    }
    if (!done) png_error(png, "out of memory");
}

void flush_nothing(png_structp) {}

struct Reader {
    PngState state;
    png_structp png = nullptr;
    png_infop info = nullptr;

    explicit Reader(std::string_view bytes) {
        state.input = bytes;
        png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &state, leave_with_message, ignore_warning);
        if (png != nullptr) info = png_create_info_struct(png);
        if (info == nullptr) {
            png_destroy_read_struct(&png, nullptr, nullptr);
            throw MemoryError({"png", "libpng could not start", "", "", ""});
        }
    }
    ~Reader() { png_destroy_read_struct(&png, &info, nullptr); }
    Reader(const Reader&) = delete;
    Reader& operator=(const Reader&) = delete;
};

bool start(Reader& reader) {
    if (setjmp(png_jmpbuf(reader.png)) != 0) return false;
    png_set_user_limits(reader.png, static_cast<png_uint_32>(kMaxImageSide), static_cast<png_uint_32>(kMaxImageSide));
    png_set_chunk_malloc_max(reader.png, kMaxChunkBytes);
    png_set_read_fn(reader.png, &reader.state, read_bytes);
    png_read_info(reader.png, reader.info);
    png_set_expand(reader.png);
    png_set_scale_16(reader.png);
    png_set_strip_alpha(reader.png);
    png_set_gray_to_rgb(reader.png);
    png_set_interlace_handling(reader.png);
    png_read_update_info(reader.png, reader.info);
    return true;
}

bool read_rows(Reader& reader, png_bytepp rows) {
    if (setjmp(png_jmpbuf(reader.png)) != 0) return false;
    png_read_image(reader.png, rows);
    png_read_end(reader.png, nullptr);
    return true;
}

[[noreturn]] void refuse(const Reader& reader, const std::string& name) {
    throw DataError({name, std::string("damaged PNG: ") + reader.state.message, "", "",
                     "replace the file or take it out of the data set"});
}

struct Writer {
    PngState state;
    png_structp png = nullptr;
    png_infop info = nullptr;

    explicit Writer(std::string& output) {
        state.output = &output;
        png = png_create_write_struct(PNG_LIBPNG_VER_STRING, &state, leave_with_message, ignore_warning);
        if (png != nullptr) info = png_create_info_struct(png);
        if (info == nullptr) {
            png_destroy_write_struct(&png, nullptr);
            throw MemoryError({"png", "libpng could not start", "", "", ""});
        }
    }
    ~Writer() { png_destroy_write_struct(&png, &info); }
    Writer(const Writer&) = delete;
    Writer& operator=(const Writer&) = delete;
};

bool write_all(Writer& writer, const Image& image) {
    if (setjmp(png_jmpbuf(writer.png)) != 0) return false;
    png_set_write_fn(writer.png, &writer.state, write_bytes, flush_nothing);
    png_set_IHDR(writer.png, writer.info, static_cast<png_uint_32>(image.width), static_cast<png_uint_32>(image.height),
                 8, PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    png_set_compression_level(writer.png, 4);
    png_write_info(writer.png, writer.info);
    for (int y = 0; y < image.height; ++y) png_write_row(writer.png, image.row(y));
    png_write_end(writer.png, nullptr);
    return true;
}

std::uint32_t read_u32(std::string_view bytes, std::size_t at) {
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < 4; ++i) value = (value << 8) | static_cast<std::uint8_t>(bytes[at + i]);
    return value;
}

} // namespace

ImageInfo parse_png_header(std::string_view bytes, const std::string& name) {
    constexpr std::size_t kHeaderBytes = 33; // signature 8, IHDR 8 + 13 + 4
    if (bytes.size() < kHeaderBytes || bytes.substr(12, 4) != "IHDR") {
        throw DataError({name, "damaged PNG: no complete header", "", "", "replace the file"});
    }
    const std::uint32_t width = read_u32(bytes, 16);
    const std::uint32_t height = read_u32(bytes, 20);
    constexpr std::uint32_t kLargest = 0x7FFFFFFF; // by the PNG specification
    if (width == 0 || height == 0 || width > kLargest || height > kLargest) {
        throw DataError({name, "damaged PNG: impossible size in the header", "", "", "replace the file"});
    }
    return {static_cast<int>(width), static_cast<int>(height)};
}

Image decode_png(std::string_view bytes, const std::string& name) {
    Reader reader(bytes);
    if (!start(reader)) refuse(reader, name);
    Image image(static_cast<int>(png_get_image_width(reader.png, reader.info)),
                static_cast<int>(png_get_image_height(reader.png, reader.info)));
    const std::size_t row_bytes = png_get_rowbytes(reader.png, reader.info);
    if (row_bytes != static_cast<std::size_t>(image.width) * 3) {
        throw DataError({name, "damaged PNG: pixels cannot be brought to 8-bit RGB", "", "", "convert the file"});
    }
    std::vector<png_bytep> rows;
    for (int y = 0; y < image.height; ++y) rows.push_back(image.row(y));
    if (!read_rows(reader, rows.data())) refuse(reader, name);
    return image;
}

std::string encode_png(const Image& image) {
    BANYAN_CHECK(!image.empty(), "encode_png: empty picture");
    std::string output;
    Writer writer(output);
    if (!write_all(writer, image)) {
        throw MemoryError({"encode_png", std::string("libpng failed: ") + writer.state.message, "", "", ""});
    }
    return output;
}

} // namespace banyan
