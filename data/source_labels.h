#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace banyan {

/// A box as the data set states it: not yet checked against its picture.
struct SourceBox {
    double x0 = 0, y0 = 0, x1 = 0, y1 = 0; ///< finite, x0 <= x1, y0 <= y1
    int source_class = 0;                  ///< index into SourceLabels::classes
    bool ignore = false;                   ///< crowd or difficult
    std::int64_t place = 0;                ///< number of the entry or line, for messages
};

/// A picture as the data set states it.
struct SourcePicture {
    std::string name;          ///< Record::name
    std::string id;            ///< as a split list calls it
    std::string file;          ///< relative to SourceLabels::base
    std::int64_t image_id = 0; ///< 0: to be numbered
    int width = 0;             ///< as stated; 0: not stated
    int height = 0;
    std::string where;       ///< the picture's entry, for messages
    std::string boxes_where; ///< the same for its boxes: a box's `place` is appended
    std::vector<SourceBox> boxes;
    std::vector<int> absent;   ///< source classes verified not to be in the picture
    std::vector<int> partial;  ///< source classes of which only some instances are boxed
    bool is_federated = false; ///< nothing is known of source classes that it neither boxes nor names as absent
};

/// What a reader hands over: a data set in its own words, before classes are mapped.
struct SourceLabels {
    std::vector<std::string> classes;
    std::vector<SourcePicture> pictures; ///< those of the split, in its order, cut to the limit
    std::string base;                    ///< folder that `file` is relative to
    bool in_fractions = false;           ///< boxes are fractions of the picture's sides, not pixels
    std::vector<std::string> warnings;
};

} // namespace banyan
