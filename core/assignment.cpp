#include "core/assignment.h"

#include <cmath>
#include <limits>

#include "core/check.h"

namespace banyan {

namespace {

constexpr std::size_t kNone = std::numeric_limits<std::size_t>::max();

void check_costs(const std::vector<std::vector<double>>& cost) {
    const std::size_t columns = cost.empty() ? 0 : cost.front().size();
    BANYAN_CHECK(cost.size() <= columns || cost.empty(), "assignment: ", cost.size(), " rows for ", columns,
                 " columns");
    for (std::size_t row = 0; row < cost.size(); ++row) {
        BANYAN_CHECK(cost[row].size() == columns, "assignment: row ", row, " has ", cost[row].size(), " costs, not ",
                     columns);
        for (const double value : cost[row]) {
            BANYAN_CHECK(std::isfinite(value), "assignment: a cost of row ", row, " is not finite");
        }
    }
}

/// Rows enter one by one, each by the cheapest path of alternating changes to a free column. Costs reduced by the
/// prices of rows and columns are never negative, so Dijkstra's search finds that path.
class PathAssigner {
public:
    explicit PathAssigner(const std::vector<std::vector<double>>& cost)
        : cost_(cost), columns_(cost.front().size()), row_price_(cost.size(), 0), column_price_(columns_, 0),
          row_of_(columns_, kNone) {}

    void add(std::size_t row) {
        distance_.assign(columns_, std::numeric_limits<double>::infinity());
        from_.assign(columns_, kNone);
        done_.assign(columns_, false);
        const std::size_t free_column = search(row);
        for (std::size_t column = free_column; column != kNone;) { // each column on the path gets its predecessor's row
            const std::size_t before = from_[column];
            row_of_[column] = before == kNone ? row : row_of_[before];
            column = before;
        }
    }

    std::vector<std::size_t> columns() const {
        std::vector<std::size_t> result(cost_.size(), kNone);
        for (std::size_t column = 0; column < columns_; ++column) {
            if (row_of_[column] != kNone) result[row_of_[column]] = column;
        }
        return result;
    }

private:
    /// @return the free column at the end of the shortest path, with prices moved so that the path costs nothing
    std::size_t search(std::size_t row) {
        double reached = 0;
        std::size_t last = kNone; // column through which the present row is left
        std::size_t present = row;
        while (true) {
            relax(present, last, reached);
            last = nearest_column();
            reached = distance_[last];
            done_[last] = true;
            if (row_of_[last] == kNone) break;
            present = row_of_[last];
        }
        row_price_[row] += reached;
        for (std::size_t column = 0; column < columns_; ++column) {
            if (!done_[column]) continue;
            column_price_[column] -= reached - distance_[column];
            if (row_of_[column] != kNone) row_price_[row_of_[column]] += reached - distance_[column];
        }
        return last;
    }

    void relax(std::size_t row, std::size_t from, double reached) {
        for (std::size_t column = 0; column < columns_; ++column) {
            if (done_[column]) continue;
            const double way = reached + cost_[row][column] - row_price_[row] - column_price_[column];
            if (way >= distance_[column]) continue;
            distance_[column] = way;
            from_[column] = from;
        }
    }

    std::size_t nearest_column() const {
        std::size_t best = kNone;
        for (std::size_t column = 0; column < columns_; ++column) {
            if (!done_[column] && (best == kNone || distance_[column] < distance_[best])) best = column;
        }
        return best;
    }

    const std::vector<std::vector<double>>& cost_;
    std::size_t columns_;
    std::vector<double> row_price_, column_price_;
    std::vector<std::size_t> row_of_; // of each column; kNone: free
    std::vector<double> distance_;    // of the search: from its row to each column
    std::vector<std::size_t> from_;   // of the search: the column before
    std::vector<bool> done_;          // of the search: the distance is final
};

} // namespace

std::vector<std::size_t> assign(const std::vector<std::vector<double>>& cost) {
    check_costs(cost);
    if (cost.empty()) return {};
    PathAssigner assigner(cost);
    for (std::size_t row = 0; row < cost.size(); ++row) assigner.add(row);
    return assigner.columns();
}

} // namespace banyan
