#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "train/balance_options.h"
#include "train/teacher_options.h"

namespace banyan {

enum class OptimizerKind { adamw, sgd };
enum class TrunkNorm {
    frozen, ///< the backbone's batch norms keep their imported statistics and affine parts
    batch,  ///< plain batch statistics
    dataset ///< batch statistics of each data set by itself in the whole trunk (train/trunk_norm.h)
};
enum class Unlabelled {
    masked,    ///< unknown is never background (the point of this program)
    background ///< the naive baseline: what a data set does not label counts as background
};
enum class Precision {
    automatic, ///< bf16 where the processor has AVX512-BF16 or AMX, else fp32
    fp32,
    bf16 ///< convolutions in bfloat16 (autocast), parameters and losses in float32
};

enum class ClipScope {
    global, ///< the norm of all gradients together
    branch  ///< the trunk's, and each branch's own, apart
};
/// What becomes of a step with a loss or gradient that is not finite.
enum class NonFinitePolicy {
    stop, ///< it ends the run
    skip  ///< it is left out, counted and warned of
};

/// How a network is trained. The defaults are the ones that docs/results.md measures.
struct TrainOptions {
    std::int64_t steps = 3000; ///< optimiser steps [1, 10^7]
    OptimizerKind optimizer = OptimizerKind::adamw;
    double lr = 1.5e-3;              ///< peak learning rate (0, 10]
    double backbone_lr_scale = 0.2;  ///< of the backbone's parameters against the rest of the trunk [0, 10]
    double trunk_lr_scale = 1.0;     ///< of the trunk's parameters against the branches' [0, 10]; 0 freezes the trunk
    double weight_decay = 0.05;      ///< decoupled; not for norms, biases and scales [0, 1]
    double momentum = 0.9;           ///< sgd [0, 1)
    double beta2 = 0.999;            ///< adamw [0, 1)
    std::int64_t warmup_steps = 150; ///< linear from 0 to lr
    double final_lr_scale = 0.01;    ///< cosine down to this share of lr [0, 1]
    double ema_decay = 0.998;        ///< average of the parameters, used for eval and saving; 0 = off [0, 1)
    double clip_norm = 10.0;         ///< largest gradient norm; 0 = off
    ClipScope clip = ClipScope::global;
    BalanceOptions balance;
    std::int64_t conflict_every = 0; ///< steps between measurements of the branches' gradient conflicts; 0 = never
    NonFinitePolicy non_finite = NonFinitePolicy::stop;
    std::int64_t non_finite_limit = 10; ///< skip: so many steps in a row stop the run [1, 10^6]
    TrunkNorm trunk_norm = TrunkNorm::frozen;
    Unlabelled unlabelled = Unlabelled::masked;
    Precision precision = Precision::automatic;
    bool channels_last = true;
    bool keep_pages = true; ///< the allocator keeps freed pages (model/allocator.h)
    int threads = 0;        ///< of LibTorch's kernels; 0 = all cores
    std::uint64_t seed = 1;
    std::string pretrained; ///< weights of the backbone; "" = start values
    std::string init;       ///< model file that the whole network starts from; "" = none
    /// Tasks that learn; empty = all. The branches of the others are idle: they keep every bit (docs/masking.md).
    std::vector<std::string> learn{};
    std::vector<TeacherOptions> teachers{};
    std::int64_t eval_every = 500;       ///< steps between evaluations; 0 = only at the end
    std::int64_t checkpoint_every = 500; ///< 0 = only at the end or on a signal
    std::int64_t log_every = 20;         ///< steps between lines of metrics.jsonl
};

/// What `automatic` means on this machine.
bool use_bf16(Precision precision);

} // namespace banyan
