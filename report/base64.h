#pragma once

#include <string>
#include <string_view>

namespace banyan {

/// Base64 with padding and without line breaks (RFC 4648, section 4).
std::string encode_base64(std::string_view bytes);

} // namespace banyan
