#pragma once

#include <string>
#include <vector>

namespace banyan {

/// One thing a processor may be able to do that decides how fast a network runs.
struct CpuFeature {
    const char* name; ///< "avx2", "avx512_bf16", …
    bool present;
};

/// Model name of the processor; "unknown" where the system does not tell.
std::string cpu_name();

/// The features that matter here, weakest first. Only x86-64 is told apart; elsewhere the list is empty.
std::vector<CpuFeature> cpu_features();

/// True where bfloat16 convolutions are faster than float32 ones: AVX512-BF16 or AMX-BF16.
bool has_fast_bf16();

} // namespace banyan
