#include "model/weights_file.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <set>
#include <utility>

#include "core/check.h"
#include "core/error.h"
#include "model/libtorch.h"

namespace banyan {

namespace {

constexpr std::array<std::pair<DType, at::ScalarType>, 10> kDTypes{{{DType::f64, at::kDouble},
                                                                    {DType::f32, at::kFloat},
                                                                    {DType::f16, at::kHalf},
                                                                    {DType::bf16, at::kBFloat16},
                                                                    {DType::i64, at::kLong},
                                                                    {DType::i32, at::kInt},
                                                                    {DType::i16, at::kShort},
                                                                    {DType::i8, at::kChar},
                                                                    {DType::u8, at::kByte},
                                                                    {DType::boolean, at::kBool}}};

/// "a, b, c and 9 more"
std::string first_few(const std::vector<std::string>& names) {
    constexpr std::size_t kShown = 3;
    std::string text;
    for (std::size_t i = 0; i < names.size() && i < kShown; ++i) text += (i == 0 ? "" : ", ") + names[i];
    if (names.size() > kShown) text += " and " + std::to_string(names.size() - kShown) + " more";
    return text;
}

/// Reads everything before it writes anything.
class Import {
public:
    Import(const SafetensorsFile& file, const BackboneOptions& options)
        : file_(file), options_(options), map_(options) {}

    void read(const Graph& graph) {
        std::set<std::string> used;
        for (const auto& [name, parameter] : graph.parameters) {
            if (!map_.covers(name)) continue;
            const std::string entry = map_.file_name_of(name);
            used.insert(entry);
            read_entry(entry, name, parameter);
        }
        BANYAN_CHECK(!used.empty(), "import of ", file_.path(), ": the graph has no parameter of the backbone \"",
                     options_.name, "\"");
        for (const auto& [entry, bytes] : file_.tensors()) {
            if (used.count(entry) > 0) continue;
            (map_.may_be_ignored(entry) ? ignored_ : foreign_).push_back(entry);
        }
        refuse_if(missing_, "lacks tensors");
        refuse_if(misshapen_, "has tensors of other shapes");
        refuse_if(non_finite_, "has tensors with values that are not finite");
        refuse_if(foreign_, "has tensors that do not belong to this network");
    }

    ImportReport write(GraphModule& module) {
        ImportReport report{{}, std::move(ignored_)};
        for (const auto& [name, values] : values_) {
            module.assign(name, values);
            report.loaded.push_back(name);
        }
        return report;
    }

private:
    void read_entry(const std::string& entry, const std::string& name, const Parameter& parameter) {
        const auto found = file_.tensors().find(entry);
        if (found == file_.tensors().end()) {
            missing_.push_back(entry);
            return;
        }
        if (found->second.shape != parameter.shape) {
            misshapen_.push_back(detail::concat_parts(entry, " ", at::IntArrayRef(found->second.shape), " instead of ",
                                                      at::IntArrayRef(parameter.shape)));
            return;
        }
        at::Tensor values = tensor_from_bytes(found->second);
        if (!values.isfinite().all().item<bool>()) non_finite_.push_back(entry);
        values_.emplace_back(name, std::move(values));
    }

    void refuse_if(const std::vector<std::string>& entries, const std::string& problem) const {
        if (entries.empty()) return;
        throw ModelFileError(ErrorText{file_.path(), problem, std::string("weights of ") + backbone_name(options_.type),
                                       first_few(entries), "check the file and the backbone's type and width"});
    }

    const SafetensorsFile& file_;
    const BackboneOptions& options_;
    PretrainedMap map_;
    std::vector<std::pair<std::string, at::Tensor>> values_; ///< by parameter name
    std::vector<std::string> ignored_, foreign_, missing_, misshapen_, non_finite_;
};

} // namespace

ImportReport import_pretrained(GraphModule& module, const std::string& path, const BackboneOptions& options) {
    const SafetensorsFile file = SafetensorsFile::load(path);
    Import import(file, options);
    import.read(module.graph());
    return import.write(module);
}

at::Tensor tensor_from_bytes(const TensorBytes& bytes) {
    const auto dtype =
        std::find_if(kDTypes.begin(), kDTypes.end(), [&](const auto& entry) { return entry.first == bytes.dtype; });
    BANYAN_ASSERT(dtype != kDTypes.end(), "tensor_from_bytes: a dtype without a torch dtype");
    at::Tensor tensor = at::empty(bytes.shape, dtype->second);
    if (tensor.numel() > 0) std::memcpy(tensor.mutable_data_ptr(), bytes.data, bytes.byte_count());
    return tensor;
}

TensorBytes bytes_of(const at::Tensor& tensor) {
    BANYAN_CHECK(tensor.defined() && tensor.device().is_cpu() && tensor.is_contiguous(),
                 "bytes_of: expected a contiguous tensor on the CPU");
    for (const auto& [dtype, torch_dtype] : kDTypes) {
        if (torch_dtype != tensor.scalar_type()) continue;
        return {dtype, tensor.sizes().vec(), static_cast<const std::byte*>(tensor.const_data_ptr())};
    }
    throw CheckError(detail::concat_parts("bytes_of: weights files have no dtype ", tensor.scalar_type()));
}

} // namespace banyan
