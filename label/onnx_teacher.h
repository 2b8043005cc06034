#pragma once

#include <memory>

#include "engine/engine.h"
#include "graph/onnx_import.h"
#include "label/teacher.h"

namespace banyan {

/// A network of another project, imported and run on the engine; its raw outputs are decoded here. Pictures are
/// letterboxed into its input, which need not be square.
class OnnxTeacher : public LabelTeacher {
public:
    /// @throws as make_teacher
    OnnxTeacher(const LabelTeacherOptions& options, int threads);
    OnnxTeacher(const OnnxTeacher& other); ///< shares the weights

    std::vector<ScoredBox> find(const Image& picture) override;
    std::unique_ptr<LabelTeacher> another_stream() const override;

private:
    /// What a teacher and its further streams have in common.
    struct Shared {
        std::shared_ptr<PackedNetwork> network;
        EngineOptions engine;
    };
    static Shared load(const LabelTeacherOptions& options, int threads);
    OnnxTeacher(const LabelTeacherOptions& options, Shared shared);

    OutputMap map_of(const std::string& output) const;
    std::vector<ScoredBox> decode() const; ///< the last run, in pixels of the input

    LabelTeacherOptions options_;
    DecodingOptions decode_with_;
    Shared shared_;
    Engine engine_;
};

} // namespace banyan
