#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "apps/run_commands.h"
#include "engine/engine.h"
#include "image/image.h"

namespace banyan {

/// Milliseconds by name, in the order in which they are shown.
using NamedTimes = std::vector<std::pair<std::string, double>>;

/// A network that `banyan bench` measures. Not thread-safe: take another_stream() for each further thread.
class BenchSubject {
public:
    virtual ~BenchSubject() = default;
    BenchSubject() = default;
    BenchSubject(const BenchSubject&) = delete;
    BenchSubject& operator=(const BenchSubject&) = delete;
    /// The same with memory of its own and the weights in common.
    virtual std::unique_ptr<BenchSubject> another_stream() const = 0;

    /// One pass. @return its stages; the first is the whole
    virtual NamedTimes run() = 0;
    /// One pass with the clock in each step of the network. @return the network's parts; none without an engine
    virtual NamedTimes run_stepwise() = 0;

    virtual const Engine* engine() const = 0; ///< null where LibTorch runs the network
    virtual std::string device() const = 0;
    virtual std::string precision() const = 0;
    virtual int batch() const = 0;                                        ///< pictures a pass
    virtual std::pair<std::int64_t, std::int64_t> input_size() const = 0; ///< height and width of the network's input
    virtual std::vector<std::string> tasks() const = 0; ///< that a model of ours serves; none of an ONNX file
};

/// The picture that a model is measured on: --picture, or noise. @throws UsageError options that mean nothing for the
/// kind of file; DataError, IoError the picture
Image bench_picture(const Options& options);

/// The model file or ONNX file that the options name, ready to run. A model goes from --batch pictures to their boxes;
/// of an ONNX file the network alone is run, on a grey picture of its size.
/// @param threads of the kernels, instead of --threads
/// @throws UsageError options out of range; ModelFileError, IoError the file
std::unique_ptr<BenchSubject> make_bench_subject(const Options& options, const Image& picture,
                                                 const std::optional<int>& threads);

} // namespace banyan
