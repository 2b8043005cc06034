#include "infer/engine_runner.h"

#include <utility>

namespace banyan {

EngineRunner::EngineRunner(std::shared_ptr<PackedNetwork> network, const EngineOptions& options)
    : network_(std::move(network)), options_(options), engine_(network_, options_) {}

void EngineRunner::run(const std::uint8_t* pixels) { engine_.run(pixels); }

void EngineRunner::run_timed(const std::uint8_t* pixels, std::vector<double>& seconds) {
    engine_.run_timed(pixels, seconds);
}

RawLevel EngineRunner::level(const std::string& class_output, const std::string& box_output, std::int64_t image) const {
    const EngineOutput classes = engine_.output(class_output);
    const OutputCells cells = engine_.cells(box_output);
    const auto first = static_cast<std::size_t>(image * classes.shape.height * classes.shape.width);
    return {classes.of_image(image),
            BoxCells::Maker([cells, first](std::size_t cell, float* codes) { cells.read(first + cell, codes); })};
}

std::unique_ptr<NetworkRunner> EngineRunner::another() const {
    return std::make_unique<EngineRunner>(network_, options_);
}

const char* EngineRunner::precision() const { return options_.precision == NumberType::bf16 ? "bf16" : "fp32"; }

} // namespace banyan
