#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace banyan {

/// `text` for the content or a quoted attribute of XML and HTML: & < > " ' become entities; what XML 1.0 cannot hold
/// (control characters, invalid UTF-8) becomes U+FFFD.
std::string escape_xml(std::string_view text);

/// Characters (code points) of UTF-8 text.
std::size_t count_characters(std::string_view text);

} // namespace banyan
