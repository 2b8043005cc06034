#include "combine/transplant.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "combine/tiny_network.h"
#include "core/error.h"
#include "model/libtorch.h"
#include "support/expect_error.h"
#include "support/tensor_close.h"

namespace banyan::test {
namespace {

using Outputs = std::map<std::string, at::Tensor>;

const MergePlan kPair{{{"cat"}, {"dog", "cow"}}};

/// Dogs and cows are told by one head; cats by another.
MultiTaskModel twins(ModelOptions options = tiny_network_options(), std::uint64_t seed = 1) {
    MultiTaskModel model(std::move(options));
    shake(model, seed);
    copy_branch(model, "dog", "cow");
    return model;
}

MultiTaskModel strangers(ModelOptions options = tiny_network_options(), std::uint64_t seed = 1) {
    MultiTaskModel model(std::move(options));
    shake(model, seed);
    return model;
}

Outputs outputs_of(MultiTaskModel& model, const at::Tensor& pictures) {
    const torch::NoGradGuard no_grad;
    return model.module().run_outputs(model.normalise(pictures));
}

at::Tensor no_pictures() { return at::empty({0, 64, 64, 3}, at::kByte); }

/// Class and box outputs of dog and cow in the merged branch, as their own branches name them.
void expect_same_bits(const Outputs& separate, const Outputs& merged, const std::string& branch) {
    for (const char* task : {"dog", "cow"}) {
        for (const char* part : {".cls.p3", ".box.p3", ".cls.p4", ".box.p4"}) {
            const std::string name = std::string(task) + part;
            EXPECT_TRUE(at::equal(separate.at(name), merged.at(branch + "." + name))) << name;
        }
    }
}

std::vector<std::pair<std::string, ModelOptions>> kinds_of_heads() {
    std::vector<std::pair<std::string, ModelOptions>> kinds;
    const auto add = [&](const std::string& name, auto change) {
        ModelOptions options = tiny_network_options();
        for (BranchOptions& branch : options.branches) change(options, branch);
        kinds.emplace_back(name, options);
    };
    add("plain", [](ModelOptions&, BranchOptions&) {});
    add("bins", [](ModelOptions&, BranchOptions& branch) { branch.head.box_bins = 8; });
    add("full towers", [](ModelOptions&, BranchOptions& branch) { branch.head.tower = TowerKind::conv; });
    add("split towers", [](ModelOptions&, BranchOptions& branch) { branch.head.split_towers = true; });
    add("no tower", [](ModelOptions&, BranchOptions& branch) { branch.head.depth = 0; });
    add("deep silu", [](ModelOptions&, BranchOptions& branch) {
        branch.head.depth = 3;
        branch.head.activation = Activation::silu;
    });
    add("group norm", [](ModelOptions& options, BranchOptions&) { options.norm = {NormKind::group, 8}; });
    add("boxes", [](ModelOptions&, BranchOptions& branch) {
        branch.anchors.kind = AnchorKind::boxes;
        branch.anchors.aspect_hw = {1, 2};
    });
    return kinds;
}

TEST(MergeBranches, CopiesOfOneHeadKeepEveryBitOfTheirOutputs) {
    const at::Tensor pictures = random_pictures(2);
    for (const auto& [name, options] : kinds_of_heads()) {
        SCOPED_TRACE(name);
        MultiTaskModel source = twins(options);
        Transplant made = merge_branches(source, kPair, no_pictures());
        EXPECT_EQ(made.branches[0].method, "kept");
        EXPECT_EQ(made.branches[1].method, "copied");
        EXPECT_EQ(made.branches[1].branch, "dog+cow");
        const Outputs separate = outputs_of(source, pictures), merged = outputs_of(made.model, pictures);
        expect_same_bits(separate, merged, "dog+cow");
        EXPECT_TRUE(at::equal(separate.at("cat.cls.p3"), merged.at("cat.cls.p3")));
    }
}

TEST(MergeBranches, CopiesOfOneHeadCanShareTheirBoxes) {
    for (const auto& [name, options] : kinds_of_heads()) {
        SCOPED_TRACE(name);
        MultiTaskModel source = twins(options);
        TransplantOptions wanted;
        wanted.boxes = BoxOutputs::shared;
        Transplant made = merge_branches(source, kPair, no_pictures(), wanted);
        const at::Tensor pictures = random_pictures(2);
        const Outputs separate = outputs_of(source, pictures), merged = outputs_of(made.model, pictures);
        EXPECT_TRUE(at::equal(separate.at("dog.box.p3"), merged.at("dog+cow.box.p3")));
        const std::int64_t anchors = separate.at("dog.cls.p3").size(1);
        for (std::int64_t a = 0; a < anchors; ++a) { // channel a * K + k, K = 2
            const at::Tensor& joined = merged.at("dog+cow.cls.p3");
            // A convolution of other width may add up in another order.
            expect_close(joined.select(1, 2 * a), separate.at("dog.cls.p3").select(1, a), {1e-5, 1e-5});
            expect_close(joined.select(1, 2 * a + 1), separate.at("cow.cls.p3").select(1, a), {1e-5, 1e-5});
        }
    }
}

TEST(MergeBranches, CopiesOfOneTowerKeepTheirClassesWhereBoxesAreFitted) {
    for (const auto& [name, options] : kinds_of_heads()) {
        SCOPED_TRACE(name);
        MultiTaskModel source = twins(options);
        const std::string boxes = "branches.cow.box.weight";
        source.module().assign(boxes, source.module().tensor(boxes) * 1.5);
        TransplantOptions wanted;
        wanted.boxes = BoxOutputs::shared;
        Transplant made = merge_branches(source, kPair, random_pictures(4), wanted);
        EXPECT_EQ(made.branches[1].method, "copied");
        EXPECT_GT(made.branches[1].output_error, 0);
        const at::Tensor pictures = random_pictures(2, 99);
        const Outputs separate = outputs_of(source, pictures), merged = outputs_of(made.model, pictures);
        const at::Tensor joined = merged.at("dog+cow.cls.p3");
        for (std::int64_t a = 0; a < separate.at("dog.cls.p3").size(1); ++a) {
            expect_close(joined.select(1, 2 * a), separate.at("dog.cls.p3").select(1, a), {1e-5, 1e-5});
            expect_close(joined.select(1, 2 * a + 1), separate.at("cow.cls.p3").select(1, a), {1e-5, 1e-5});
        }
    }
}

TEST(MergeBranches, SplittingIsTheInverseOfMergingCopies) {
    for (const BoxOutputs boxes : {BoxOutputs::per_task, BoxOutputs::shared}) {
        for (const auto& [name, options] : kinds_of_heads()) {
            SCOPED_TRACE(name);
            MultiTaskModel source = twins(options);
            TransplantOptions wanted;
            wanted.boxes = boxes;
            Transplant made = merge_branches(source, kPair, no_pictures(), wanted);
            const MergePlan plan = split_plan(made.model.options(), "dog+cow");
            Transplant again = merge_branches(made.model, plan, no_pictures());
            for (const auto& [tensor, parameter] : source.module().graph().parameters) {
                EXPECT_TRUE(at::equal(source.module().tensor(tensor), again.model.module().tensor(tensor))) << tensor;
            }
        }
    }
}

TEST(MergeBranches, TasksLeaveAFittedBranchWithTheSameOutputs) {
    MultiTaskModel source = strangers();
    const at::Tensor pictures = random_pictures(4);
    Transplant merged = merge_branches(source, kPair, pictures);
    ASSERT_EQ(merged.branches[1].layer_errors.size(), 2U);
    Transplant split = merge_branches(merged.model, split_plan(merged.model.options(), ""), no_pictures());
    const Outputs before = outputs_of(merged.model, pictures), after = outputs_of(split.model, pictures);
    expect_same_bits(after, before, "dog+cow");
}

TEST(MergeBranches, KeepsTrunkAndOtherBranchesToTheBit) {
    MultiTaskModel source = strangers();
    Transplant made = merge_branches(source, kPair, random_pictures(4));
    for (const auto& [name, parameter] : source.module().graph().parameters) {
        if (name.starts_with("branches.dog") || name.starts_with("branches.cow")) continue;
        EXPECT_TRUE(at::equal(source.module().tensor(name), made.model.module().tensor(name))) << name;
    }
    EXPECT_EQ(made.branches[0].method, "kept");
    EXPECT_EQ(made.branches[1].sources, (std::vector<std::string>{"dog", "cow"}));
}

/// Mean over the outputs of dog and cow of |difference|^2 / scatter.
double lost_share(const Outputs& separate, const Outputs& merged, const std::string& branch) {
    double sum = 0;
    int count = 0;
    for (const char* task : {"dog", "cow"}) {
        for (const char* part : {".cls.p3", ".box.p3", ".cls.p4", ".box.p4"}) {
            const at::Tensor wanted = separate.at(std::string(task) + part),
                             found = merged.at(branch + "." + task + part);
            const at::Tensor scatter = (wanted - wanted.mean({0, 2, 3}, true)).square().mean();
            sum += ((wanted - found).square().mean() / scatter).item<double>();
            ++count;
        }
    }
    return sum / count;
}

TEST(MergeBranches, TowersSideBySideLoseNothingWhereTheyNeedNoSlimming) {
    ModelOptions options = tiny_network_options();
    for (BranchOptions& branch : options.branches) branch.head.tower = TowerKind::conv;
    MultiTaskModel source = strangers(options);
    const at::Tensor pictures = random_pictures(24);
    TransplantOptions wanted;
    wanted.method = TowerMethod::concatenate;
    wanted.width = 32;
    wanted.layer.ridge = 1e-9;
    Transplant made = merge_branches(source, kPair, pictures, wanted);
    EXPECT_EQ(made.branches[1].method, "concatenate");
    EXPECT_LT(made.branches[1].output_error, 1e-4);
    const at::Tensor others = random_pictures(4, 99);
    EXPECT_LT(lost_share(outputs_of(source, others), outputs_of(made.model, others), "dog+cow"), 1e-3);
}

TEST(MergeBranches, WiderTowersLoseLess) {
    MultiTaskModel source = strangers();
    const at::Tensor pictures = random_pictures(24), others = random_pictures(8, 99);
    const Outputs separate = outputs_of(source, others);
    double before = 1;
    for (const std::int64_t width : {8, 16, 32}) {
        TransplantOptions wanted;
        wanted.method = TowerMethod::concatenate;
        wanted.width = width;
        Transplant made = merge_branches(source, kPair, pictures, wanted);
        const double lost = lost_share(separate, outputs_of(made.model, others), "dog+cow");
        EXPECT_LT(lost, before) << width;
        before = lost;
    }
}

TEST(MergeBranches, TakesTheMethodThatLosesLess) {
    MultiTaskModel source = strangers();
    const at::Tensor pictures = random_pictures(8);
    std::vector<BranchTransplant> made;
    for (const TowerMethod method : {TowerMethod::average, TowerMethod::concatenate, TowerMethod::automatic}) {
        TransplantOptions wanted;
        wanted.method = method;
        made.push_back(merge_branches(source, kPair, pictures, wanted).branches[1]);
    }
    EXPECT_EQ(made[0].method, "average");
    EXPECT_EQ(made[1].method, "concatenate");
    const bool average = made[0].output_error < made[1].output_error;
    EXPECT_EQ(made[2].method, average ? "average" : "concatenate");
    EXPECT_EQ(made[2].output_error, std::min(made[0].output_error, made[1].output_error));
}

TEST(MergeBranches, FitsEveryKindOfHead) {
    const at::Tensor pictures = random_pictures(12), others = random_pictures(4, 99);
    for (const auto& [name, options] : kinds_of_heads()) {
        SCOPED_TRACE(name);
        MultiTaskModel source = strangers(options);
        TransplantOptions wanted;
        wanted.width = 32;
        Transplant made = merge_branches(source, kPair, pictures, wanted);
        EXPECT_LT(lost_share(outputs_of(source, others), outputs_of(made.model, others), "dog+cow"),
                  0.45); // 1: nothing is told
        wanted.boxes = BoxOutputs::shared;
        Transplant joined = merge_branches(source, kPair, pictures, wanted);
        EXPECT_LT(joined.branches[1].output_error, 0.6); // boxes of strangers in one output
        for (const auto& [output, value] : outputs_of(joined.model, others)) {
            EXPECT_TRUE(value.isfinite().all().item<bool>()) << output;
        }
    }
}

TEST(MergeBranches, BoxesStayWhereTheyAreWhenAnchorsAreUnited) {
    ModelOptions options = tiny_network_options();
    for (BranchOptions& branch : options.branches) branch.anchors.kind = AnchorKind::boxes;
    options.branches[1].anchors.scales = {3};
    options.branches[2].anchors.scales = {5};
    MultiTaskModel source = twins(options);
    for (const char* scale : {"dog.box_scale.p3", "dog.box_scale.p4", "cow.box_scale.p3", "cow.box_scale.p4"}) {
        source.module().assign("branches." + std::string(scale) + ".scale", at::ones({1}));
    }
    Transplant made = merge_branches(source, kPair, no_pictures());
    const at::Tensor pictures = random_pictures(2);
    const Outputs separate = outputs_of(source, pictures), merged = outputs_of(made.model, pictures);
    const double united = made.model.options().branches[1].anchors.sizes[0][0].width_px / 8; // in strides
    for (const auto& [task, own] : {std::pair<std::string, double>{"dog", 3}, {"cow", 5}}) {
        const at::Tensor code = separate.at(task + ".box.p3"), told = merged.at("dog+cow." + task + ".box.p3");
        expect_close(told.slice(1, 0, 2) * united, code.slice(1, 0, 2) * own, {1e-4, 1e-4});
        expect_close(told.slice(1, 2).exp() * united, code.slice(1, 2).exp() * own, {1e-4, 1e-4});
    }
}

TEST(MergeBranches, RefusesWhatCannotShareATower) {
    ModelOptions options = tiny_network_options();
    options.branches[2].head.depth = 3;
    options.branches[2].anchors.levels = {4};
    MultiTaskModel other = strangers(options);
    expect_error<UsageError>([&] { merge_branches(other, kPair, random_pictures(1)); },
                             {"dog+cow", "depth of dog 2, cow 3", "levels of dog 3-4, cow 4"});
    MultiTaskModel source = strangers();
    expect_error<UsageError>([&] { merge_branches(source, kPair, no_pictures()); }, {"dog+cow", "calibration"});
    expect_error<UsageError>(
        [&] {
            merge_branches(source, {{{"cat", "dog"}}}, no_pictures());
        },
        {"\"cow\" is missing"});
    TransplantOptions wide;
    wide.width = 40;
    expect_error<UsageError>([&] { merge_branches(source, kPair, random_pictures(1), wide); },
                             {"--width", "at most 32", "40"});
    wide.width = 24;
    wide.method = TowerMethod::average;
    expect_error<UsageError>([&] { merge_branches(source, kPair, random_pictures(1), wide); },
                             {"--method average", "towers of one width"});
}

TEST(SplitPlan, NamesWhatItCannotSplit) {
    const ModelOptions options = tiny_network_options();
    expect_error<UsageError>([&] { split_plan(options, "cat"); }, {"--branch cat", "nothing to split"});
    expect_error<UsageError>([&] { split_plan(options, "bird"); }, {"--branch", "\"bird\""});
    expect_error<UsageError>([&] { split_plan(options, ""); }, {"--model", "nothing to split"});
}

} // namespace
} // namespace banyan::test
