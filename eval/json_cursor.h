#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace banyan {

/// Forward reader of one JSON text for files of many small records, where a document tree would cost more than the
/// work. Strict: the JSON grammar, finite numbers, at most kMaxDepth levels.
///
///     cursor.enter_array();
///     while (cursor.next_element()) {
///         cursor.enter_object();
///         for (std::string_view key; cursor.next_key(key);) {
///             if (key == "score") score = cursor.number();
///             else cursor.skip_value();
///         }
///     }
///     cursor.finish();
///
/// Every error is a DataError that names the file and where in it: by JSON pointer for a wrong value
/// ("dt.json:/12/score"), by line and column for broken JSON. Design: a pull parser, since the readers then read as
/// the files are laid out; a SAX consumer would have to keep the same state by hand, at a third of the speed.
class JsonCursor {
public:
    static constexpr std::size_t kMaxDepth = 64;

    /// `text` must outlive the cursor; `name` stands for the file in messages.
    JsonCursor(std::string_view text, std::string name);

    void enter_object();
    /// Steps to the next key, whose value the caller then reads; false at the object's end. `key` is valid until the
    /// next call.
    bool next_key(std::string_view& key);
    void enter_array();
    /// Steps to the next element, which the caller then reads; false at the array's end.
    bool next_element();

    double number();
    std::int64_t integer();
    /// true, false, 1 or 0.
    bool flag();
    std::string string();
    void skip_value();

    /// Expects that nothing but space follows.
    void finish();

    /// Position of the value at hand as a JSON pointer, "" for the whole text.
    std::string pointer() const;
    const std::string& name() const { return name_; }
    /// @throws DataError about the value at hand; `found` may be empty
    [[noreturn]] void fail(const std::string& problem, const std::string& expected, const std::string& found = "",
                           const std::string& next_step = "") const;

private:
    struct Level {
        bool is_object = false;
        bool is_first = true;
        std::string_view key;  // as written; of objects
        std::size_t index = 0; // of arrays
    };
    struct NumberToken {
        std::string_view text;
        std::uint64_t digits = 0; // all digits as one number; meaningless when there are more than 19
        int digit_count = 0;      // leading zeros not counted
        int exponent = 0;         // of ten, for digits
        bool is_negative = false;
        bool is_integer = true;
    };

    void skip_space();
    char peek();
    void open(char bracket, bool is_object, const char* expected);
    bool next_entry(char close);
    void skip_literal(std::string_view literal);
    NumberToken scan_number(const char* expected);
    void scan_fraction(NumberToken& token);
    void scan_exponent(NumberToken& token);
    void scan_digits(NumberToken& token);
    std::string_view scan_string(const char* expected);
    std::string decode(std::string_view raw) const;
    void skip_container();
    std::string token_here() const;
    [[noreturn]] void fail_value(const char* expected) const;
    [[noreturn]] void fail_syntax(const std::string& problem) const;

    std::string_view text_;
    std::string name_;
    const char* at_;
    const char* end_;
    std::array<Level, kMaxDepth> levels_;
    std::size_t depth_ = 0;
    std::string decoded_key_;
};

} // namespace banyan
