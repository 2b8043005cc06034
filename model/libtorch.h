#pragma once

// The part of LibTorch that Banyan uses, for sources: tensors, operators and autograd. <torch/torch.h> also brings
// modules, optimisers, data loaders and the JIT, which double the time of every compilation.
// Headers that need no more than at::Tensor include <ATen/core/Tensor.h>.

#include <torch/autograd.h>
#include <torch/types.h>
#include <torch/utils.h>
