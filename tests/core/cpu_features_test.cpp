#include "core/cpu_features.h"

#include <string>

#include <gtest/gtest.h>

namespace banyan {
namespace {

TEST(CpuName, IsNeverEmpty) { EXPECT_FALSE(cpu_name().empty()); }

#if defined(__x86_64__)
TEST(CpuFeatures, AgreeWithTheCompilersQuestions) {
    for (const CpuFeature& feature : cpu_features()) {
        const std::string name = feature.name;
        bool expected = feature.present;
        if (name == "avx2") expected = __builtin_cpu_supports("avx2") != 0;
        if (name == "avx512f") expected = __builtin_cpu_supports("avx512f") != 0;
        if (name == "avx512_bf16") expected = __builtin_cpu_supports("avx512bf16") != 0;
        EXPECT_EQ(feature.present, expected) << name;
    }
}
#endif

TEST(HasFastBf16, FollowsFromTheFeatures) {
    bool expected = false;
    for (const CpuFeature& feature : cpu_features()) {
        const std::string name = feature.name;
        expected = expected || (feature.present && (name == "avx512_bf16" || name == "amx_bf16"));
    }
    EXPECT_EQ(has_fast_bf16(), expected);
}

} // namespace
} // namespace banyan
