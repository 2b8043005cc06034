#pragma once

#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "core/atomic_file.h"
#include "core/random.h"
#include "graph/graph.h"
#include "tests/support/temp_dir.h"

namespace banyan::test {

inline const std::string kOnnxInterpreter = BANYAN_SOURCE_DIR "/.deps/test-venv/bin/python3";
constexpr const char* kOnnxRuntimeIsMissing =
    "the Python packages that run ONNX files are not there; scripts/test.sh installs them";

inline bool has_onnx_runtime() { return std::filesystem::exists(kOnnxInterpreter); }

/// So many bytes of a picture.
inline std::vector<std::uint8_t> random_pixels(std::int64_t count, std::uint64_t seed) {
    Random random(seed);
    std::vector<std::uint8_t> pixels;
    for (std::int64_t i = 0; i < count; ++i) pixels.push_back(static_cast<std::uint8_t>(random.integer(0, 255)));
    return pixels;
}

/// [N, H, W, C] -> float32 [N, C, H, W]
template <typename Number>
std::vector<float> channels_first(const Number* data, std::int64_t batch, const ValueShape& shape) {
    std::vector<float> result;
    const std::int64_t pixels = shape.height * shape.width;
    for (std::int64_t n = 0; n < batch; ++n) {
        for (std::int64_t c = 0; c < shape.channels; ++c) {
            for (std::int64_t p = 0; p < pixels; ++p) {
                result.push_back(static_cast<float>(data[(n * pixels + p) * shape.channels + c]));
            }
        }
    }
    return result;
}

/// What ONNX Runtime makes of the input: all outputs, or the values of these names, one after the other.
inline std::vector<float> run_onnx(const std::string& model_bytes, const std::vector<float>& input,
                                   const std::vector<std::string>& values = {}) {
    const TempDir folder;
    const std::string model = folder.write("model.onnx", model_bytes);
    const std::string numbers =
        folder.write("input.bin", {reinterpret_cast<const char*>(input.data()), input.size() * sizeof(float)});
    const std::string results = folder.file("output.bin");
    std::string command = "'" + kOnnxInterpreter + "' '" BANYAN_SOURCE_DIR "/tests/engine/run_onnx.py' '" + model +
                          "' '" + numbers + "' '" + results + "'";
    for (const std::string& value : values) command += " '" + value + "'";
    if (std::system(command.c_str()) != 0) throw std::runtime_error("failed: " + command);
    const std::string bytes = read_file(results);
    std::vector<float> outputs(bytes.size() / sizeof(float));
    std::memcpy(outputs.data(), bytes.data(), bytes.size());
    return outputs;
}

/// All finite, not all 0, and apart by at most `tolerance` of the largest.
inline void expect_near(std::span<const float> found, std::span<const float> expected, float tolerance,
                        const std::string& name) {
    ASSERT_EQ(found.size(), expected.size()) << name;
    float largest = 0, distance = 0;
    for (std::size_t i = 0; i < expected.size(); ++i) {
        ASSERT_TRUE(std::isfinite(found[i]) && std::isfinite(expected[i])) << name;
        largest = std::max(largest, std::abs(expected[i]));
        distance = std::max(distance, std::abs(found[i] - expected[i]));
    }
    EXPECT_GT(largest, 0) << name;
    EXPECT_LE(distance, tolerance * largest) << name;
}

} // namespace banyan::test
