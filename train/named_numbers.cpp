#include "train/named_numbers.h"

#include <ATen/ATen.h>

#include "core/check.h"
#include "core/error.h"

namespace banyan {

void add_tensors(const NamedNumbers& numbers, const std::string& prefix, std::map<std::string, at::Tensor>& tensors) {
    for (const auto& [name, list] : numbers)
        tensors[prefix + name] = at::tensor(at::ArrayRef<double>(list), at::kDouble);
}

NamedNumbers numbers_below(const std::string& prefix, std::size_t size,
                           const std::map<std::string, at::Tensor>& tensors) {
    NamedNumbers numbers;
    for (const auto& [name, tensor] : tensors) {
        if (!name.starts_with(prefix)) continue;
        const auto wanted = static_cast<std::int64_t>(size);
        if (tensor.scalar_type() != at::kDouble || tensor.sizes() != at::IntArrayRef{wanted}) {
            throw ModelFileError(ErrorText{
                "checkpoint: \"" + name + "\"", "does not fit this version", detail::concat_parts("F64 [", size, "]"),
                detail::concat_parts(tensor.sizes()), "start the run again without --resume"});
        }
        const at::Tensor plain = tensor.contiguous();
        const double* first = plain.const_data_ptr<double>();
        numbers[name.substr(prefix.size())] = {first, first + size};
    }
    return numbers;
}

} // namespace banyan
