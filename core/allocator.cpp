#include "core/allocator.h"

#include <malloc.h>

namespace banyan {

void keep_pages() {
    constexpr int kTopPadBytes = 64 << 20;
    mallopt(M_MMAP_MAX, 0);
    mallopt(M_TRIM_THRESHOLD, 2'000'000'000);
    mallopt(M_TOP_PAD, kTopPadBytes);
}

} // namespace banyan
