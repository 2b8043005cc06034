#include "train/predictor.h"

#include <cstring>

#include "core/check.h"
#include "model/libtorch.h"
#include "model/predict.h"

namespace banyan {

namespace {

/// uint8 [N, H, W, 3]
at::Tensor to_tensor(const std::vector<Image>& pictures) {
    const auto count = static_cast<std::int64_t>(pictures.size());
    const int height = pictures.front().height, width = pictures.front().width;
    at::Tensor pixels = at::empty({count, height, width, 3}, at::kByte);
    auto* out = pixels.mutable_data_ptr<std::uint8_t>();
    for (const Image& picture : pictures) {
        BANYAN_CHECK(picture.height == height && picture.width == width, "predictor: pictures of several sizes");
        std::memcpy(out, picture.rgb.data(), picture.rgb.size());
        out += picture.rgb.size();
    }
    return pixels;
}

} // namespace

Predictor make_predictor(MultiTaskModel& model, double score_threshold, Precision precision) {
    PredictOptions options = predict_options(model.options().detection);
    options.score_threshold = score_threshold;
    options.bf16 = use_bf16(precision);
    return
        [&model, options](const std::vector<Image>& pictures) { return predict(model, to_tensor(pictures), options); };
}

} // namespace banyan
