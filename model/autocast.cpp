#include "model/autocast.h"

#include <ATen/autocast_mode.h>

namespace banyan {

namespace {

at::DeviceType device_type(bool cuda) { return cuda ? at::kCUDA : at::kCPU; }

} // namespace

Bf16Autocast::Bf16Autocast(bool enabled, bool cuda) : enabled_(enabled), cuda_(cuda) {
    if (!enabled_) return;
    was_enabled_ = at::autocast::is_autocast_enabled(device_type(cuda_));
    at::autocast::increment_nesting();
    at::autocast::set_autocast_enabled(device_type(cuda_), true);
    at::autocast::set_autocast_dtype(device_type(cuda_), at::kBFloat16);
}

Bf16Autocast::~Bf16Autocast() {
    if (!enabled_) return;
    if (at::autocast::decrement_nesting() == 0) at::autocast::clear_cache();
    at::autocast::set_autocast_enabled(device_type(cuda_), was_enabled_);
}

} // namespace banyan
