#include "engine/plain_kernels.h"

#include <cmath>
#include <cstring>
#include <utility>
#include <vector>

#include <omp.h>

#include "core/check.h"
#include "engine/bfloat16.h"

namespace banyan {

namespace {

class Upsampling : public Kernel {
public:
    Upsampling(const ValueMemory& from, const ValueMemory& to) : from_(from), to_(to), threads_(omp_get_max_threads()) {
        BANYAN_CHECK(from.storage == to.storage, "engine: upsampling keeps the storage of its input");
    }

    void run(const dnnl::stream&) override {
        const std::int64_t rows = to_.batch * to_.shape.height;
#pragma omp parallel for num_threads(threads_)
        for (std::int64_t row = 0; row < rows; ++row) copy_row(row / to_.shape.height, row % to_.shape.height);
    }

    std::string implementation() const override { return "upsample"; }

private:
    void copy_row(std::int64_t image, std::int64_t y) const {
        const ValueShape &in = from_.shape, &out = to_.shape;
        const std::size_t cell = static_cast<std::size_t>(out.channels) * bytes_of(to_.storage.type);
        const std::int64_t source_row = image * in.height + y * in.height / out.height;
        std::byte* target = to_.data + static_cast<std::size_t>((image * out.height + y) * out.width) * cell;
        for (std::int64_t x = 0; x < out.width; ++x, target += cell) {
            const std::int64_t source = source_row * in.width + x * in.width / out.width;
            std::memcpy(target, from_.data + static_cast<std::size_t>(source) * cell, cell);
        }
    }

    ValueMemory from_, to_;
    int threads_;
};

class ChannelSelection : public Kernel {
public:
    ChannelSelection(const ValueMemory& from, const ValueMemory& to, const SelectChannelsAttributes& select)
        : from_(from), to_(to), threads_(omp_get_max_threads()) {
        BANYAN_CHECK(from.storage == to.storage, "engine: a selection of channels keeps the storage of its input");
        for (const std::int64_t channel : select.channels) sources_.push_back(static_cast<std::size_t>(channel));
    }

    void run(const dnnl::stream&) override {
        switch (bytes_of(to_.storage.type)) {
        case 4: return copy<std::uint32_t>();
        case 2: return copy<std::uint16_t>();
        default: return copy<std::uint8_t>();
        }
    }

    std::string implementation() const override { return "select_channels"; }

private:
    template <typename Number>
    void copy() const {
        const auto width = static_cast<std::size_t>(from_.shape.channels);
        const std::int64_t pixels = to_.batch * to_.shape.height * to_.shape.width;
#pragma omp parallel for num_threads(threads_)
        for (std::int64_t pixel = 0; pixel < pixels; ++pixel) {
            const auto place = static_cast<std::size_t>(pixel);
            const auto* source = reinterpret_cast<const Number*>(from_.data) + place * width;
            auto* target = reinterpret_cast<Number*>(to_.data) + place * sources_.size();
            for (std::size_t c = 0; c < sources_.size(); ++c) target[c] = source[sources_[c]];
        }
    }

    ValueMemory from_, to_;
    std::vector<std::size_t> sources_; ///< by channel of the result
    int threads_;
};

float load(const std::byte* data, NumberType type, std::int64_t index) {
    if (type == NumberType::f32) return reinterpret_cast<const float*>(data)[index];
    return from_bfloat16(reinterpret_cast<const std::uint16_t*>(data)[index]);
}

void store(std::byte* data, NumberType type, std::int64_t index, float number) {
    if (type == NumberType::f32) {
        reinterpret_cast<float*>(data)[index] = number;
    } else {
        reinterpret_cast<std::uint16_t*>(data)[index] = to_bfloat16(number);
    }
}

class GroupNormKernel : public Kernel {
public:
    GroupNormKernel(const ValueMemory& from, const ValueMemory& to, const GroupNormAttributes& norm,
                    std::vector<float> weight, std::vector<float> bias)
        : from_(from), to_(to), norm_(norm), weight_(std::move(weight)), bias_(std::move(bias)),
          threads_(omp_get_max_threads()) {}

    void run(const dnnl::stream&) override {
        const std::int64_t parts = from_.batch * norm_.groups;
#pragma omp parallel for num_threads(threads_)
        for (std::int64_t part = 0; part < parts; ++part) normalise(part / norm_.groups, part % norm_.groups);
    }

    std::string implementation() const override { return "group_norm"; }

private:
    void normalise(std::int64_t image, std::int64_t group) const {
        const std::int64_t channels = from_.shape.channels, pixels = from_.shape.height * from_.shape.width;
        const std::int64_t width = channels / norm_.groups, first = group * width;
        const auto index = [&](std::int64_t pixel, std::int64_t channel) {
            return (image * pixels + pixel) * channels + first + channel;
        };
        double sum = 0, squares = 0;
        for (std::int64_t p = 0; p < pixels; ++p) {
            for (std::int64_t c = 0; c < width; ++c) sum += double{load(from_.data, from_.storage.type, index(p, c))};
        }
        const auto count = static_cast<double>(pixels * width);
        const double mean = sum / count;
        for (std::int64_t p = 0; p < pixels; ++p) {
            for (std::int64_t c = 0; c < width; ++c) {
                const double distance = double{load(from_.data, from_.storage.type, index(p, c))} - mean;
                squares += distance * distance;
            }
        }
        const double factor = 1 / std::sqrt(squares / count + norm_.eps);
        for (std::int64_t p = 0; p < pixels; ++p) {
            for (std::int64_t c = 0; c < width; ++c) {
                const auto channel = static_cast<std::size_t>(first + c);
                const double number = (double{load(from_.data, from_.storage.type, index(p, c))} - mean) * factor;
                store(to_.data, to_.storage.type, index(p, c),
                      static_cast<float>(number) * weight_[channel] + bias_[channel]);
            }
        }
    }

    ValueMemory from_, to_;
    GroupNormAttributes norm_;
    std::vector<float> weight_, bias_;
    int threads_;
};

} // namespace

std::unique_ptr<Kernel> make_upsampling(const ValueMemory& from, const ValueMemory& to) {
    return std::make_unique<Upsampling>(from, to);
}

std::unique_ptr<Kernel> make_channel_selection(const ValueMemory& from, const ValueMemory& to,
                                               const SelectChannelsAttributes& select) {
    return std::make_unique<ChannelSelection>(from, to, select);
}

std::unique_ptr<Kernel> make_group_norm(const ValueMemory& from, const ValueMemory& to, const GroupNormAttributes& norm,
                                        const WeightStore& weights) {
    return std::make_unique<GroupNormKernel>(from, to, norm, weights.numbers(norm.parameters + ".weight"),
                                             weights.numbers(norm.parameters + ".bias"));
}

} // namespace banyan
