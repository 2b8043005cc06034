#pragma once

#include <cstdint>
#include <vector>

#include <ATen/core/Tensor.h>

#include "combine/least_squares.h"

namespace banyan {

/// Which channels of towers side by side become the channels of one tower. Written as a join matrix
/// [merged channels, all channels]: what each merged channel is to give, as weights of the towers' channels.

/// Keeps those channels without which everything that is read from them, linearly, can be told best: one channel after
/// the other is dropped, each time the one whose loss raises the sum of squared errors least while the others take
/// over its part. This is exact backward elimination by the inverse of the Gram matrix, as in "Optimal Brain Surgeon"
/// (B. Hassibi and D. G. Stork, 1992) for one linear layer; a channel that another one copies goes first.
/// @param readings problems whose features are the channels, `block` features each; errors of each count relative to
///                 the scatter of its targets @param keep <= channels
/// @return the kept channels, ascending, [keep] int64
at::Tensor kept_channels(const std::vector<Moments>& readings, std::int64_t block, std::int64_t keep, double ridge);

/// Join matrix of single channels. @param kept [W] int64 @param channels in all
at::Tensor join_of_kept(const at::Tensor& kept, std::int64_t channels);

/// Matches the channels of every tower to those of the first by the correlation of their activations, and averages
/// what was matched. @param activations of each tower, [n, W], all of one W @param weight [n] of the rows
at::Tensor join_of_matched(const std::vector<at::Tensor>& activations, const at::Tensor& weight);

} // namespace banyan
