#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace banyan {

enum class WorkerPrecision {
    fp32,
    bf16,
    int8 ///< what is read by convolutions; the rest in bf16 where the processor is fast at it, else in fp32
};

/// What a worker is asked for on its command line.
struct WorkerOptions {
    std::string network;                               ///< see measured_network()
    WorkerPrecision precision = WorkerPrecision::fp32; ///< --precision
    int threads = 1;                                   ///< --threads
    std::string onnx_path{};                           ///< --onnx: where the network goes as an ONNX file; "": nowhere
    std::string pictures{};                            ///< --pictures: see measured_pictures()
};

/// A network made ready to run on one picture that never changes.
class MeasuredEngine {
public:
    virtual ~MeasuredEngine() = default;
    virtual std::string version() const = 0; ///< of the program that computes, on one line
    virtual void run() = 0;
    /// Of the last run: float32 [1, H, W, C]. The output "image" is the picture itself, 0..255.
    /// @throws CheckError an unknown name
    virtual std::vector<float> output(const std::string& name) const = 0;
};

using EngineMaker = std::function<std::unique_ptr<MeasuredEngine>(const WorkerOptions&)>;

/// The whole of main() of a worker: a program that runs one network whenever compare_engines.py lets it.
///
///     WORKER NETWORK [--precision fp32|bf16|int8] [--threads N] [--onnx FILE] [--pictures FOLDER]
///
/// It then takes commands, one a line:
///   version           answers with MeasuredEngine::version
///   run N             runs N times; answers with the milliseconds of each run, all on one line
///   output NAME FILE  writes MeasuredEngine::output as raw float32 in the machine's byte order; answers "written FILE"
///   quit              as does the end of the input
/// @return 0, or 2 behind one line on stderr that says what was wrong
int run_worker(int argc, char** argv, const EngineMaker& make_engine);

} // namespace banyan
