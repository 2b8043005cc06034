#include "quant/calibration.h"

#include <algorithm>
#include <span>
#include <utility>

#include "core/check.h"

namespace banyan {

namespace {

/// What the first pass collects.
struct FirstPass {
    ValueRange range;
    std::vector<double> sums; ///< by channel
    std::int64_t pixels = 0;

    void add(std::span<const float> numbers, std::size_t channels) {
        range.add(numbers);
        sums.resize(channels, 0.0);
        for (std::size_t i = 0; i < numbers.size(); i += channels) {
            for (std::size_t c = 0; c < channels; ++c) sums[c] += double{numbers[i + c]};
        }
        pixels += static_cast<std::int64_t>(numbers.size() / channels);
    }
};

std::size_t channels_of(const Graph& graph, const std::string& value) {
    const auto id = graph.find_value(value);
    BANYAN_CHECK(id.has_value(), "calibration: the network has no value \"", value, "\"");
    return static_cast<std::size_t>(graph.value(*id).shape.channels);
}

} // namespace

std::vector<std::uint8_t> picture_batch(const CalibrationPictures& pictures, std::size_t count) {
    BANYAN_CHECK(pictures.count > 0, "calibration: no pictures");
    count = std::min(count, pictures.count);
    std::vector<std::uint8_t> pixels;
    for (std::size_t i = 0; i < count; ++i) {
        const std::vector<std::uint8_t> picture = pictures.pixels(i * pictures.count / count);
        pixels.insert(pixels.end(), picture.begin(), picture.end());
    }
    return pixels;
}

std::map<std::string, ValueStatistics> calibrate(Engine& engine, const std::vector<std::string>& values,
                                                 const CalibrationPictures& pictures,
                                                 const std::function<void()>& each) {
    BANYAN_CHECK(pictures.count > 0, "calibration: no pictures");
    std::map<std::string, std::size_t> channels;
    for (const std::string& value : values) channels[value] = channels_of(engine.graph(), value);

    std::map<std::string, FirstPass> first;
    for (std::size_t i = 0; i < pictures.count; ++i) {
        engine.run_observed(pictures.pixels(i).data(), [&](const std::string& value, std::span<const float> numbers) {
            if (const auto found = channels.find(value); found != channels.end()) {
                first[value].add(numbers, found->second);
            }
        });
        each();
    }
    std::map<std::string, ValueStatistics> statistics;
    for (const std::string& value : values) {
        BANYAN_CHECK(first.contains(value), "calibration: the engine does not store value \"", value, "\"");
        FirstPass& seen = first[value];
        for (double& sum : seen.sums) sum /= static_cast<double>(seen.pixels);
        statistics.emplace(value, ValueStatistics{Histogram(value, seen.range), std::move(seen.sums)});
    }
    for (std::size_t i = 0; i < pictures.count; ++i) {
        engine.run_observed(pictures.pixels(i).data(), [&](const std::string& value, std::span<const float> numbers) {
            if (const auto found = statistics.find(value); found != statistics.end()) {
                found->second.histogram.add(numbers);
            }
        });
        each();
    }
    return statistics;
}

} // namespace banyan
