#include <algorithm>
#include <cstring>
#include <utility>

#include <nlohmann/json.hpp>

#include "core/atomic_file.h"
#include "core/check.h"
#include "core/hash.h"
#include "core/safetensors.h"
#include "core/safetensors_format.h"

namespace banyan {

using nlohmann::json;
using namespace safetensors;

namespace {

using Entry = std::pair<const std::string, TensorBytes>;

std::vector<const Entry*> in_file_order(const std::map<std::string, TensorBytes>& tensors) {
    std::vector<const Entry*> order;
    for (const Entry& entry : tensors) order.push_back(&entry);
    std::stable_sort(order.begin(), order.end(), [](const Entry* a, const Entry* b) {
        return dtype_bytes(a->second.dtype) > dtype_bytes(b->second.dtype);
    });
    return order;
}

void check_entry(const Entry& entry) {
    const auto& [name, tensor] = entry;
    BANYAN_CHECK(name != kMetadata, "save_safetensors: a tensor cannot be named \"", kMetadata, "\"");
    BANYAN_CHECK(tensor.byte_count() == 0 || tensor.data != nullptr, "save_safetensors: no data for \"", name, "\"");
}

json header_entry(const TensorBytes& tensor, std::size_t offset) {
    json entry = json::object();
    entry["dtype"] = dtype_name(tensor.dtype);
    json& shape = entry["shape"] = json::array();
    for (const std::int64_t size : tensor.shape) shape.push_back(size);
    json& offsets = entry["data_offsets"] = json::array();
    for (const std::size_t end : {offset, offset + tensor.byte_count()}) offsets.push_back(end);
    return entry;
}

std::string utf8_dump(const json& value) {
    try {
        return value.dump();
    } catch (const json::type_error&) {
        throw CheckError("save_safetensors: a name or metadata text is not valid UTF-8");
    }
}

void check_header_size(std::size_t bytes) {
    BANYAN_CHECK(bytes <= kMaxHeaderBytes, "save_safetensors: the header would have ", bytes, " bytes, at most ",
                 kMaxHeaderBytes, " are allowed");
}

/// Length field and header, padded with blanks so that the data start on a multiple of 8.
std::string framed(const std::string& header) {
    const std::size_t padded = (header.size() + 7) / 8 * 8;
    check_header_size(padded);
    const std::uint64_t length = padded;
    std::string bytes(kLengthBytes, '\0');
    std::memcpy(bytes.data(), &length, kLengthBytes);
    bytes += header;
    bytes.append(padded - header.size(), ' ');
    return bytes;
}

} // namespace

void save_safetensors(const std::string& path, const std::map<std::string, TensorBytes>& tensors,
                      std::map<std::string, std::string> metadata) {
    json header = json::object();
    json sums = json::object();
    std::vector<std::string_view> pieces(1);
    std::size_t offset = 0;
    for (const Entry* entry : in_file_order(tensors)) {
        check_entry(*entry);
        const auto& [name, tensor] = *entry;
        const std::size_t bytes = tensor.byte_count();
        header[name] = header_entry(tensor, offset);
        const std::string_view data(reinterpret_cast<const char*>(tensor.data), bytes);
        sums[name] = hash_text(data);
        if (bytes > 0) pieces.push_back(data);
        offset += bytes;
    }
    metadata[kTensorSums] = utf8_dump(sums);
    header[kMetadata] = std::move(metadata);
    check_header_size(utf8_dump(header).size()); // before the sum, which dumps without checks
    header[kMetadata][kHeaderSum] = header_sum(header);
    const std::string head = framed(header.dump());
    pieces.front() = head;
    write_file_atomically(path, pieces);
}

} // namespace banyan
