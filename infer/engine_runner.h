#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/engine.h"
#include "network/network_runner.h"

namespace banyan {

/// Runs a detector's network by the engine, on the processor.
class EngineRunner : public NetworkRunner {
public:
    /// @throws as Engine
    EngineRunner(std::shared_ptr<PackedNetwork> network, const EngineOptions& options);

    void run(const std::uint8_t* pixels) override;
    void run_timed(const std::uint8_t* pixels, std::vector<double>& seconds) override;
    RawLevel level(const std::string& class_output, const std::string& box_output, std::int64_t image) const override;
    std::unique_ptr<NetworkRunner> another() const override;
    std::string device() const override { return "cpu"; }
    const char* precision() const override;

    const Engine& engine() const { return engine_; }

private:
    std::shared_ptr<PackedNetwork> network_;
    EngineOptions options_;
    Engine engine_;
};

} // namespace banyan
