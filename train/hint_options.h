#pragma once

#include <string>

namespace banyan {

enum class HintKind {
    l2,      ///< the values themselves
    pearson, ///< what correlates with them, whatever its scale and offset
    channel  ///< where in the picture each channel is high
};

/// A value of a teacher's trunk that one of the network's is to become like (train/hint_losses.h).
struct HintOptions {
    std::string value;         ///< name of the network's value, below "trunk."
    std::string teacher_value; ///< name of the teacher's
    HintKind kind = HintKind::pearson;
    double weight = 1.0;      ///< of its loss against those of the branches (0, 1000]
    double temperature = 1.0; ///< of channel [0.1, 100]
    /// A convolution 1x1 with bias, learned along, between the network's value and what is compared. Without it both
    /// need one number of channels.
    bool adaptor = true;
    bool operator==(const HintOptions&) const = default;
};

} // namespace banyan
