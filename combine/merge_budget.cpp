#include "combine/merge_budget.h"

#include <charconv>
#include <cmath>
#include <sstream>
#include <string_view>

#include "core/error.h"
#include "report/axis_ticks.h"

namespace banyan {

namespace {

constexpr const char* kForm =
    "limits with commas between, of \"3\" (costs of a table), \"latency=12ms\", \"branches=2\"";

/// The limits of one text.
class BudgetReader {
public:
    BudgetReader(std::string text, std::string where) : text_(std::move(text)), where_(std::move(where)) {}

    MergeBudget read() {
        std::istringstream in(text_ + ",");
        for (std::string limit; std::getline(in, limit, ',');) add(limit);
        return budget_;
    }

private:
    [[noreturn]] void refuse(const std::string& problem) const {
        throw UsageError(ErrorText{where_, problem, kForm, "\"" + text_ + "\"", ""});
    }

    void add(std::string_view limit) {
        if (limit.starts_with("latency=") && limit.ends_with("ms")) {
            set(budget_.latency_ms, positive(limit.substr(8, limit.size() - 10)));
        } else if (limit.starts_with("branches=")) {
            const double count = positive(limit.substr(9));
            if (count != std::floor(count) || count > 1e6) refuse("not a number of branches");
            set(budget_.branches, static_cast<std::int64_t>(count));
        } else {
            set(budget_.cost, positive(limit));
        }
    }

    double positive(std::string_view text) const {
        double value = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
        if (error != std::errc{} || end != text.data() + text.size()) refuse("not a budget");
        if (!std::isfinite(value) || value <= 0) refuse("a limit that is not above 0");
        return value;
    }

    template <typename T>
    void set(std::optional<T>& limit, T value) const {
        if (limit) refuse("a limit twice");
        limit = value;
    }

    std::string text_, where_;
    MergeBudget budget_;
};

} // namespace

MergeBudget merge_budget_from_text(const std::string& text, const std::string& where) {
    return BudgetReader(text, where).read();
}

std::string merge_budget_text(const MergeBudget& budget) {
    std::string text;
    const auto add = [&](const std::string& limit) { text += (text.empty() ? "" : ",") + limit; };
    if (budget.cost) add(format_short(*budget.cost, 15));
    if (budget.latency_ms) add("latency=" + format_short(*budget.latency_ms, 15) + "ms");
    if (budget.branches) add("branches=" + std::to_string(*budget.branches));
    return text;
}

} // namespace banyan
