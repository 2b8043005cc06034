#pragma once

#include <set>
#include <string>

#include "backbone/backbone.h"

namespace banyan {

/// Which tensors of a weights file belong to a backbone. MobileNetV2 and ResNet files use torchvision's names, i.e.
/// ours without "trunk.backbone."; EfficientNet-Lite files (efficientnet_pytorch's names) write
/// "_blocks.3._bn0.weight" for our "blocks.3.bn0.weight".
class PretrainedMap {
public:
    explicit PretrainedMap(const BackboneOptions& options);

    /// True for parameters of the backbone.
    bool covers(const std::string& parameter) const;
    /// Name in the file. @param parameter one that is covered
    std::string file_name_of(const std::string& parameter) const;
    /// True for entries of the whole network that a cut backbone does not use (later blocks, the classifier) and for
    /// step counters; any other unused entry means that the file is of another network.
    bool may_be_ignored(const std::string& file_entry) const;

private:
    BackboneType type_;
    std::string prefix_;
    std::set<std::string> whole_network_; ///< file names of all tensors of the uncut network
};

} // namespace banyan
