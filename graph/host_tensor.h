#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace banyan {

/// A float32 tensor in plain memory, row-major.
struct HostTensor {
    std::vector<std::int64_t> shape;
    std::vector<float> data;

    std::int64_t count() const {
        std::int64_t count = 1;
        for (const std::int64_t extent : shape) count *= extent;
        return count;
    }
    bool operator==(const HostTensor&) const = default;
};

/// Parameter values of a graph by name.
using HostTensors = std::map<std::string, HostTensor>;

} // namespace banyan
