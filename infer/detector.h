#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/box.h"
#include "core/nms.h"
#include "core/task.h"
#include "engine/engine.h"
#include "image/image.h"
#include "network/network_runner.h"

namespace banyan {

struct ModelFile;

/// One object that was found.
struct Detection {
    std::string task;
    std::string class_name;
    int class_id = 0; ///< in Detector::classes()
    float score = 0;  ///< in [0, 1]
    Box box;          ///< in pixels of the picture, inside it
};

/// Seconds of one picture's way to its boxes, or of several pictures' ways together.
struct StageTimes {
    double letterbox = 0, network = 0;
    double boxes = 0;          ///< decoding, suppression of overlaps, mapping to the picture
    std::vector<double> steps; ///< of the network, by Engine::steps(); left empty unless `each_step` and by others
    bool each_step = false;    ///< also time each step, which makes the network a little slower
    double total() const { return letterbox + network + boxes; }
};

/// How a detector is made of a model file. Empty options keep the model's own values.
struct DetectorOptions {
    std::vector<std::string> tasks; ///< what is wanted; empty = all. Branches that serve none of them are cut away
    std::optional<double> score_threshold; ///< [0, 1)
    std::optional<double> nms_iou;         ///< (0, 1]
    std::optional<int> max_detections;     ///< per picture and branch [1, 10000]
    int side = 0;                          ///< network input in pixels, a multiple of 32 in [64, 4096]; 0 = the model's
    Bf16 bf16 = Bf16::automatic;
    int threads = 0; ///< of the engine's kernels [0, 1024]; 0 = as OpenMP has it
    int batch = 1;   ///< pictures that go through the network at once [1, 1024]
    /// Of detector_passes() those to leave out, for comparisons: the boxes stay the same up to rounding.
    std::vector<std::string> disabled_passes;
    RunnerMaker runner; ///< of what runs the network; empty: the engine, on the processor
};

/// What is done to a network before it runs, in this order: the graph passes (graph/pass_list.h), then
///   defer_boxes     box outputs are computed at the cells that hold a candidate (engine/deferred_outputs.h)
///   fuse_operators  operators that follow a convolution are computed with it (graph/fuse_operators.h)
std::vector<std::string> detector_passes();

/// A model file ready to find objects in pictures: branches nobody asked for are cut away, batch norms are folded, and
/// one pass through the rest serves all wanted tasks.
///
/// Goals: one object from file to boxes in original pixels, without LibTorch. Non-goals: reading and drawing pictures,
/// tracking. Not thread-safe: take another_stream() for each further thread.
class Detector {
public:
    /// @throws IoError, ModelFileError  the file
    /// @throws UsageError               an unknown task (names the nearest) or pass, or an option out of its range
    explicit Detector(const std::string& model_path, const DetectorOptions& options = {});
    /// The same of a file's content, or of what never was a file. @throws UsageError, CheckError
    explicit Detector(ModelFile model, const DetectorOptions& options = {});
    ~Detector();
    Detector(Detector&&) noexcept;
    Detector& operator=(Detector&&) noexcept;
    /// One more detector like this, for another thread: the weights are shared, the memory of a run is not.
    Detector another_stream() const;

    /// What the picture shows of the wanted tasks, by falling score. @throws CheckError an empty picture
    std::vector<Detection> detect(const Image& image);
    /// The same, with the time that each stage took.
    std::vector<Detection> detect(const Image& image, StageTimes& times);
    /// The same for several pictures of any sizes, DetectorOptions::batch at a time.
    std::vector<std::vector<Detection>> detect(const std::vector<Image>& images);
    std::vector<std::vector<Detection>> detect(const std::vector<Image>& images, StageTimes& times);

    /// What the network finds in a picture of its own size, side x side: boxes of all classes that the wanted branches
    /// serve, in pixels of the picture, by falling score. For judging, where pictures are letterboxed with their
    /// labels.
    std::vector<ScoredBox> boxes_in_square(const Image& square);
    Predictions boxes_in_squares(const std::vector<Image>& squares); ///< DetectorOptions::batch at a time

    const ClassTable& classes() const;             ///< of the whole model
    const std::vector<std::string>& tasks() const; ///< that this detector returns, in the model's order
    int side() const;
    bool uses_bf16() const;
    const char* precision() const; ///< NetworkRunner::precision()
    std::string device() const;    ///< NetworkRunner::device()
    bool has_engine() const;
    /// That runs the network: its steps and memory. @throws CheckError something else runs it
    const Engine& engine() const;

private:
    struct Session;
    explicit Detector(std::unique_ptr<Session> session);
    std::unique_ptr<Session> session_;
};

} // namespace banyan
