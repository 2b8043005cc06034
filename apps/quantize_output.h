#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "apps/quantize_fallback.h"
#include "quant/quantization_report.h"
#include "quant/sensitivity.h"

namespace banyan {

/// What `banyan quantize` found out and decided.
struct QuantizeOutcome {
    std::string model;  ///< file that was read
    std::string method; ///< name of the range method
    std::string bias;   ///< name of the bias correction
    std::size_t images = 0;
    CalibratedNetwork calibrated;
    std::vector<BranchOutputNames> branches;
    std::optional<Sensitivity> sensitivity; ///< where it was asked for
    std::optional<KeptLayers> kept;         ///< by --max-drop
};

/// Everything as one line of JSON.
std::string quantize_json(const QuantizeOutcome& outcome);

/// The worst values, for people. @param file that was written
std::string quantize_text(const QuantizeOutcome& outcome, const std::string& file);

/// Writes the HTML page. @throws IoError
void save_quantize_report(const QuantizeOutcome& outcome, const std::string& path);

} // namespace banyan
