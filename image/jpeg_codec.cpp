#include "image/jpeg_codec.h"

#include <csetjmp>
#include <cstdio>
#include <cstdlib>
#include <utility>
#include <vector>

#include <jpeglib.h>
// jpeglib.h must come before its message codes.
#include <jerror.h>

#include "core/check.h"
#include "image/image_codec.h"

namespace banyan {
namespace {

// A small file can ask for thousands of passes over the whole picture; real progressive files have about ten.
constexpr int kMaxScans = 200;

// libjpeg reports through callbacks and leaves by longjmp, which skips destructors: nothing between setjmp and the
// end of decoding owns memory but the objects that the callers hold.
struct JpegErrors {
    jpeg_error_mgr base;
    std::jmp_buf leave;
    char message[JMSG_LENGTH_MAX];
};

JpegErrors& errors_of(j_common_ptr codec) { return *reinterpret_cast<JpegErrors*>(codec->err); }

[[noreturn]] void leave_with_message(j_common_ptr codec) {
    JpegErrors& errors = errors_of(codec);
    codec->err->format_message(codec, errors.message);
    std::longjmp(errors.leave, 1);
}

bool leaves_picture_whole(int code) {
    return code == JWRN_EXTRANEOUS_DATA || code == JWRN_JFIF_MAJOR || code == JWRN_ADOBE_XFORM ||
           code == JWRN_TOO_MUCH_DATA;
}

void handle_message(j_common_ptr codec, int level) {
    if (level < 0 && !leaves_picture_whole(codec->err->msg_code)) leave_with_message(codec);
}

void ignore_output(j_common_ptr) {}

void check_scans(j_common_ptr codec) {
    if (!codec->is_decompressor) return;
    if (reinterpret_cast<j_decompress_ptr>(codec)->input_scan_number <= kMaxScans) return;
    JpegErrors& errors = errors_of(codec);
    std::snprintf(errors.message, sizeof errors.message, "more than %d scans", kMaxScans);
    std::longjmp(errors.leave, 1);
}

void install(JpegErrors& errors) {
    jpeg_std_error(&errors.base);
    errors.base.error_exit = leave_with_message;
    errors.base.emit_message = handle_message;
    errors.base.output_message = ignore_output;
    errors.message[0] = '\0';
}

struct Decoder {
    jpeg_decompress_struct codec{};
    JpegErrors errors{};
    jpeg_progress_mgr progress{};

    Decoder() {
        install(errors);
        codec.err = &errors.base;
    }
    ~Decoder() { jpeg_destroy_decompress(&codec); }
    Decoder(const Decoder&) = delete;
    Decoder& operator=(const Decoder&) = delete;
};

/// False when libjpeg left with a message.
bool start(Decoder& decoder, std::string_view bytes) {
    if (setjmp(decoder.errors.leave) != 0) return false;
    jpeg_create_decompress(&decoder.codec);
    decoder.progress.progress_monitor = check_scans;
    decoder.codec.progress = &decoder.progress;
    jpeg_mem_src(&decoder.codec, reinterpret_cast<const unsigned char*>(bytes.data()),
                 static_cast<unsigned long>(bytes.size()));
    jpeg_read_header(&decoder.codec, TRUE);
    const J_COLOR_SPACE stored = decoder.codec.jpeg_color_space;
    decoder.codec.out_color_space = stored == JCS_CMYK || stored == JCS_YCCK ? JCS_CMYK : JCS_RGB;
    jpeg_start_decompress(&decoder.codec);
    return true;
}

bool read_rows(Decoder& decoder, std::uint8_t* pixels, std::size_t row_bytes) {
    if (setjmp(decoder.errors.leave) != 0) return false;
    while (decoder.codec.output_scanline < decoder.codec.output_height) {
        JSAMPROW row = pixels + decoder.codec.output_scanline * row_bytes;
        jpeg_read_scanlines(&decoder.codec, &row, 1);
    }
    jpeg_finish_decompress(&decoder.codec);
    return true;
}

[[noreturn]] void refuse(const Decoder& decoder, const std::string& name) {
    throw DataError({name, std::string("damaged JPEG: ") + decoder.errors.message, "", "",
                     "replace the file or take it out of the data set"});
}

Image rgb_of_cmyk(const std::vector<std::uint8_t>& cmyk, int width, int height, bool inverted) {
    Image image(width, height);
    const std::size_t pixels = image.rgb.size() / 3;
    for (std::size_t i = 0; i < pixels; ++i) {
        const auto amount = [&](std::size_t c) { return inverted ? cmyk[i * 4 + c] : 255 - cmyk[i * 4 + c]; };
        for (std::size_t c = 0; c < 3; ++c) {
            image.rgb[i * 3 + c] = static_cast<std::uint8_t>((amount(c) * amount(3) + 127) / 255);
        }
    }
    return image;
}

struct Encoder {
    jpeg_compress_struct codec{};
    JpegErrors errors{};
    unsigned char* bytes = nullptr;
    unsigned long size = 0;

    Encoder() {
        install(errors);
        codec.err = &errors.base;
    }
    ~Encoder() {
        jpeg_destroy_compress(&codec);
        std::free(bytes);
    }
    Encoder(const Encoder&) = delete;
    Encoder& operator=(const Encoder&) = delete;
};

bool encode(Encoder& encoder, const Image& image, int quality) {
    if (setjmp(encoder.errors.leave) != 0) return false;
    jpeg_create_compress(&encoder.codec);
    jpeg_mem_dest(&encoder.codec, &encoder.bytes, &encoder.size);
    encoder.codec.image_width = static_cast<JDIMENSION>(image.width);
    encoder.codec.image_height = static_cast<JDIMENSION>(image.height);
    encoder.codec.input_components = 3;
    encoder.codec.in_color_space = JCS_RGB;
    jpeg_set_defaults(&encoder.codec);
    jpeg_set_quality(&encoder.codec, quality, TRUE);
    jpeg_start_compress(&encoder.codec, TRUE);
    while (encoder.codec.next_scanline < encoder.codec.image_height) {
        JSAMPROW row = const_cast<std::uint8_t*>(image.row(static_cast<int>(encoder.codec.next_scanline)));
        jpeg_write_scanlines(&encoder.codec, &row, 1);
    }
    jpeg_finish_compress(&encoder.codec);
    return true;
}

} // namespace

Image decode_jpeg(std::string_view bytes, const std::string& name) {
    Decoder decoder;
    if (!start(decoder, bytes)) refuse(decoder, name);
    const int width = static_cast<int>(decoder.codec.output_width);
    const int height = static_cast<int>(decoder.codec.output_height);
    const auto row_pixels = static_cast<std::size_t>(width);
    if (decoder.codec.out_color_space == JCS_CMYK) {
        std::vector<std::uint8_t> cmyk(row_pixels * static_cast<std::size_t>(height) * 4);
        const bool inverted = decoder.codec.saw_Adobe_marker != 0;
        if (!read_rows(decoder, cmyk.data(), row_pixels * 4)) refuse(decoder, name);
        return rgb_of_cmyk(cmyk, width, height, inverted);
    }
    Image image(width, height);
    if (!read_rows(decoder, image.rgb.data(), row_pixels * 3)) refuse(decoder, name);
    return image;
}

std::string encode_jpeg(const Image& image, int quality) {
    BANYAN_CHECK(!image.empty(), "encode_jpeg: empty picture");
    BANYAN_CHECK(image.width <= JPEG_MAX_DIMENSION && image.height <= JPEG_MAX_DIMENSION, "encode_jpeg: a side over ",
                 JPEG_MAX_DIMENSION, " pixels: ", image.width, " x ", image.height);
    BANYAN_CHECK(quality >= 1 && quality <= 100, "encode_jpeg: quality must be in [1, 100], got ", quality);
    Encoder encoder;
    if (!encode(encoder, image, quality)) {
        throw MemoryError({"encode_jpeg", std::string("libjpeg failed: ") + encoder.errors.message, "", "", ""});
    }
    return {reinterpret_cast<const char*>(encoder.bytes), encoder.size};
}

} // namespace banyan
