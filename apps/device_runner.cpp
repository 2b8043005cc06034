#include "apps/device_runner.h"

#include <utility>

#include "model/torch_runner.h"

namespace banyan {

RunnerMaker device_runner(const std::string& device) {
    if (device == "cpu") return {};
    return [on = device_named(device)](GraphWithValues network, const RunnerOptions& options) {
        return std::make_unique<TorchRunner>(std::move(network), options, on, dtype_for(options.bf16, on));
    };
}

} // namespace banyan
