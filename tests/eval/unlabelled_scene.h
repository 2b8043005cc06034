#pragma once

#include <string>
#include <vector>

#include "core/task.h"
#include "data/dataset.h"
#include "eval/evaluate.h"

namespace banyan::test {

/// Data sets of pictures of 100 x 100 pixels that are nowhere on disk, with labels and detections.
class UnlabelledScene {
public:
    explicit UnlabelledScene(std::vector<Task> tasks) : table_(std::move(tasks)) {}

    /// @param states  [class id], of all its pictures
    void add_dataset(const std::string& name, const std::vector<LabelState>& states, std::size_t pictures) {
        std::vector<Record> records;
        for (std::size_t i = 0; i < pictures; ++i) {
            Record& record = records.emplace_back();
            record.name = std::to_string(i) + ".jpg";
            record.width = record.height = 100;
            record.labels.states = states;
        }
        names_.push_back(name);
        records_.push_back(std::move(records));
    }

    Labels& labels(std::size_t dataset, std::size_t record) { return records_[dataset][record].labels; }

    void detect(std::size_t dataset, std::size_t record, int class_id, const Box& box, double score) {
        std::size_t image = record;
        for (std::size_t d = 0; d < dataset; ++d) image += records_[d].size();
        detections_.push_back({static_cast<std::int32_t>(image), class_id, to_coco_box(box), score});
    }

    std::vector<Dataset> datasets() const {
        std::vector<Dataset> all;
        for (std::size_t d = 0; d < names_.size(); ++d) {
            all.emplace_back(names_[d], records_[d], records_[d].front().labels.states);
        }
        return all;
    }

    CocoProblem problem() const {
        CocoProblem problem = ground_truth_of(datasets(), table_);
        problem.detections = detections_;
        return problem;
    }

    const ClassTable& table() const { return table_; }

private:
    ClassTable table_;
    std::vector<std::string> names_;
    std::vector<std::vector<Record>> records_; // [data set][record]
    std::vector<CocoDetection> detections_;
};

} // namespace banyan::test
