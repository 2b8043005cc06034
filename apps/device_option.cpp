#include "apps/device_option.h"

#include <algorithm>

#include "core/error.h"

namespace banyan {

std::string device_option(const boost::program_options::variables_map& options) {
    if (options.count("device") == 0) return "cpu";
    const auto device = options["device"].as<std::string>();
    const std::string number = device.starts_with("cuda:") ? device.substr(5) : "";
    const bool numbered = !number.empty() && number.size() <= 3 &&
                          std::all_of(number.begin(), number.end(), [](char c) { return c >= '0' && c <= '9'; });
    if (device == "cpu" || device == "cuda" || numbered) return device;
    throw UsageError(ErrorText{"--device", "unknown device", "cpu, cuda or cuda:N", "\"" + device + "\"", ""});
}

} // namespace banyan
