#pragma once

#include <limits>
#include <optional>
#include <string>
#include <vector>

namespace banyan {

enum class ColourScale {
    sequential, ///< pale to dark, for amounts
    diverging   ///< two colours about a pale zero, for values of both signs
};

/// One field of a heat map.
struct HeatCell {
    double value = std::numeric_limits<double>::quiet_NaN(); ///< not finite: the cell is grey and written "–"
    std::string note = {};                                   ///< smaller second line, e.g. "± 0.02"
    bool outlined = false;                                   ///< a dark frame; say in the caption what it means
};

/// A matrix of numbers with names for its rows and columns.
struct HeatMap {
    std::vector<std::string> rows;            ///< names, top to bottom
    std::vector<std::string> columns;         ///< names, left to right
    std::vector<std::vector<HeatCell>> cells; ///< [row][column]
    std::string title = {};
    std::string row_title = {};    ///< what the rows are, e.g. "branch"
    std::string column_title = {}; ///< what the columns are
    int decimals = 2;              ///< of the numbers in the cells
    ColourScale scale = ColourScale::sequential;
    /// Values at the ends of the colours; values beyond have the end's colour. Left out: those of the cells, and 0;
    /// a diverging scale is then as wide to both sides.
    std::optional<double> low = {};
    std::optional<double> high = {};
};

/// The matrix as a self-contained SVG picture: a coloured field with its number for each cell, and a colour bar. Its
/// size follows from the number of rows and columns and from the names' lengths.
/// @throws CheckError the cells do not fit the names, or low >= high
std::string heat_map_svg(const HeatMap& map);

} // namespace banyan
