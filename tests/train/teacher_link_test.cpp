#include "train/teacher_link.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "model/libtorch.h"
#include "support/expect_error.h"
#include "train/tiny_model.h"

namespace banyan {
namespace {

using testing::ElementsAre;

constexpr int kPixels = 32;

AnchorSet anchors_of(AnchorKind kind, const std::vector<int>& levels, const std::vector<double>& scales) {
    AnchorOptions options;
    options.kind = kind;
    options.levels = levels;
    options.scales = scales;
    return make_anchors(options, kPixels, kPixels);
}

ModelOptions merged_options() {
    ModelOptions options = test::tiny_options({"face", "hand"});
    options.branches = {test::tiny_branch("both", {"hand", "face"})};
    return options;
}

TEST(LinkAnchors, JoinAnchorsOfOneLevelAndCell) {
    const AnchorSet network = anchors_of(AnchorKind::boxes, {3, 4}, {2, 6});
    const AnchorSet teacher = anchors_of(AnchorKind::boxes, {4, 5}, {6.5, 5, 1});
    const at::Tensor links = link_anchors(network, teacher);
    ASSERT_EQ(links.size(0), static_cast<std::int64_t>(network.size()));
    for (std::size_t r = 0; r < network.size(); ++r) {
        const auto link = links[static_cast<std::int64_t>(r)].item<std::int64_t>();
        const bool is_large = network.boxes[r].width() > 50;
        if (network.stride_of(r) == 8 || !is_large) {
            EXPECT_EQ(link, -1) << r; // no such level, or no prior box of its size
            continue;
        }
        ASSERT_GE(link, 0);
        const Box& other = teacher.boxes[static_cast<std::size_t>(link)];
        EXPECT_EQ(teacher.stride_of(static_cast<std::size_t>(link)), 16);
        EXPECT_FLOAT_EQ(other.width(), 6.5F * 16); // nearer to 6 than 5 is
        EXPECT_FLOAT_EQ(other.x0 + other.x1, network.boxes[r].x0 + network.boxes[r].x1);
        EXPECT_FLOAT_EQ(other.y0 + other.y1, network.boxes[r].y0 + network.boxes[r].y1);
    }
}

TEST(LinkAnchors, PointsAreEqualWhateverTheirScale) {
    const AnchorSet network = anchors_of(AnchorKind::points, {3, 4}, {2}),
                    teacher = anchors_of(AnchorKind::points, {3, 4}, {9});
    EXPECT_TRUE(at::equal(link_anchors(network, teacher), at::arange(static_cast<std::int64_t>(network.size()))));
}

TEST(LinkTeacher, FindsTheTasksOfAMergedBranchInTheirOwn) {
    const MultiTaskModel network(merged_options()), teacher(test::tiny_options({"hand", "face", "head"}));
    const auto links = link_teacher(network, teacher, {}, "t");
    ASSERT_EQ(links.size(), 1U);
    ASSERT_EQ(links[0].size(), 2U);
    EXPECT_EQ(links[0][0].task, "hand");
    EXPECT_EQ(links[0][0].teacher_branch, 0U);
    EXPECT_THAT(links[0][0].classes, ElementsAre(0));
    EXPECT_EQ(links[0][1].teacher_branch, 1U);
    EXPECT_THAT(links[0][1].classes, ElementsAre(1));
    EXPECT_THAT(links[0][1].teacher_classes, ElementsAre(0));
}

TEST(LinkTeacher, JoinsClassesByName) {
    ModelOptions options = test::tiny_options({"face"});
    options.tasks[0].classes = {"a", "b"};
    const MultiTaskModel network(options);
    options.tasks[0].classes = {"b", "a"};
    const MultiTaskModel teacher(options);
    const TaskLink link = link_teacher(network, teacher, {}, "t")[0][0];
    EXPECT_THAT(link.classes, ElementsAre(0, 1));
    EXPECT_THAT(link.teacher_classes, ElementsAre(1, 0));
    options.tasks[0].classes = {"b", "c"};
    const MultiTaskModel other(options);
    expect_error<ConfigError>([&] { link_teacher(network, other, {}, "t"); }, {"t", "classes", "a, b", "b, c"});
}

TEST(LinkTeacher, TeachesTheTasksNamed) {
    const MultiTaskModel network(test::tiny_options({"face", "hand"})), teacher(test::tiny_options({"hand", "head"}));
    expect_error<ConfigError>([&] { link_teacher(network, teacher, {}, "t"); },
                              {"\"face\"", "hand, head", "\"tasks\""});
    expect_error<ConfigError>([&] { link_teacher(network, teacher, {"hend"}, "t"); },
                              {"\"hend\" in the network", "did you mean \"hand\"?"});
    expect_error<ConfigError>([&] { link_teacher(network, teacher, {"face"}, "t"); }, {"\"face\" in the teacher"});
    const auto links = link_teacher(network, teacher, {"hand"}, "t");
    EXPECT_TRUE(links[0].empty());
    EXPECT_EQ(links[1].size(), 1U);
}

TEST(LinkTeacher, RefusesWhatDoesNotFit) {
    const MultiTaskModel network(test::tiny_options({"face"}));
    ModelOptions options = test::tiny_options({"face"});
    options.branches[0].anchors.kind = AnchorKind::points;
    const MultiTaskModel points(options);
    expect_error<ConfigError>([&] { link_teacher(network, points, {}, "t"); }, {"\"face\"", "boxes", "points"});
    options = test::tiny_options({"face"});
    options.preprocessing.mean = {1, 2, 3};
    const MultiTaskModel pale(options);
    expect_error<ConfigError>([&] { link_teacher(network, pale, {}, "t"); }, {"mean and std"});
    options = test::tiny_options({"face"});
    options.neck.last_level = 5;
    options.branches[0].anchors.levels = {5};
    const MultiTaskModel coarse(options);
    expect_error<ConfigError>([&] { link_teacher(network, coarse, {}, "t"); }, {"levels 3, 4", "levels 5"});
}

} // namespace
} // namespace banyan
