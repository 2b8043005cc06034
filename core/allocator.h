#pragma once

namespace banyan {

/// Tells the C library to keep freed pages instead of returning them to the system: big tensors come and go in every
/// step, and page faults were half of a training step's time (docs/results.md). Process-wide; call it before the first
/// tensor.
void keep_pages();

} // namespace banyan
