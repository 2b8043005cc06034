#include "combine/channel_choice.h"

#include <limits>

#include "core/assignment.h"
#include "core/check.h"
#include "model/libtorch.h"

namespace banyan {

namespace {

/// One reading while channels are dropped from it.
class Elimination {
public:
    Elimination(const Moments& reading, std::int64_t block, double ridge)
        : block_(block), channels_((reading.gram().size(0) - 1) / block),
          inverse_(at::linalg_inv(with_ridge(reading.gram(), ridge))),
          coefficients_(at::matmul(inverse_, reading.cross())), scatter_(reading.scatter().sum().item<double>()) {}

    /// Rise of the error if a channel went, relative to the scatter, [channels]. Of those gone 0.
    at::Tensor rises() const {
        const std::int64_t features = channels_ * block_;
        const at::Tensor square = inverse_.slice(0, 0, features).slice(1, 0, features);
        const at::Tensor blocks =
            square.reshape({channels_, block_, channels_, block_}).diagonal(0, 0, 2).permute({2, 0, 1});
        const at::Tensor parts = coefficients_.slice(0, 0, features).reshape({channels_, block_, -1});
        return (parts * at::linalg_solve(blocks, parts)).sum({1, 2}) / std::max(scatter_, 1e-300);
    }

    void drop(std::int64_t channel) {
        const std::int64_t first = channel * block_, end = first + block_;
        const at::Tensor column = inverse_.slice(1, first, end).clone();
        const at::Tensor own = column.slice(0, first, end).clone();
        const at::Tensor ratio = at::linalg_solve(own, column.t()).t(); // column * own^-1
        coefficients_ -= at::matmul(ratio, coefficients_.slice(0, first, end).clone());
        inverse_ -= at::matmul(ratio, column.t());
        inverse_.slice(0, first, end).zero_();
        inverse_.slice(1, first, end).zero_();
        coefficients_.slice(0, first, end).zero_();
        inverse_.slice(0, first, end).slice(1, first, end).copy_(at::eye(block_, inverse_.options()));
    }

private:
    std::int64_t block_, channels_;
    at::Tensor inverse_, coefficients_;
    double scatter_;
};

/// Activations with weighted mean 0 and sum of squares 1.
at::Tensor standardised(const at::Tensor& values, const at::Tensor& weight) {
    const at::Tensor share = (weight / weight.sum()).to(at::kDouble).unsqueeze(1);
    const at::Tensor wide = values.to(at::kDouble);
    const at::Tensor centred = (wide - (wide * share).sum(0)) * share.sqrt();
    return centred / centred.square().sum(0).sqrt().clamp_min(1e-12);
}

std::vector<std::size_t> matched_to(const at::Tensor& first, const at::Tensor& other) {
    const at::Tensor correlation = at::matmul(first.t(), other).contiguous();
    const auto rows = static_cast<std::size_t>(correlation.size(0)),
               columns = static_cast<std::size_t>(correlation.size(1));
    const auto* values = correlation.const_data_ptr<double>();
    std::vector<std::vector<double>> cost(rows, std::vector<double>(columns));
    for (std::size_t r = 0; r < rows; ++r) {
        for (std::size_t c = 0; c < columns; ++c) cost[r][c] = -values[r * columns + c];
    }
    return assign(cost);
}

} // namespace

at::Tensor kept_channels(const std::vector<Moments>& readings, std::int64_t block, std::int64_t keep, double ridge) {
    BANYAN_CHECK(!readings.empty(), "channel choice: nothing is read from the channels");
    const std::int64_t channels = (readings.front().gram().size(0) - 1) / block;
    BANYAN_CHECK(1 <= keep && keep <= channels, "channel choice: ", keep, " of ", channels, " channels");
    std::vector<Elimination> eliminations;
    for (const Moments& reading : readings) eliminations.emplace_back(reading, block, ridge);
    at::Tensor gone = at::zeros({channels}, at::kBool);
    for (std::int64_t left = channels; left > keep; --left) {
        at::Tensor rise = at::zeros({channels}, at::kDouble);
        for (const Elimination& elimination : eliminations) rise += elimination.rises();
        rise.masked_fill_(gone, std::numeric_limits<double>::infinity());
        const auto channel = rise.argmin().item<std::int64_t>();
        gone[channel] = true;
        for (Elimination& elimination : eliminations) elimination.drop(channel);
    }
    return gone.logical_not().nonzero().flatten();
}

at::Tensor join_of_kept(const at::Tensor& kept, std::int64_t channels) {
    return at::one_hot(kept, channels).to(at::kDouble);
}

at::Tensor join_of_matched(const std::vector<at::Tensor>& activations, const at::Tensor& weight) {
    const std::int64_t width = activations.front().size(1);
    const auto towers = static_cast<std::int64_t>(activations.size());
    at::Tensor join = at::zeros({width, width * towers}, at::kDouble);
    const at::Tensor first = standardised(activations.front(), weight);
    for (std::int64_t t = 0; t < towers; ++t) {
        const at::Tensor own = standardised(activations[static_cast<std::size_t>(t)], weight);
        const std::vector<std::size_t> match = matched_to(first, own);
        for (std::size_t c = 0; c < match.size(); ++c) {
            join[static_cast<std::int64_t>(c)][t * width + static_cast<std::int64_t>(match[c])] =
                1.0 / static_cast<double>(towers);
        }
    }
    return join;
}

} // namespace banyan
