#pragma once

/// Before a function with loops over numbers: it is compiled once a vector width, and the loader takes the widest that
/// the processor has. Not for templates.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && !defined(__SANITIZE_ADDRESS__)
#define BANYAN_VECTOR_WIDTHS __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define BANYAN_VECTOR_WIDTHS
#endif
