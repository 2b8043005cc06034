#include "eval/json_cursor.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "core/error.h"

namespace banyan {

namespace {

constexpr std::size_t kLongestShown = 40;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// digits * 10^exponent where one rounding gives the nearest double: both factors are exact.
bool is_exact(std::uint64_t digits, int digit_count, int exponent) {
    return digit_count <= 19 && digits <= (std::uint64_t{1} << 53) && exponent >= -22 && exponent <= 22;
}

double exact_product(std::uint64_t digits, int exponent) {
    static constexpr std::array<double, 23> kPowers = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                                       1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                                       1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    const auto value = static_cast<double>(digits);
    const double power = kPowers[static_cast<std::size_t>(std::abs(exponent))];
    return exponent < 0 ? value / power : value * power;
}

void append_utf8(std::string& out, unsigned code) {
    const auto put = [&out](unsigned byte) { out += static_cast<char>(byte); };
    if (code < 0x80) return put(code);
    if (code < 0x800) {
        put(0xC0 | (code >> 6U));
    } else {
        if (code < 0x10000) {
            put(0xE0 | (code >> 12U));
        } else {
            put(0xF0 | (code >> 18U));
            put(0x80 | ((code >> 12U) & 0x3FU));
        }
        put(0x80 | ((code >> 6U) & 0x3FU));
    }
    put(0x80 | (code & 0x3FU));
}

/// Value of four hexadecimal digits at the start of `text`, or -1.
int hex4(std::string_view text) {
    int value = 0;
    if (text.size() < 4) return -1;
    const auto result = std::from_chars(text.data(), text.data() + 4, value, 16);
    return result.ptr == text.data() + 4 && value >= 0 ? value : -1;
}

} // namespace

JsonCursor::JsonCursor(std::string_view text, std::string name)
    : text_(text), name_(std::move(name)), at_(text.data()), end_(text.data() + text.size()) {}

void JsonCursor::skip_space() {
    while (at_ != end_ && (*at_ == ' ' || *at_ == '\n' || *at_ == '\r' || *at_ == '\t')) ++at_;
}

/// Next character that is no space, '\0' at the end.
char JsonCursor::peek() {
    skip_space();
    return at_ == end_ ? '\0' : *at_;
}

void JsonCursor::open(char bracket, bool is_object, const char* expected) {
    if (peek() != bracket) fail_value(expected);
    if (depth_ == kMaxDepth) fail("nested too deeply", "at most " + std::to_string(kMaxDepth) + " levels");
    ++at_;
    Level& level = levels_[depth_++];
    level.is_object = is_object;
    level.is_first = true;
    level.key = {};
    level.index = 0;
}

void JsonCursor::enter_object() { open('{', true, "an object"); }

void JsonCursor::enter_array() { open('[', false, "a list"); }

/// Passes the comma before an entry, or leaves the container at its end.
bool JsonCursor::next_entry(char close) {
    Level& level = levels_[depth_ - 1];
    const char c = peek();
    if (c == close) {
        ++at_;
        --depth_;
        return false;
    }
    if (level.is_first) {
        level.is_first = false;
        return true;
    }
    if (c != ',') fail_syntax(std::string("expected \",\" or \"") + close + "\"");
    ++at_;
    return true;
}

bool JsonCursor::next_key(std::string_view& key) {
    if (!next_entry('}')) return false;
    if (peek() != '"') fail_syntax("expected a key in double quotes");
    const std::string_view raw = scan_string("a key");
    levels_[depth_ - 1].key = raw;
    key = raw;
    if (raw.find('\\') != std::string_view::npos) {
        decoded_key_ = decode(raw);
        key = decoded_key_;
    }
    if (peek() != ':') fail_syntax("expected \":\"");
    ++at_;
    return true;
}

bool JsonCursor::next_element() {
    Level& level = levels_[depth_ - 1];
    const bool was_first = level.is_first;
    if (!next_entry(']')) return false;
    if (!was_first) ++level.index;
    return true;
}

void JsonCursor::scan_digits(NumberToken& token) {
    while (at_ != end_ && is_digit(*at_)) {
        token.digits = token.digits * 10 + static_cast<std::uint64_t>(*at_ - '0');
        if (token.digits != 0) ++token.digit_count;
        ++at_;
    }
}

void JsonCursor::scan_fraction(NumberToken& token) {
    if (at_ == end_ || *at_ != '.') return;
    token.is_integer = false;
    const char* const begin = ++at_;
    scan_digits(token);
    if (at_ == begin) fail_syntax("expected a digit after the decimal point");
    token.exponent = -static_cast<int>(std::min<std::ptrdiff_t>(at_ - begin, 1000));
}

void JsonCursor::scan_exponent(NumberToken& token) {
    if (at_ == end_ || (*at_ != 'e' && *at_ != 'E')) return;
    token.is_integer = false;
    ++at_;
    const bool is_negative = at_ != end_ && *at_ == '-';
    if (at_ != end_ && (*at_ == '-' || *at_ == '+')) ++at_;
    const char* const begin = at_;
    int power = 0;
    for (; at_ != end_ && is_digit(*at_); ++at_) power = std::min(power * 10 + (*at_ - '0'), 100000);
    if (at_ == begin) fail_syntax("expected a digit in the exponent");
    token.exponent += is_negative ? -power : power;
}

JsonCursor::NumberToken JsonCursor::scan_number(const char* expected) {
    NumberToken token;
    const char c = peek();
    const char* const begin = at_;
    if (c != '-' && !is_digit(c)) fail_value(expected);
    if (c == '-') {
        token.is_negative = true;
        ++at_;
    }
    if (at_ == end_ || !is_digit(*at_)) {
        at_ = begin;
        fail_value(expected); // -Infinity, as Python writes it
    }
    const bool leading_zero = *at_ == '0';
    const char* const first_digit = at_;
    scan_digits(token);
    if (leading_zero && at_ - first_digit > 1) fail_syntax("a number with a leading zero");
    scan_fraction(token);
    scan_exponent(token);
    token.text = {begin, static_cast<std::size_t>(at_ - begin)};
    return token;
}

double JsonCursor::number() {
    const NumberToken token = scan_number("a finite number");
    if (is_exact(token.digits, token.digit_count, token.exponent)) {
        const double size = exact_product(token.digits, token.exponent);
        return token.is_negative ? -size : size;
    }
    double value = 0;
    const auto result = std::from_chars(token.text.data(), token.text.data() + token.text.size(), value);
    if (result.ec == std::errc::result_out_of_range) {
        // Too small rounds to zero, as everywhere; too large has no value.
        if (token.digit_count + token.exponent < 0) return token.is_negative ? -0.0 : 0.0;
        fail("number out of range", "a finite number", std::string(token.text.substr(0, kLongestShown)));
    }
    return value;
}

std::int64_t JsonCursor::integer() {
    const NumberToken token = scan_number("an integer");
    std::int64_t value = 0;
    const char* const end = token.text.data() + token.text.size();
    const auto result = std::from_chars(token.text.data(), end, value);
    if (!token.is_integer || result.ec != std::errc() || result.ptr != end) {
        fail("wrong value", "an integer of at most 64 bits", std::string(token.text.substr(0, kLongestShown)));
    }
    return value;
}

bool JsonCursor::flag() {
    const char c = peek();
    if (c == 't' || c == 'f') {
        skip_literal(c == 't' ? "true" : "false");
        return c == 't';
    }
    const NumberToken token = scan_number("0 or 1");
    if (token.text != "0" && token.text != "1") fail("wrong value", "0 or 1", std::string(token.text));
    return token.text == "1";
}

/// Inside of the string at hand, as written.
std::string_view JsonCursor::scan_string(const char* expected) {
    if (peek() != '"') fail_value(expected);
    const char* const begin = ++at_;
    while (at_ != end_ && *at_ != '"') {
        if (static_cast<unsigned char>(*at_) < 0x20) fail_syntax("a control character in a string");
        if (*at_ == '\\' && at_ + 1 != end_) ++at_;
        ++at_;
    }
    if (at_ == end_) fail_syntax("a string without end");
    return {begin, static_cast<std::size_t>(at_++ - begin)};
}

std::string JsonCursor::decode(std::string_view raw) const {
    static constexpr std::string_view kEscapes = "\"\\/bfnrt";
    static constexpr std::string_view kMeanings = "\"\\/\b\f\n\r\t";
    std::string text;
    for (std::size_t i = 0; i < raw.size(); ++i) {
        if (raw[i] != '\\') {
            text += raw[i];
            continue;
        }
        ++i;
        const std::size_t escape = kEscapes.find(raw[i]);
        if (escape != std::string_view::npos) {
            text += kMeanings[escape];
            continue;
        }
        const int unit = raw[i] == 'u' ? hex4(raw.substr(i + 1)) : -1;
        if (unit < 0) fail_syntax("an unknown escape in a string");
        i += 4;
        auto code = static_cast<unsigned>(unit);
        if (code >= 0xD800 && code < 0xE000) {
            const bool followed = code < 0xDC00 && raw.substr(i + 1, 2) == "\\u";
            const int low = followed ? hex4(raw.substr(i + 3)) : -1;
            if (low < 0xDC00 || low >= 0xE000) fail_syntax("half of a surrogate pair in a string");
            code = 0x10000 + ((code - 0xD800) << 10U) + (static_cast<unsigned>(low) - 0xDC00);
            i += 6;
        }
        append_utf8(text, code);
    }
    return text;
}

std::string JsonCursor::string() { return decode(scan_string("a string")); }

void JsonCursor::skip_literal(std::string_view literal) {
    if (text_.substr(static_cast<std::size_t>(at_ - text_.data()), literal.size()) != literal) fail_value("a value");
    at_ += literal.size();
}

void JsonCursor::skip_value() {
    switch (peek()) {
    case '{':
    case '[': return skip_container();
    case '"': scan_string("a string"); return;
    case 't': return skip_literal("true");
    case 'f': return skip_literal("false");
    case 'n': return skip_literal("null");
    default: scan_number("a value");
    }
}

/// Recursion is bounded by kMaxDepth.
void JsonCursor::skip_container() {
    std::string_view key;
    if (*at_ == '{') {
        enter_object();
        while (next_key(key)) skip_value();
    } else {
        enter_array();
        while (next_element()) skip_value();
    }
}

void JsonCursor::finish() {
    if (peek() != '\0' || at_ != end_) fail_syntax("more text after the end");
}

std::string JsonCursor::pointer() const {
    std::string path;
    for (std::size_t i = 0; i < depth_; ++i) {
        const Level& level = levels_[i];
        if (level.is_first) break; // nothing inside was reached yet
        path += '/';
        if (!level.is_object) path += std::to_string(level.index);
        for (const char c : level.key) path += c == '~' ? "~0" : c == '/' ? "~1" : std::string(1, c);
    }
    return path;
}

/// The text at hand up to the next separator, for messages.
std::string JsonCursor::token_here() const {
    if (at_ == end_) return "the end of the file";
    if (*at_ == '{') return "an object";
    if (*at_ == '[') return "a list";
    const char* stop = at_;
    if (*stop == '"') {
        stop = std::find(at_ + 1, end_, '"');
        if (stop != end_) ++stop;
    } else {
        while (stop != end_ && std::string_view(",]} \n\r\t").find(*stop) == std::string_view::npos) ++stop;
        if (stop == at_) ++stop;
    }
    const auto size = static_cast<std::size_t>(stop - at_);
    return std::string(at_, std::min(size, kLongestShown)) + (size > kLongestShown ? "..." : "");
}

void JsonCursor::fail(const std::string& problem, const std::string& expected, const std::string& found,
                      const std::string& next_step) const {
    const std::string path = pointer();
    throw DataError(ErrorText{path.empty() ? name_ : name_ + ":" + path, problem, expected, found, next_step});
}

void JsonCursor::fail_value(const char* expected) const { fail("wrong value", expected, token_here()); }

void JsonCursor::fail_syntax(const std::string& problem) const {
    const std::string_view before = text_.substr(0, static_cast<std::size_t>(at_ - text_.data()));
    const auto line = 1 + std::count(before.begin(), before.end(), '\n');
    const std::size_t line_start = before.rfind('\n');
    const std::size_t column = before.size() - (line_start == std::string_view::npos ? 0 : line_start + 1) + 1;
    throw DataError(ErrorText{name_ + ":" + std::to_string(line) + ":" + std::to_string(column),
                              "not valid JSON: " + problem, "", token_here(), ""});
}

} // namespace banyan
