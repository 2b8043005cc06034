#pragma once

#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

#include "backbone/pretrained.h"
#include "core/safetensors.h"
#include "model/graph_module.h"

namespace banyan {

struct ImportReport {
    std::vector<std::string> loaded;  ///< parameter names
    std::vector<std::string> ignored; ///< entries of the file
};

/// Copies ImageNet weights from a safetensors file into the module's backbone.
/// @throws IoError; ModelFileError the file is damaged, lacks tensors, has other shapes or values that are not finite,
///         or belongs to another network (lists the first few names). The module is unchanged then.
ImportReport import_pretrained(GraphModule& module, const std::string& path, const BackboneOptions& options);

/// Tensor of its own memory from file bytes.
at::Tensor tensor_from_bytes(const TensorBytes& bytes);
/// View of a tensor's memory. @param tensor contiguous on the CPU; must outlive the view. @throws CheckError
TensorBytes bytes_of(const at::Tensor& tensor);

} // namespace banyan
