#include "core/cpu_features.h"

#include <fstream>
#include <sstream>

namespace banyan {

namespace {

/// Value of the first line of /proc/cpuinfo that begins with `key`; "" where there is none.
std::string cpuinfo_entry(const std::string& key) {
    std::ifstream info("/proc/cpuinfo");
    for (std::string line; std::getline(info, line);) {
        const std::size_t colon = line.find(": ");
        if (line.rfind(key, 0) == 0 && colon != std::string::npos) return line.substr(colon + 2);
    }
    return "";
}

} // namespace

std::string cpu_name() {
    const std::string name = cpuinfo_entry("model name");
    return name.empty() ? "unknown" : name;
}

std::vector<CpuFeature> cpu_features() {
#if defined(__x86_64__)
    // The kernel's flags, not CPUID: they leave out what the system does not let programs use.
    std::istringstream words(cpuinfo_entry("flags"));
    std::vector<CpuFeature> features{{"avx2", false},     {"fma", false},         {"avx512f", false},
                                     {"avx_vnni", false}, {"avx512_vnni", false}, {"avx512_bf16", false},
                                     {"amx_int8", false}, {"amx_bf16", false}};
    for (std::string word; words >> word;) {
        for (CpuFeature& feature : features) feature.present = feature.present || word == feature.name;
    }
    return features;
#else
    return {};
#endif
}

bool has_fast_bf16() {
    for (const CpuFeature& feature : cpu_features()) {
        const std::string name = feature.name;
        if (feature.present && (name == "avx512_bf16" || name == "amx_bf16")) return true;
    }
    return false;
}

} // namespace banyan
