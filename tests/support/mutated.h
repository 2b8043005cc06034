#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "core/random.h"

namespace banyan::test {

/// A good file with a few faults: bits flipped, bytes or words of `dictionary` written over others or put between them,
/// pieces left out, doubled or copied elsewhere, the end cut off. The same numbers give the same file.
inline std::string mutated(std::string bytes, Random& random, const std::vector<std::string>& dictionary) {
    const auto place = [&](std::size_t end) {
        return static_cast<std::size_t>(random.integer(0, static_cast<std::int64_t>(end)));
    };
    for (std::int64_t faults = random.integer(1, 4); faults > 0 && !bytes.empty(); --faults) {
        const std::size_t at = place(bytes.size() - 1), length = place(std::min<std::size_t>(bytes.size() - at, 40));
        const std::string& word = dictionary[place(dictionary.size() - 1)];
        switch (random.integer(0, 8)) {
        case 0:
        case 1: bytes[at] = static_cast<char>(bytes[at] ^ (1 << random.integer(0, 7))); break;
        case 2:
        case 3: bytes[at] = static_cast<char>(random.integer(0, 255)); break;
        case 4: bytes.replace(at, std::min(word.size(), bytes.size() - at), word); break;
        case 5: bytes.insert(at, word); break;
        case 6: bytes.erase(at, length); break;
        case 7: bytes.insert(place(bytes.size()), bytes.substr(at, length)); break;
        default:
            if (random.chance(0.2)) bytes.resize(at);
        }
    }
    return bytes;
}

/// Bytes that stand for borders of numbers in binary files.
inline std::vector<std::string> binary_words() {
    using namespace std::string_literals;
    return {"\x00"s,
            "\x7F"s,
            "\x80"s,
            "\xFF"s,
            "\xFF\xFF\xFF\xFF\x07"s,
            "\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01"s,
            "\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01"s,
            "\x00\x00\x00\x00\x00\x00\x00\x80"s,
            "\xFF\xFF\xFF\x7F"s};
}

/// Words that stand for borders of values in JSON.
inline std::vector<std::string> json_words() {
    return {"0",
            "-1",
            "1e999",
            "-1e-999",
            "9223372036854775807",
            "18446744073709551616",
            "null",
            "true",
            "\"\"",
            "{}",
            "[]",
            "[",
            "]",
            "{",
            "}",
            ",",
            ":",
            "\"",
            "\\u0000",
            "\xC3",
            "1.5",
            "2147483648",
            "\"image\""};
}

} // namespace banyan::test
