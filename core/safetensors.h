#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace banyan {

enum class DType { f64, f32, f16, bf16, i64, i32, i16, i8, u8, boolean };

std::size_t dtype_bytes(DType dtype);
/// Name in the safetensors format: "F32", "BF16", "I64", "BOOL", …
const char* dtype_name(DType dtype);

/// Bytes of one tensor, row-major, little-endian; does not own them. In files of other writers `data` may be unaligned:
/// copy with memcpy.
struct TensorBytes {
    DType dtype = DType::f32;
    std::vector<std::int64_t> shape;
    const std::byte* data = nullptr;

    /// @throws CheckError a negative size or an overflow
    std::size_t byte_count() const;
};

/// A safetensors file read into memory and checked by the format's safety rules: header at most 100 MB and valid
/// JSON, no duplicate names, sizes checked against overflow and shape, offsets in order with no overlap or hole,
/// file length exact. With sums in the metadata everything is verified, so that no single flipped bit passes:
///   "xxh3"         JSON object name -> XXH3 of the tensor's bytes as 16 hex digits, one for every tensor;
///   "xxh3_header"  XXH3 of the header's compact JSON with sorted keys, without this entry.
/// Both or neither must be there (a file of another writer has neither). Copies share the bytes.
class SafetensorsFile {
public:
    /// @throws IoError the file cannot be read; ModelFileError it breaks a rule or a sum does not match.
    static SafetensorsFile load(const std::string& path);
    /// The same of bytes in memory. @param path for messages
    static SafetensorsFile parse(std::string bytes, const std::string& path);

    const std::map<std::string, TensorBytes>& tensors() const { return tensors_; }
    const std::map<std::string, std::string>& metadata() const { return metadata_; }
    /// @throws ModelFileError naming the file when the tensor is missing.
    const TensorBytes& at(const std::string& name) const;
    const std::string& path() const { return path_; }

private:
    std::string path_;
    std::shared_ptr<const std::string> bytes_;
    std::map<std::string, TensorBytes> tensors_;
    std::map<std::string, std::string> metadata_;
};

/// Writes atomically (see core/atomic_file.h), with the sums above added to the metadata. Tensors lie by falling
/// element size, then by name: that is how each is aligned to its dtype although the format allows no holes. The same
/// input gives the same bytes.
/// @throws IoError (e.g. disk full; an older file of that name stays whole); CheckError for a name or metadata that is
///         not UTF-8, a tensor named "__metadata__", a negative size, missing data or a header above 100 MB
void save_safetensors(const std::string& path, const std::map<std::string, TensorBytes>& tensors,
                      std::map<std::string, std::string> metadata);

} // namespace banyan
