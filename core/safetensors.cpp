#include "core/safetensors.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <utility>

#include <nlohmann/json.hpp>

#include "core/atomic_file.h"
#include "core/error.h"
#include "core/hash.h"
#include "core/safetensors_format.h"
#include "core/strict_json.h"

namespace banyan {

using nlohmann::json;
using namespace safetensors;

namespace {

const char* const kNextStep = "the file is damaged or not a safetensors file: fetch or write it again";

[[noreturn]] void refuse(const std::string& where, const std::string& problem, const std::string& expected = "",
                         const std::string& found = "") {
    throw ModelFileError(ErrorText{where, problem, expected, found, kNextStep});
}

struct Extent {
    std::size_t begin = 0;
    std::size_t end = 0;
    std::string name;
};

/// Header text; afterwards the data start at kLengthBytes + its size.
std::string_view header_text(const std::string& bytes, const std::string& path) {
    if (bytes.size() < kLengthBytes) {
        refuse(path, "shorter than the header's length field", "at least 8 bytes", std::to_string(bytes.size()));
    }
    std::uint64_t length = 0;
    std::memcpy(&length, bytes.data(), kLengthBytes);
    if (length > kMaxHeaderBytes) {
        refuse(path, "header too long", "at most " + std::to_string(kMaxHeaderBytes) + " bytes",
               std::to_string(length));
    }
    if (length > bytes.size() - kLengthBytes) {
        refuse(path, "the file ends inside its header", std::to_string(length) + " header bytes",
               std::to_string(bytes.size() - kLengthBytes));
    }
    const std::string_view text = std::string_view(bytes).substr(kLengthBytes, static_cast<std::size_t>(length));
    if (text.empty() || text.front() != '{') refuse(path, "the header does not start with '{'");
    return text;
}

json parse_json(std::string_view text, const std::string& where) {
    try {
        return parse_strict_json<json>(text, where);
    } catch (const ConfigError& error) {
        throw ModelFileError(std::string(error.what()) + "; " + kNextStep);
    }
}

std::map<std::string, std::string> parse_metadata(const json& header, const std::string& path) {
    std::map<std::string, std::string> metadata;
    const auto entry = header.find(kMetadata);
    if (entry == header.end()) return metadata;
    const std::string where = path + ":/" + kMetadata;
    if (!entry->is_object()) refuse(where, "wrong value", "an object", describe_json(*entry));
    for (const auto& [key, value] : entry->items()) {
        if (!value.is_string()) refuse(json_pointer_to(where, key), "wrong value", "a text", describe_json(value));
        metadata[key] = value.get<std::string>();
    }
    return metadata;
}

/// List of `count` (any number when 0) integers >= 0.
std::vector<std::int64_t> sizes_at(const json& entry, const char* key, std::size_t count, const std::string& where) {
    constexpr auto kMax = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
    const std::string expected = count == 0 ? "a list of integers >= 0" : std::to_string(count) + " integers >= 0";
    const json& list = entry[key];
    if (!list.is_array() || (count != 0 && list.size() != count)) {
        refuse(where + "/" + key, "wrong value", expected, describe_json(list));
    }
    std::vector<std::int64_t> sizes;
    for (const json& size : list) {
        const bool fits = size.is_number_unsigned() && size.get<std::uint64_t>() <= kMax;
        if (!fits) refuse(where + "/" + key, "wrong value", expected, describe_json(size));
        sizes.push_back(size.get<std::int64_t>());
    }
    return sizes;
}

TensorBytes parse_entry(const json& entry, const std::string& where, Extent& extent) {
    const std::string expected = "an object with exactly dtype, shape and data_offsets";
    if (!entry.is_object()) refuse(where, "wrong value", expected, describe_json(entry));
    const bool complete = entry.contains("dtype") && entry.contains("shape") && entry.contains("data_offsets");
    if (!complete || entry.size() != 3) refuse(where, "wrong keys", expected);

    const json& name = entry["dtype"];
    const auto dtype = name.is_string() ? try_dtype(name.get_ref<const std::string&>()) : std::nullopt;
    if (!dtype) {
        refuse(where + "/dtype", "unsupported dtype", "F64, F32, F16, BF16, I64, I32, I16, I8, U8 or BOOL",
               describe_json(name));
    }
    TensorBytes tensor{*dtype, sizes_at(entry, "shape", 0, where), nullptr};
    const auto bytes = try_byte_count(tensor.dtype, tensor.shape);
    if (!bytes) refuse(where + "/shape", "the tensor's size overflows");

    const auto offsets = sizes_at(entry, "data_offsets", 2, where);
    extent.begin = static_cast<std::size_t>(offsets[0]);
    extent.end = static_cast<std::size_t>(offsets[1]);
    if (extent.begin > extent.end || extent.end - extent.begin != *bytes) {
        refuse(where + "/data_offsets", "offsets do not match dtype and shape", std::to_string(*bytes) + " bytes",
               "[" + std::to_string(offsets[0]) + ", " + std::to_string(offsets[1]) + "]");
    }
    return tensor;
}

/// Every byte of the data belongs to exactly one tensor.
void check_layout(std::vector<Extent> extents, std::size_t data_bytes, const std::string& path) {
    std::sort(extents.begin(), extents.end(),
              [](const Extent& a, const Extent& b) { return std::pair(a.begin, a.end) < std::pair(b.begin, b.end); });
    std::size_t reached = 0;
    for (const Extent& extent : extents) {
        if (extent.begin != reached) {
            refuse(json_pointer_to(path + ":", extent.name) + "/data_offsets",
                   extent.begin < reached ? "overlaps another tensor" : "leaves a hole before it",
                   "begin " + std::to_string(reached), std::to_string(extent.begin));
        }
        reached = extent.end;
    }
    if (reached != data_bytes) {
        refuse(path, reached > data_bytes ? "the file is cut short" : "the file goes on behind its last tensor",
               std::to_string(reached) + " data bytes", std::to_string(data_bytes));
    }
}

void verify_tensor_sums(const SafetensorsFile& file, const json& sums) {
    const std::string& path = file.path();
    if (!sums.is_object() || sums.size() != file.tensors().size()) {
        refuse(path, "the XXH3 sums do not belong to this file", std::to_string(file.tensors().size()) + " sums");
    }
    for (const auto& [name, tensor] : file.tensors()) {
        const auto stored = sums.find(name);
        const std::string actual = hash_text({reinterpret_cast<const char*>(tensor.data), tensor.byte_count()});
        if (stored == sums.end() || *stored != actual) {
            refuse(json_pointer_to(path + ":", name), "the data do not match their XXH3 sum",
                   stored == sums.end() ? "a sum" : describe_json(*stored), actual);
        }
    }
}

void verify_sums(const SafetensorsFile& file, json header) {
    const auto& metadata = file.metadata();
    const auto sums = metadata.find(kTensorSums);
    const auto own = metadata.find(kHeaderSum);
    if (sums == metadata.end() && own == metadata.end()) return;
    if (sums == metadata.end() || own == metadata.end()) {
        refuse(file.path(), "the header has one of xxh3 and xxh3_header only", "both or neither");
    }
    if (header_sum(std::move(header)) != own->second) refuse(file.path(), "the header does not match its XXH3 sum");
    verify_tensor_sums(file, parse_json(sums->second, file.path() + ":/" + kMetadata + "/" + kTensorSums));
}

} // namespace

SafetensorsFile SafetensorsFile::load(const std::string& path) { return parse(read_file(path), path); }

SafetensorsFile SafetensorsFile::parse(std::string bytes, const std::string& path) {
    SafetensorsFile file;
    file.path_ = path;
    file.bytes_ = std::make_shared<const std::string>(std::move(bytes));
    const std::string_view text = header_text(*file.bytes_, path);
    json header = parse_json(text, path);
    file.metadata_ = parse_metadata(header, path);

    std::vector<Extent> extents;
    for (const auto& [name, entry] : header.items()) {
        if (name == kMetadata) continue;
        Extent& extent = extents.emplace_back();
        extent.name = name;
        file.tensors_[name] = parse_entry(entry, json_pointer_to(path + ":", name), extent);
    }
    const std::size_t data_start = kLengthBytes + text.size();
    check_layout(extents, file.bytes_->size() - data_start, path);
    for (const Extent& extent : extents) {
        file.tensors_[extent.name].data =
            reinterpret_cast<const std::byte*>(file.bytes_->data() + data_start + extent.begin);
    }
    verify_sums(file, std::move(header));
    return file;
}

const TensorBytes& SafetensorsFile::at(const std::string& name) const {
    const auto found = tensors_.find(name);
    if (found == tensors_.end()) {
        throw ModelFileError(ErrorText{path_, "no tensor \"" + name + "\"", "",
                                       std::to_string(tensors_.size()) + " tensors",
                                       "is this the file of another network?"});
    }
    return found->second;
}

} // namespace banyan
