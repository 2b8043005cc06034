#include "combine/calibration_pictures.h"

#include <algorithm>

#include <torch/torch.h>

#include "core/error.h"
#include "data/load_sample.h"

namespace banyan {

namespace {

bool labels_any(const Dataset& dataset, const ClassTable& table, const std::vector<std::string>& tasks) {
    for (int k = 0; k < table.size(); ++k) {
        const bool wanted = std::find(tasks.begin(), tasks.end(), table.task_name_of(k)) != tasks.end();
        const LabelState state = dataset.states()[static_cast<std::size_t>(k)];
        if (wanted && (state == LabelState::exhaustive || state == LabelState::partial)) return true;
    }
    return false;
}

struct PictureRef {
    const Dataset* dataset = nullptr;
    std::size_t record = 0;
};

/// Fewest pictures first, so that the larger sets take what the smaller ones cannot give.
std::vector<PictureRef> spread(std::vector<const Dataset*> datasets, std::size_t count) {
    std::stable_sort(datasets.begin(), datasets.end(),
                     [](const Dataset* a, const Dataset* b) { return a->size() < b->size(); });
    std::vector<PictureRef> pictures;
    for (std::size_t d = 0; d < datasets.size(); ++d) {
        const std::size_t share = (count - pictures.size()) / (datasets.size() - d);
        const std::size_t taken = std::min(share, datasets[d]->size());
        for (std::size_t i = 0; i < taken; ++i) pictures.push_back({datasets[d], i * datasets[d]->size() / taken});
    }
    return pictures;
}

} // namespace

at::Tensor calibration_pictures(const std::vector<Dataset>& datasets, const ClassTable& table,
                                const std::vector<std::string>& tasks, std::size_t count, int side) {
    std::vector<const Dataset*> useful;
    for (const Dataset& dataset : datasets) {
        if (labels_any(dataset, table, tasks)) useful.push_back(&dataset);
    }
    if (useful.empty()) {
        throw DataError(ErrorText{"--data",
                                  "no calibration pictures: no data set of \"datasets\" labels a task that is merged",
                                  "", "", "give the config that the network was trained with"});
    }
    const std::vector<PictureRef> pictures = spread(useful, count);
    at::Tensor pixels = at::empty({static_cast<std::int64_t>(pictures.size()), side, side, 3}, at::kByte);
    auto* out = pixels.mutable_data_ptr<std::uint8_t>();
    for (const PictureRef& picture : pictures) {
        LetterboxGeometry geometry;
        const Sample sample = load_eval_sample(*picture.dataset, picture.record, side, geometry);
        out = std::copy(sample.image.rgb.begin(), sample.image.rgb.end(), out);
    }
    return pixels;
}

} // namespace banyan
