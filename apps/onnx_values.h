#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "apps/run_commands.h"
#include "engine/engine.h"
#include "graph/onnx_import.h"

namespace banyan {

/// Commands take a file of this kind by its name: "….onnx".
bool is_onnx_file(const std::string& path);

/// The network of an ONNX file, with --outputs where its outputs cannot be expressed.
/// @throws IoError, ModelFileError the file; UsageError an empty name
ImportedNetwork import_onnx_file(const std::string& file, const Options& options);

/// What engines of a network in an ONNX file have in common.
struct PackedOnnx {
    std::shared_ptr<PackedNetwork> network;
    EngineOptions engine;
};

/// As --threads, --fp32 and, where a command has it, --without ask for it. @throws UsageError
PackedOnnx pack_onnx(const ImportedNetwork& imported, const Options& options);

/// A grey picture of the engine's size: what a network takes does not depend on what it shows.
std::vector<std::uint8_t> grey_pixels(const Engine& engine);

/// @param names of options that mean nothing for the file. @throws UsageError one of them was given
void refuse_options(const Options& options, const std::vector<std::string>& names, const std::string& file);

} // namespace banyan
