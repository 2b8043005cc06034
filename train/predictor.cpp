#include "train/predictor.h"

namespace banyan {

Predictor make_predictor(MultiTaskModel& model, double score_threshold, Precision precision) {
    PredictOptions options = predict_options(model.options().detection);
    options.score_threshold = score_threshold;
    options.bf16 = use_bf16(precision);
    return [&model, options](const at::Tensor& pixels) { return predict(model, pixels, options); };
}

} // namespace banyan
