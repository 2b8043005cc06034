#include "heads/box_voting.h"

#include "core/check.h"

namespace banyan {

namespace {

/// Weighted mean offsets from a box; a box that votes alone stays where it is, to the bit.
class Vote {
public:
    explicit Vote(const Box& box) : box_(box) {}

    void add(const ScoredBox& voter) {
        weight_ += voter.score;
        x0_ += voter.score * (voter.box.x0 - box_.x0);
        y0_ += voter.score * (voter.box.y0 - box_.y0);
        x1_ += voter.score * (voter.box.x1 - box_.x1);
        y1_ += voter.score * (voter.box.y1 - box_.y1);
    }
    Box result() const {
        if (!(weight_ > 0)) return box_;
        return {box_.x0 + x0_ / weight_, box_.y0 + y0_ / weight_, box_.x1 + x1_ / weight_, box_.y1 + y1_ / weight_};
    }

private:
    Box box_;
    float weight_ = 0, x0_ = 0, y0_ = 0, x1_ = 0, y1_ = 0;
};

bool meet(const Box& a, const Box& b) { return a.x0 < b.x1 && b.x0 < a.x1 && a.y0 < b.y1 && b.y0 < a.y1; }

} // namespace

void vote_boxes(std::vector<ScoredBox>& kept, const std::vector<ScoredBox>& all, float least_iou) {
    BANYAN_CHECK(least_iou > 0 && least_iou <= 1, "box voting: expected an IoU in (0, 1], found ", least_iou);
    for (ScoredBox& winner : kept) {
        Vote vote(winner.box);
        for (const ScoredBox& voter : all) {
            // Most pairs do not meet at all: four comparisons spare the division.
            if (voter.class_id != winner.class_id || !meet(voter.box, winner.box)) continue;
            if (iou(voter.box, winner.box) >= least_iou) vote.add(voter);
        }
        winner.box = vote.result();
    }
}

} // namespace banyan
