#pragma once

namespace banyan {

/// While it lives, convolutions run in bfloat16 (LibTorch's CPU or CUDA autocast) when `enabled`.
class Bf16Autocast {
public:
    explicit Bf16Autocast(bool enabled, bool cuda = false);
    ~Bf16Autocast();
    Bf16Autocast(const Bf16Autocast&) = delete;
    Bf16Autocast& operator=(const Bf16Autocast&) = delete;

private:
    bool enabled_;
    bool cuda_;
    bool was_enabled_ = false;
};

} // namespace banyan
