#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "core/config_reader.h"
#include "core/task.h"
#include "data/sample.h"

namespace banyan {

/// All label states.
inline constexpr std::array<LabelState, 4> kLabelStates = {LabelState::exhaustive, LabelState::partial,
                                                           LabelState::absent, LabelState::unknown};

/// Pictures in each state, in the order of kLabelStates.
using StateCounts = std::array<std::int64_t, kLabelStates.size()>;

enum class DatasetFormat { coco, yolo, voc };

/// One data set of a run, as the config states it. Paths but `root` are relative to `root`.
struct DatasetOptions {
    std::string name;
    DatasetFormat format = DatasetFormat::coco;
    std::string root;        ///< resolved: "${NAME}" and "${NAME:-default}" expanded, relative to the config's folder
    std::string images;      ///< folder of the pictures; default ".", voc "JPEGImages"
    std::string annotations; ///< coco: the json (required); yolo: "data.yaml"; voc: folder "Annotations"
    std::string split;       ///< list, one picture a line (coco: file name; yolo: path below root; voc: id); "" = all
    std::int64_t limit = 0;  ///< only the first so many pictures; 0 = all
    /// (source class, our class), several to one. The source class "*" stands for all that are not named; without it
    /// they are dropped.
    std::vector<std::pair<std::string, std::string>> classes;
    /// Our class -> what the labels tell. Default: exhaustive for the classes of the map, unknown for all others. A
    /// class of the map may be exhaustive or partial (with image_labels also unknown), any other absent or unknown.
    std::map<std::string, LabelState> labels;
    std::vector<std::string> image_labels;   ///< lists of label states picture by picture (data/label_lists.h)
    std::string label_names;                 ///< CSV "label,name" for OpenImages' label codes in them; "" = none
    std::vector<std::string> ignore_regions; ///< lists of ignore regions (data/label_lists.h)
    /// (our class, our classes that are absent wherever it is verified to have no instance)
    std::vector<std::pair<std::string, std::vector<std::string>>> absent_without;
    /// Names that the members above may use like classes although the run does not have them; nothing of them is kept.
    std::vector<std::string> other_classes;
    double ratio = 1.0; ///< relative share of this data set in a mixed batch, > 0
    std::string where;  ///< "config.json:/datasets/0", for messages
};

/// Reads one data set's options. @throws ConfigError
DatasetOptions parse_dataset(ConfigReader& reader);

/// Reads the list under `key` ("datasets"); names must differ, the list must not be empty. @throws ConfigError
std::vector<DatasetOptions> parse_datasets(ConfigReader& reader, const std::string& key = "datasets");

/// Expands "${NAME}" and "${NAME:-default}" from the environment (empty counts as unset) and resolves the result
/// against the folder of `config_file`. @throws ConfigError at `where`: unset variable without default, bad syntax
std::string resolve_data_path(const std::string& text, const std::string& config_file, const std::string& where);

/// One picture of a data set, not decoded.
struct Record {
    std::string file;          ///< path that can be opened
    std::string name;          ///< as the data set calls it (coco: file_name; yolo: path below root; voc: file name)
    std::int64_t image_id = 0; ///< coco's id; else 1 + index
    int width = 0;             ///< stored pixels
    int height = 0;
    Labels labels;             ///< in original pixels; boxes lie inside the picture and have an area
    std::vector<int> unplaced; ///< class ids of boxes that were dropped because they have no area
};

/// A data set's records in a fixed order (coco: file order; split: list order; else sorted by name).
class Dataset {
public:
    Dataset() = default;
    /// `states`: [class id], for the data set as a whole.
    Dataset(std::string name, std::vector<Record> records, std::vector<LabelState> states, double ratio = 1.0);

    const std::string& name() const { return name_; }
    std::size_t size() const { return records_.size(); }
    const Record& record(std::size_t index) const { return records_.at(index); }
    const std::vector<Record>& records() const { return records_; }
    const std::vector<LabelState>& states() const { return states_; }
    double ratio() const { return ratio_; }
    /// Boxes of each class id.
    std::vector<std::int64_t> box_counts() const;
    /// [class id] in how many pictures the class has which state.
    std::vector<StateCounts> state_counts() const;
    /// Hash of the pictures' names and sizes and all that is known of them, in order; where the files lie does not
    /// count. Costs some ms per 100 000 boxes.
    std::uint64_t fingerprint() const;
    /// Counted warnings of loading, one line each ("boxes without area dropped: 12").
    const std::vector<std::string>& warnings() const { return warnings_; }
    void set_warnings(std::vector<std::string> warnings) { warnings_ = std::move(warnings); }
    /// Counted facts of loading that are no faults, one line each ("face: absent in 31 of 103 pictures by …").
    const std::vector<std::string>& notes() const { return notes_; }
    void set_notes(std::vector<std::string> notes) { notes_ = std::move(notes); }

private:
    std::string name_;
    std::vector<Record> records_;
    std::vector<LabelState> states_;
    double ratio_ = 1.0;
    std::vector<std::string> warnings_;
    std::vector<std::string> notes_;
};

/// Reads and checks the annotations and every picture's header. Crowd and difficult boxes become ignore regions.
/// Boxes up to max(2 px, 1 %) over the edge are clipped, boxes without area dropped, both counted in warnings(). Then
/// the lists and rules of the options are applied (data/label_lists.h).
/// @throws ConfigError  class names that the table or the data set does not have
/// @throws DataError    everything wrong in the data set at once (data/data_problems.h): the first 20 and the count
/// @throws IoError      annotation file missing or unreadable
Dataset load_dataset(const DatasetOptions& options, const ClassTable& table);

/// load_dataset for each; the data errors of all sets are thrown together.
std::vector<Dataset> load_datasets(const std::vector<DatasetOptions>& options, const ClassTable& table);

/// @throws DataError naming every class that no data set labels exhaustively or partially. A class that is labelled but
/// has no box at all is a warning in the log.
void check_label_coverage(const std::vector<Dataset>& datasets, const ClassTable& table);

/// One line on what is known: "100 pictures; boxes: face 31; states: face 90 exhaustive, 10 unknown; hand 100 unknown".
std::string describe(const Dataset& dataset, const ClassTable& table);

/// "exhaustive", "partial", "absent", "unknown".
const char* label_state_name(LabelState state);

} // namespace banyan
