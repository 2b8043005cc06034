#include "data/picture_choice.h"

#include <algorithm>

namespace banyan {

namespace {

/// Picture by picture, since lists of labels may tell of some what the data set as a whole does not.
bool labels_any(const Dataset& dataset, const ClassTable& table, const std::vector<std::string>& tasks) {
    std::vector<std::size_t> classes;
    for (int k = 0; k < table.size(); ++k) {
        const bool wanted = std::find(tasks.begin(), tasks.end(), table.task_name_of(k)) != tasks.end();
        if (wanted) classes.push_back(static_cast<std::size_t>(k));
    }
    return std::any_of(dataset.records().begin(), dataset.records().end(), [&](const Record& record) {
        return std::any_of(classes.begin(), classes.end(),
                           [&](std::size_t k) { return may_have_boxes(record.labels.states.at(k)); });
    });
}

/// Fewest pictures first, so that the larger sets take what the smaller ones cannot give.
std::vector<PictureChoice> spread(std::vector<const Dataset*> datasets, std::size_t count) {
    std::stable_sort(datasets.begin(), datasets.end(),
                     [](const Dataset* a, const Dataset* b) { return a->size() < b->size(); });
    std::vector<PictureChoice> pictures;
    for (std::size_t d = 0; d < datasets.size(); ++d) {
        const std::size_t share = (count - pictures.size()) / (datasets.size() - d);
        const std::size_t taken = std::min(share, datasets[d]->size());
        for (std::size_t i = 0; i < taken; ++i) pictures.push_back({datasets[d], i * datasets[d]->size() / taken});
    }
    return pictures;
}

} // namespace

std::vector<PictureChoice> choose_pictures(const std::vector<Dataset>& datasets, const ClassTable& table,
                                           const std::vector<std::string>& tasks, std::size_t count) {
    std::vector<const Dataset*> useful;
    for (const Dataset& dataset : datasets) {
        if (labels_any(dataset, table, tasks)) useful.push_back(&dataset);
    }
    return spread(useful, count);
}

} // namespace banyan
