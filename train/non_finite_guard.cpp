#include "train/non_finite_guard.h"

#include <cstddef>
#include <utility>

#include "core/error.h"
#include "core/log.h"
#include "train/named_numbers.h"

namespace banyan {

namespace {

constexpr const char* kState = "non_finite.";
constexpr std::size_t kMostNames = 8;

/// Tasks of the branch are told by its name; a gradient of the trunk belongs to all branches of the step.
std::string place_of(const NonFinite& found, std::int64_t step) {
    return "step " + std::to_string(step + 1) + (found.branch.empty() ? "" : ", branch " + found.branch);
}

std::string losses_text(const NonFinite& found) {
    std::string text;
    for (const auto& [branch, figures] : found.losses) {
        if (!found.branch.empty() && branch != found.branch) continue;
        text += (text.empty() ? "" : "; ") + branch + ": class " + loss_text(figures.class_loss) + ", box " +
                loss_text(figures.box_loss) +
                (figures.teacher_loss ? ", teacher " + loss_text(*figures.teacher_loss) : "");
    }
    return text;
}

std::string samples_text(const NonFinite& found, const Batch& batch, const BatchNames& names) {
    std::string text;
    for (std::size_t i = 0; i < found.rows.size() && i < kMostNames; ++i) {
        text += (text.empty() ? "" : ", ") + sample_name(batch, static_cast<std::size_t>(found.rows[i]), names);
    }
    if (found.rows.size() > kMostNames) text += " and " + std::to_string(found.rows.size() - kMostNames) + " more";
    return text;
}

} // namespace

NonFiniteGuard::NonFiniteGuard(const TrainOptions& options, std::string run_folder, BatchNames names)
    : policy_(options.non_finite), limit_(options.non_finite_limit), run_folder_(std::move(run_folder)),
      names_(std::move(names)) {}

ErrorText NonFiniteGuard::describe(const NonFinite& found, const Batch& batch, std::int64_t step) const {
    const std::string tensor = found.tensor.empty() ? "" : "first in \"" + found.tensor + "\", ";
    return {place_of(found, step), "a " + found.what + " is not finite", "",
            tensor + losses_text(found) + ", on " + samples_text(found, batch, names_), ""};
}

void NonFiniteGuard::handle(const NonFinite& found, const Batch& batch, std::int64_t step) {
    ++in_a_row_;
    const std::string folder = run_folder_ + "/nonfinite-" + std::to_string(step + 1);
    std::string dump;
    if (dumps_ < kMostDumps) {
        write_batch_dump(folder, batch, found, names_);
        ++dumps_;
        dump = "the batch is in " + folder;
    }
    ErrorText text = describe(found, batch, step);
    if (policy_ == NonFinitePolicy::skip && in_a_row_ < limit_) {
        ++skipped_;
        text.next_step = "skipped, " + std::to_string(skipped_) + " so far" + (dump.empty() ? "" : "; " + dump);
        log_warning(format_error(text));
        return;
    }
    if (policy_ == NonFinitePolicy::skip) text.problem += ", " + std::to_string(in_a_row_) + " times in a row";
    text.next_step = dump + (dump.empty() ? "" : "; ") + "lower /train/lr or set /train/precision to \"fp32\"";
    throw NumericError(text);
}

std::map<std::string, at::Tensor> NonFiniteGuard::state() const {
    std::map<std::string, at::Tensor> state;
    add_tensors({{"counts", {static_cast<double>(skipped_), static_cast<double>(in_a_row_)}}}, kState, state);
    return state;
}

void NonFiniteGuard::load_state(const std::map<std::string, at::Tensor>& state) {
    skipped_ = in_a_row_ = 0;
    for (const auto& [name, counts] : numbers_below(kState, 2, state)) {
        skipped_ = static_cast<std::int64_t>(counts[0]);
        in_a_row_ = static_cast<std::int64_t>(counts[1]);
    }
}

} // namespace banyan
