#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

namespace banyan {

/// Small state that goes into a checkpoint: named lists of numbers.
using NamedNumbers = std::map<std::string, std::vector<double>>;

/// Each list as a float64 tensor, its name behind `prefix`.
void add_tensors(const NamedNumbers& numbers, const std::string& prefix, std::map<std::string, at::Tensor>& tensors);

/// The lists whose names begin with `prefix`, without it. @throws ModelFileError a tensor that is not float64 [size]
NamedNumbers numbers_below(const std::string& prefix, std::size_t size,
                           const std::map<std::string, at::Tensor>& tensors);

} // namespace banyan
