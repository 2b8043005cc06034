#include "combine/calibration_pictures.h"

#include <algorithm>

#include "core/error.h"
#include "data/load_sample.h"
#include "data/picture_choice.h"
#include "model/libtorch.h"

namespace banyan {

at::Tensor calibration_pictures(const std::vector<Dataset>& datasets, const ClassTable& table,
                                const std::vector<std::string>& tasks, std::size_t count, int side) {
    const std::vector<PictureChoice> pictures = choose_pictures(datasets, table, tasks, count);
    if (pictures.empty()) {
        throw DataError(ErrorText{"\"datasets\"", "no calibration pictures",
                                  "a data set that labels a task that is merged", "none",
                                  "give the config that the network was trained with"});
    }
    at::Tensor pixels = at::empty({static_cast<std::int64_t>(pictures.size()), side, side, 3}, at::kByte);
    auto* out = pixels.mutable_data_ptr<std::uint8_t>();
    for (const PictureChoice& picture : pictures) {
        LetterboxGeometry geometry;
        const Sample sample = load_eval_sample(*picture.dataset, picture.record, side, geometry);
        out = std::copy(sample.image.rgb.begin(), sample.image.rgb.end(), out);
    }
    return pixels;
}

} // namespace banyan
