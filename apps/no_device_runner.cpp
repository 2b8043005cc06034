#include "apps/device_runner.h"
#include "core/error.h"

namespace banyan {

RunnerMaker device_runner(const std::string& device) {
    if (device == "cpu") return {};
    throw UsageError(ErrorText{"--device " + device, "this program runs networks on the processor only", "cpu", "",
                               "start it through `banyan`"});
}

} // namespace banyan
