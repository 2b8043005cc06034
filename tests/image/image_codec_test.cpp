#include "image/image_codec.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "core/atomic_file.h"
#include "core/error.h"
#include "encoded_pictures.h"
#include "image/jpeg_codec.h"
#include "support/expect_error.h"
#include "support/shared_data.h"
#include "support/temp_dir.h"

namespace banyan {
namespace {

using test::flat_jpeg;
using test::jpeg_segment;
using test::make_png;
using test::PngParts;
using test::with_exif;
using Pixel = std::array<int, 3>;

/// Smooth in both directions and different in each channel.
Image gradient(int width, int height) {
    Image image(width, height);
    for (int y = 0; y < height; ++y) {
        for (int x = 0; x < width; ++x) {
            std::uint8_t* pixel = image.row(y) + std::ptrdiff_t{x} * 3;
            pixel[0] = static_cast<std::uint8_t>(x * 255 / std::max(1, width - 1));
            pixel[1] = static_cast<std::uint8_t>(y * 255 / std::max(1, height - 1));
            pixel[2] = static_cast<std::uint8_t>((pixel[0] + pixel[1]) / 2);
        }
    }
    return image;
}

Pixel pixel_at(const Image& image, int x, int y) {
    const std::uint8_t* pixel = image.row(y) + std::ptrdiff_t{x} * 3;
    return {pixel[0], pixel[1], pixel[2]};
}

void expect_near(const Pixel& actual, const Pixel& expected, int tolerance) {
    for (std::size_t c = 0; c < 3; ++c) EXPECT_NEAR(actual[c], expected[c], tolerance) << "channel " << c;
}

std::string with_u32(std::string bytes, std::size_t at, std::uint32_t value) {
    for (std::size_t i = 0; i < 4; ++i) bytes[at + i] = static_cast<char>(value >> (24 - 8 * i));
    return bytes;
}

/// The JPEG with another size in its frame header.
std::string with_jpeg_size(std::string bytes, int width, int height) {
    const std::size_t frame = bytes.find("\xFF\xC0");
    EXPECT_NE(frame, std::string::npos);
    for (const auto& [at, value] : {std::pair{frame + 5, height}, std::pair{frame + 7, width}}) {
        bytes[at] = static_cast<char>(value >> 8);
        bytes[at + 1] = static_cast<char>(value & 255);
    }
    return bytes;
}

TEST(ImageCodec, PngKeepsEveryPixel) {
    const Image image = gradient(37, 23);
    const Image read = decode_image(encode_png(image), "a.png");
    EXPECT_EQ(read.width, 37);
    EXPECT_EQ(read.height, 23);
    EXPECT_EQ(read.rgb, image.rgb);
}

TEST(ImageCodec, JpegStaysCloseAndQualityHelps) {
    const Image image = gradient(64, 48);
    const auto error_at = [&](int quality) {
        const Image read = decode_image(encode_jpeg(image, quality), "a.jpg");
        EXPECT_EQ(read.rgb.size(), image.rgb.size());
        double sum = 0;
        for (std::size_t i = 0; i < image.rgb.size(); ++i) sum += std::abs(image.rgb[i] - read.rgb[i]);
        return sum / static_cast<double>(image.rgb.size());
    };
    EXPECT_LT(error_at(95), 3.0);
    EXPECT_LT(error_at(95), error_at(10));
}

TEST(ImageCodec, FilesRoundTripByContentNotByName) {
    const TempDir dir;
    const Image image = gradient(20, 10);
    write_png(dir.file("picture.jpg"), image); // the name lies
    EXPECT_EQ(read_image(dir.file("picture.jpg")).rgb, image.rgb);
    write_jpeg(dir.file("other.jpg"), image, 90);
    EXPECT_EQ(read_image_info(dir.file("other.jpg")).width, 20);
    EXPECT_EQ(check_image(dir.file("other.jpg")).height, 10);
}

TEST(ImageCodec, GreyJpegBecomesRgb) {
    const Image image = decode_image(flat_jpeg(17, 9, JCS_GRAYSCALE, {77}), "grey.jpg");
    EXPECT_EQ(image.width, 17);
    expect_near(pixel_at(image, 16, 8), {77, 77, 77}, 1);
}

TEST(ImageCodec, ProgressiveJpegIsRead) {
    const Image image = decode_image(flat_jpeg(40, 30, JCS_RGB, {200, 40, 90}, true), "p.jpg");
    expect_near(pixel_at(image, 20, 20), {200, 40, 90}, 3);
}

TEST(ImageCodec, AdobeCmykIsInvertedInk) {
    // Stored 255 = no ink: cyan ink full, the others none -> (0, 255, 255).
    const Image cyan = decode_image(flat_jpeg(16, 16, JCS_CMYK, {0, 255, 255, 255}), "cmyk.jpg");
    expect_near(pixel_at(cyan, 8, 8), {0, 255, 255}, 2);
    const Image half_black = decode_image(flat_jpeg(16, 16, JCS_CMYK, {255, 255, 255, 128}), "cmyk.jpg");
    expect_near(pixel_at(half_black, 8, 8), {128, 128, 128}, 2);
}

TEST(ImageCodec, SixteenBitPngIsScaledToEight) {
    const std::vector<std::uint8_t> row{0x12, 0x34, 0xFF, 0xFF, 0x00, 0x00};
    const Image image = decode_image(make_png({1, 2, 16, PNG_COLOR_TYPE_RGB, false, {}, row}), "deep.png");
    expect_near(pixel_at(image, 0, 1), {0x12, 255, 0}, 0);
}

TEST(ImageCodec, PalettePngTakesItsColours) {
    const PngParts parts{2, 1, 8, PNG_COLOR_TYPE_PALETTE, false, {{10, 20, 30}, {200, 100, 50}}, {1, 0}};
    const Image image = decode_image(make_png(parts), "palette.png");
    expect_near(pixel_at(image, 0, 0), {200, 100, 50}, 0);
    expect_near(pixel_at(image, 1, 0), {10, 20, 30}, 0);
}

TEST(ImageCodec, AlphaIsDroppedAndGreyWidened) {
    const Image rgba = decode_image(make_png({1, 1, 8, PNG_COLOR_TYPE_RGB_ALPHA, false, {}, {9, 8, 7, 0}}), "rgba.png");
    expect_near(pixel_at(rgba, 0, 0), {9, 8, 7}, 0);
    const Image grey = decode_image(make_png({1, 1, 8, PNG_COLOR_TYPE_GRAY_ALPHA, false, {}, {50, 128}}), "ga.png");
    expect_near(pixel_at(grey, 0, 0), {50, 50, 50}, 0);
    const Image bits = decode_image(make_png({8, 1, 1, PNG_COLOR_TYPE_GRAY, false, {}, {0b01000000}}), "bits.png");
    expect_near(pixel_at(bits, 1, 0), {255, 255, 255}, 0);
    expect_near(pixel_at(bits, 2, 0), {0, 0, 0}, 0);
}

TEST(ImageCodec, InterlacedPngIsWhole) {
    std::vector<std::uint8_t> row;
    for (int x = 0; x < 9; ++x) row.insert(row.end(), {static_cast<std::uint8_t>(x * 20), 1, 2});
    const Image image = decode_image(make_png({9, 9, 8, PNG_COLOR_TYPE_RGB, true, {}, row}), "i.png");
    expect_near(pixel_at(image, 7, 5), {140, 1, 2}, 0);
}

TEST(ImageCodec, CutOffJpegIsRefusedWhereverItEnds) {
    const std::string whole = encode_jpeg(gradient(64, 64), 90);
    for (std::size_t size = 0; size < whole.size(); size += 7) {
        expect_error<DataError>([&] { decode_image(whole.substr(0, size), "cut.jpg"); }, {"cut.jpg"});
    }
    expect_error<DataError>([&] { decode_image(whole.substr(0, whole.size() - 2), "cut.jpg"); }, {"damaged JPEG"});
}

TEST(ImageCodec, CutOffPngIsRefusedWhereverItEnds) {
    const std::string whole = encode_png(gradient(64, 64));
    for (std::size_t size = 0; size < whole.size(); size += 7) {
        expect_error<DataError>([&] { decode_image(whole.substr(0, size), "cut.png"); }, {"cut.png"});
    }
}

TEST(ImageCodec, FlippedBitOfPngIsRefused) {
    std::string bytes = encode_png(gradient(32, 32));
    bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
    expect_error<DataError>([&] { decode_image(bytes, "flipped.png"); }, {"damaged PNG"});
}

TEST(ImageCodec, HugePictureIsRefusedByItsHeader) {
    const std::string png = encode_png(gradient(4, 4));
    const std::string tall = with_u32(with_u32(png, 16, 32768), 20, 32768);
    expect_error<DataError>([&] { decode_image(tall, "huge.png"); }, {"32768 x 32768", "before decoding"});
    const std::string many_pixels = with_u32(with_u32(png, 16, 16000), 20, 16000);
    expect_error<DataError>([&] { decode_image(many_pixels, "huge.png"); }, {"100 million pixels"});
    const std::string jpeg = with_jpeg_size(encode_jpeg(gradient(8, 8)), 65500, 65500);
    expect_error<DataError>([&] { decode_image(jpeg, "huge.jpg"); }, {"65500 x 65500"});

    const TempDir dir;
    expect_error<DataError>([&] { read_image_info(dir.write("huge.png", tall)); }, {"32768 x 32768"});
    expect_error<DataError>([&] { check_image(dir.write("huge.jpg", jpeg)); }, {"65500 x 65500"});
}

TEST(ImageCodec, EmptySidesAreRefused) {
    const std::string png = with_u32(encode_png(gradient(4, 4)), 16, 0);
    expect_error<DataError>([&] { decode_image(png, "a.png"); }, {"impossible size"});
    const std::string jpeg = with_jpeg_size(encode_jpeg(gradient(8, 8)), 0, 8);
    expect_error<DataError>([&] { decode_image(jpeg, "a.jpg"); }, {"0 x 8"});
}

TEST(ImageCodec, OtherTypesAreNamed) {
    expect_error<DataError>([] { decode_image("", "a"); }, {"an empty file"});
    expect_error<DataError>([] { decode_image("GIF89a...", "a"); }, {"a GIF", "JPEG or PNG"});
    expect_error<DataError>([] { decode_image(std::string("RIFF\1\2\3\4WEBPVP8 ", 16), "a"); }, {"a WebP"});
    expect_error<DataError>([] { decode_image("RIFF", "a"); }, {"something else"});
    expect_error<DataError>([] { decode_image("<html>not found</html>", "a"); }, {"something else"});
    expect_error<DataError>([] { decode_image("abc", "a"); }, {"something else"});
}

TEST(ImageCodec, GarbageBehindTheMagicIsRefused) {
    std::string noise(5000, '\0');
    for (std::size_t i = 0; i < noise.size(); ++i) noise[i] = static_cast<char>((i * 2654435761U) >> 13);
    expect_error<DataError>([&] { decode_image("\xFF\xD8\xFF" + noise, "noise.jpg"); }, {"noise.jpg"});
    expect_error<DataError>([&] { decode_image("\x89PNG\r\n\x1A\n" + noise, "noise.png"); }, {"noise.png"});
}

TEST(ImageCodec, MissingFileAndFolderAreIoErrors) {
    const TempDir dir;
    for (const auto& path : {dir.file("none.jpg"), dir.path()}) {
        expect_error<IoError>([&] { read_image(path); }, {path});
        expect_error<IoError>([&] { read_image_info(path); }, {path});
    }
}

TEST(ImageCodec, ExifTurnsOnlyOnDemand) {
    Image corner(32, 16); // red block at the top left
    for (int y = 0; y < 8; ++y) {
        for (int x = 0; x < 8; ++x) corner.row(y)[x * 3] = 255;
    }
    const std::string jpeg = encode_jpeg(corner, 95);
    // Where the stored top left corner is shown, for each orientation (EXIF 2.3, tag 0x0112).
    const std::vector<std::array<bool, 2>> right_bottom = {{false, false}, {true, false}, {true, true}, {false, true},
                                                           {false, false}, {true, false}, {true, true}, {false, true}};
    for (int orientation = 1; orientation <= 8; ++orientation) {
        for (const bool big_endian : {false, true}) {
            const std::string bytes = with_exif(jpeg, static_cast<std::uint8_t>(orientation), big_endian);
            EXPECT_EQ(decode_image(bytes, "e.jpg").width, 32) << orientation;
            const Image shown = decode_image(bytes, "e.jpg", {.apply_exif_orientation = true});
            EXPECT_EQ(shown.width, orientation >= 5 ? 16 : 32) << orientation;
            const auto [right, bottom] = right_bottom[static_cast<std::size_t>(orientation) - 1];
            const int x = right ? shown.width - 4 : 3;
            const int y = bottom ? shown.height - 4 : 3;
            EXPECT_GT(pixel_at(shown, x, y)[0], 200) << orientation;
        }
    }
}

TEST(ImageCodec, BrokenExifMeansNoTurn) {
    const std::string jpeg = encode_jpeg(gradient(32, 16));
    const Image image = decode_image(with_exif(jpeg, 99, true), "e.jpg", {.apply_exif_orientation = true});
    EXPECT_EQ(image.width, 32);
    for (const std::string tiff : {"", "II*", "XX*\0\0\0\0\0", "II*\0\xFF\xFF\xFF\xFF"}) {
        EXPECT_EQ(parse_exif_orientation(tiff), 1);
    }
}

TEST(ImageCodec, FrameHeaderBehindLongBlocksIsFound) {
    const TempDir dir;
    const std::string jpeg = encode_jpeg(gradient(33, 22));
    for (const int blocks : {1, 4}) { // beyond the short and beyond the long first read
        std::string padded = jpeg.substr(0, 2);
        for (int i = 0; i < blocks; ++i) padded += jpeg_segment(0xE2, std::string(60000, 'x'));
        const ImageInfo info = read_image_info(dir.write("padded.jpg", padded + jpeg.substr(2)));
        EXPECT_EQ(info.width, 33);
        EXPECT_EQ(info.height, 22);
    }
}

TEST(ImageCodec, CheckFindsCutFilesAndAcceptsBytesBehindTheEnd) {
    const TempDir dir;
    const std::string jpeg = encode_jpeg(gradient(64, 64));
    const std::string png = encode_png(gradient(64, 64));
    for (const std::string& whole : {jpeg, png}) {
        const std::string cut = dir.write("cut", whole.substr(0, whole.size() * 2 / 3));
        EXPECT_EQ(read_image_info(cut).width, 64); // the header alone does not tell
        expect_error<DataError>([&] { check_image(cut); }, {"damaged", "cut"});
        EXPECT_EQ(check_image(dir.write("longer", whole + "appended by a phone")).width, 64);
    }
}

TEST(ImageCodec, OneChannelPictureOfCoco128IsRead) {
    const std::string path = shared_path("data/coco128/train2017/000000000086.jpg");
    if (!std::filesystem::exists(path)) GTEST_SKIP() << "needs data/coco128";
    const Image image = read_image(path);
    const Pixel pixel = pixel_at(image, image.width / 2, image.height / 2);
    EXPECT_EQ(pixel[0], pixel[1]);
    EXPECT_EQ(pixel[1], pixel[2]);
}

} // namespace
} // namespace banyan
