#include "train/idle_pictures.h"

#include <algorithm>
#include <map>
#include <utility>

namespace banyan {

namespace {

bool is_known(const Record& record, int class_id) {
    return record.labels.states.at(static_cast<std::size_t>(class_id)) != LabelState::unknown;
}

/// @param keeps whether a record is used
template <typename Keeps>
void keep_pictures(const std::vector<Dataset>& datasets, Keeps keeps, IdlePictures& out) {
    for (std::size_t i = 0; i < datasets.size(); ++i) {
        std::vector<Record> kept;
        std::copy_if(datasets[i].records().begin(), datasets[i].records().end(), std::back_inserter(kept), keeps);
        if (kept.empty()) continue;
        out.datasets.emplace_back(datasets[i].name(), std::move(kept), datasets[i].states(), datasets[i].ratio());
        out.original.push_back(i);
    }
}

/// Places of the branch's classes by the pictures in which they are known.
std::vector<std::vector<std::size_t>> group_classes(const Branch& branch, const std::vector<Dataset>& datasets) {
    std::map<std::vector<bool>, std::vector<std::size_t>> by_pictures;
    for (std::size_t k = 0; k < branch.classes.size(); ++k) {
        std::vector<bool> known;
        for (const Dataset& dataset : datasets) {
            for (const Record& record : dataset.records()) known.push_back(is_known(record, branch.classes[k]));
        }
        by_pictures[known].push_back(k);
    }
    std::vector<std::vector<std::size_t>> groups;
    for (auto& [known, places] : by_pictures) groups.push_back(std::move(places));
    std::sort(groups.begin(), groups.end());
    return groups;
}

LoaderOptions without_wishes(LoaderOptions options) {
    options.sampling.branch_minimum = 0;
    return options;
}

} // namespace

std::vector<IdlePictures> find_idle_pictures(const std::vector<Branch>& branches,
                                             const std::vector<Dataset>& datasets) {
    std::vector<IdlePictures> all;
    for (const Branch& branch : branches) {
        const auto knows_any = [&](const Record& record) {
            return std::any_of(branch.classes.begin(), branch.classes.end(),
                               [&](int class_id) { return is_known(record, class_id); });
        };
        IdlePictures whole{branch.name, {}, {}, {}};
        keep_pictures(
            datasets, [&](const Record& record) { return !knows_any(record); }, whole);
        all.push_back(std::move(whole));
        const std::vector<std::vector<std::size_t>> groups = group_classes(branch, datasets);
        for (std::size_t g = 0; g < groups.size() && groups.size() > 1; ++g) {
            IdlePictures part{branch.name, groups[g], {}, {}};
            const int class_id = branch.classes[groups[g].front()];
            keep_pictures(
                datasets, [&](const Record& record) { return knows_any(record) && !is_known(record, class_id); }, part);
            all.push_back(std::move(part));
        }
    }
    return all;
}

IdleLoader::IdleLoader(const IdlePictures& pictures, LoaderOptions options, const TransformOptions& transforms)
    : pictures_(pictures), loader_(pictures.datasets, without_wishes(std::move(options)), transforms) {}

Batch IdleLoader::next() {
    Batch batch = loader_.next();
    for (int& dataset : batch.dataset) {
        dataset = static_cast<int>(pictures_.original.at(static_cast<std::size_t>(dataset)));
    }
    return batch;
}

} // namespace banyan
