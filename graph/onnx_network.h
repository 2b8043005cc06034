#pragma once

#include <array>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "graph/fold_batch_norm.h"
#include "graph/onnx_view.h"

namespace banyan {

/// Numbers that a network takes from the file, by the ends of their names: ".weight", ".bias", ….
using NamedNumbers = std::map<std::string, HostTensor>;

/// A graph of ours in the making, from an ONNX file's operators.
class OnnxNetwork {
public:
    OnnxNetwork(std::int64_t height, std::int64_t width);

    const Graph& graph() const { return graph_; }
    const ValueShape& shape(const OnnxView& view) const { return graph_.value(view.source).shape; }

    /// A view of the same places in which the numbers of the source are in order: what was taken of it is copied by a
    /// node of its own, a selection of channels or an upsampling. Padding stays.
    /// @throws ModelFileError rows or columns were taken otherwise than an upsampling does
    OnnxView settled(const OnnxView& view);
    /// The settled view's source for an operator that needs [1, C, H, W].
    /// @throws ModelFileError the axes are others, or the view is padded
    ValueId as_map(const OnnxView& view);

    /// Appends a node with parameters that no other node has.
    /// @throws ShapeError, CheckError inputs or attributes do not fit
    ValueId append(const std::string& name, Attributes attributes, const std::vector<ValueId>& inputs,
                   NamedNumbers numbers = {});
    /// Nearest neighbours of a map of that size, >= its own. The node takes its size from the last value that has it.
    /// @throws ModelFileError no value has it
    ValueId enlarge(const std::string& name, ValueId map, std::int64_t height, std::int64_t width);
    /// A prefix for the parameters of the file's tensors `sources`: nodes that read the same ones share them, the first
    /// one brings the numbers.
    std::string shared_parameters(const std::vector<std::string>& sources, const std::string& otherwise,
                                  const NamedNumbers& numbers);

    /// x * factor + offset by channels, one number each: joined to the norm or convolution that makes x if nobody else
    /// reads x or shares its parameters, else as a convolution of its own. Of the picture: kept for mean() and std().
    OnnxView scaled(const OnnxView& view, const std::string& name, const std::vector<float>& factors,
                    const std::vector<float>& offsets);
    /// The picture is (x - mean) / std, RGB.
    const std::array<double, 3>& mean() const { return mean_; }
    const std::array<double, 3>& std() const { return std_; }
    void set_normalisation(const std::array<double, 3>& mean, const std::array<double, 3>& std);

    /// The graph with these outputs, verified, without what they do not need.
    GraphWithValues finish(const std::map<std::string, ValueId>& outputs) const;

private:
    bool normalise_picture(const OnnxView& view, const std::vector<float>& factors, const std::vector<float>& offsets);
    bool join(Node& node, const std::vector<float>& factors, const std::vector<float>& offsets);
    OnnxView selected(const OnnxView& view);
    OnnxView enlarged(const OnnxView& view);
    std::string new_name(const std::string& wanted);
    std::string new_prefix(const std::string& wanted);

    Graph graph_;
    HostTensors tensors_;
    std::set<std::string> names_, prefixes_;
    std::map<std::vector<std::string>, std::string> shared_; ///< prefix by names of the file's tensors
    std::map<std::string, int> users_;                       ///< nodes by prefix
    std::map<std::pair<ValueId, std::vector<std::int64_t>>, ValueId> selections_;
    std::size_t number_count_ = 0; ///< of all tensors
    std::array<double, 3> mean_{0, 0, 0}, std_{1, 1, 1};
};

/// @throws ModelFileError "problem; expected …; next_step", for what an operator asks and this importer cannot do
[[noreturn]] void refuse_onnx(const std::string& problem, const std::string& supported = "",
                              const std::string& next_step = "");

} // namespace banyan
