#include "quant/fallback.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>
#include <utility>

#include "core/check.h"

namespace banyan {

namespace {

class Search {
public:
    Search(const std::vector<double>& exact, const std::vector<std::vector<std::string>>& rankings,
           const FallbackJudge& judge, double most_drop)
        : exact_(exact), rankings_(rankings), judge_(judge), most_drop_(most_drop) {}

    Fallback run() {
        judge_kept(0);
        note_dropping();
        if (!dropping_.empty()) grow();
        if (result_.is_within) return std::move(result_);
        const auto least =
            std::min_element(result_.tries.begin(), result_.tries.end(),
                             [](const FallbackTry& a, const FallbackTry& b) { return a.worst_drop < b.worst_drop; });
        result_.chosen = static_cast<std::size_t>(least - result_.tries.begin());
        return std::move(result_);
    }

private:
    /// The k most harmful layers of each task that drops, of all tasks the worst first.
    std::vector<std::string> layers(std::size_t k) const {
        std::vector<std::string> kept;
        std::set<std::string> known;
        for (std::size_t rank = 0; rank < k; ++rank) {
            for (const std::size_t task : dropping_) {
                const std::vector<std::string>& ranking = rankings_[task];
                if (rank < ranking.size() && known.insert(ranking[rank]).second) kept.push_back(ranking[rank]);
            }
        }
        return kept;
    }

    /// Chooses the try if it is within. A set that was judged is not judged again. @return whether it is within
    bool judge_kept(std::size_t k) {
        FallbackTry one{layers(k), {}, -std::numeric_limits<double>::infinity()};
        for (const FallbackTry& other : result_.tries) {
            if (other.kept == one.kept) return other.worst_drop <= most_drop_;
        }
        one.figures = judge_(one.kept);
        BANYAN_CHECK(one.figures.size() == exact_.size(), "fallback: expected ", exact_.size(), " figures, found ",
                     one.figures.size());
        for (std::size_t task = 0; task < exact_.size(); ++task) {
            if (exact_[task] >= 0) one.worst_drop = std::max(one.worst_drop, exact_[task] - one.figures[task]);
        }
        const bool is_within = one.worst_drop <= most_drop_;
        if (is_within) {
            result_.chosen = result_.tries.size();
            result_.is_within = true;
        }
        result_.tries.push_back(std::move(one));
        return is_within;
    }

    /// Adds the tasks that dropped too much in the last try. @return whether there were new ones
    bool note_dropping() {
        const std::size_t before = dropping_.size();
        for (std::size_t task = 0; task < exact_.size(); ++task) {
            if (exact_[task] >= 0 && exact_[task] - result_.tries.back().figures[task] > most_drop_) {
                dropping_.insert(task);
            }
        }
        return dropping_.size() > before;
    }

    std::size_t longest_ranking() const {
        std::size_t longest = 0;
        for (const std::size_t task : dropping_) longest = std::max(longest, rankings_[task].size());
        return longest;
    }

    void grow() {
        std::size_t too_few = 0; // for the tasks that drop
        for (std::size_t k = 1; too_few < longest_ranking();) {
            k = std::min(k, longest_ranking());
            if (judge_kept(k)) return shrink(too_few, k);
            if (note_dropping()) {
                too_few = 0; // with the new task's layers the same k may do
                continue;
            }
            too_few = k;
            k *= 2;
        }
    }

    void shrink(std::size_t too_few, std::size_t enough) {
        while (enough - too_few > 1) {
            const std::size_t middle = too_few + (enough - too_few) / 2;
            (judge_kept(middle) ? enough : too_few) = middle;
        }
    }

    const std::vector<double>& exact_;
    const std::vector<std::vector<std::string>>& rankings_;
    const FallbackJudge& judge_;
    double most_drop_;
    std::set<std::size_t> dropping_; ///< tasks that dropped too much in any try
    Fallback result_;
};

} // namespace

Fallback find_fallback(const std::vector<double>& exact, const std::vector<std::vector<std::string>>& rankings,
                       const FallbackJudge& judge, double most_drop) {
    BANYAN_CHECK(rankings.size() == exact.size(), "fallback: expected ", exact.size(), " rankings, found ",
                 rankings.size());
    BANYAN_CHECK(std::isfinite(most_drop) && most_drop >= 0, "fallback: expected a drop of at least 0, found ",
                 most_drop);
    return Search(exact, rankings, judge, most_drop).run();
}

} // namespace banyan
