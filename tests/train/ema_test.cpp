#include "train/ema.h"

#include <gtest/gtest.h>

#include "core/error.h"
#include "graph/builder.h"
#include "model/libtorch.h"
#include "support/expect_error.h"
#include "support/tensor_close.h"

namespace banyan {
namespace {

GraphModule small_module() {
    GraphBuilder b(8, 8);
    ConvBnActOptions layer;
    layer.out_channels = 4;
    b.output("y", b.conv_bn_act(b.image(), "stem", layer));
    return GraphModule(b.build());
}

constexpr const char* kWeight = "stem.bn.weight";
constexpr const char* kMean = "stem.bn.running_mean";

double first_average(const Ema& ema, const std::string& name) {
    return ema.state().at("average." + name).flatten()[0].item<double>();
}

void set(GraphModule& module, const std::string& name, double value) {
    module.assign(name, at::full(module.tensor(name).sizes(), value));
}

TEST(Ema, WarmsUpAndThenFollowsItsDecay) {
    GraphModule module = small_module();
    const Ema at_start(module, 0.5);
    EXPECT_EQ(first_average(at_start, kWeight), 1); // start values of norms
    Ema ema(module, 0.5);
    double expected = 1;
    for (int t = 0; t < 20; ++t) {
        set(module, kWeight, t);
        ema.update(module, {kWeight});
        const double decay = std::min(0.5, (1.0 + t) / (10.0 + t)); // 0.1, 2/11, …, 0.5 from t = 8 on
        expected += (1 - decay) * (t - expected);
        EXPECT_NEAR(first_average(ema, kWeight), expected, 1e-5);
    }
}

TEST(Ema, TensorsThatWereNotTouchedKeepAverageAndCount) {
    GraphModule module = small_module();
    Ema ema(module, 0.9);
    set(module, kWeight, 7);
    set(module, kMean, 7);
    ema.update(module, {kMean});
    EXPECT_EQ(first_average(ema, kWeight), 1);
    EXPECT_NE(first_average(ema, kMean), 0);
    EXPECT_EQ(ema.state().at(std::string("count.") + kWeight).item<std::int64_t>(), 0);
    EXPECT_EQ(ema.state().at(std::string("count.") + kMean).item<std::int64_t>(), 1);
}

TEST(Ema, WithoutDecayItIsTheParametersToTheBit) {
    GraphModule module = small_module(), copy = small_module();
    Ema ema(module, 0);
    torch::manual_seed(1);
    std::vector<std::string> names;
    for (const auto& [name, parameter] : module.graph().parameters) {
        module.assign(name, torch::randn(module.tensor(name).sizes()));
        names.push_back(name);
    }
    ema.update(module, names);
    ema.copy_to(copy);
    EXPECT_EQ(copy.to_host(), module.to_host());
}

TEST(Ema, DoesNotShareMemoryWithTheModule) {
    GraphModule module = small_module();
    const Ema ema(module, 0.9);
    set(module, kWeight, 3);
    EXPECT_EQ(first_average(ema, kWeight), 1);
    ema.copy_to(module);
    EXPECT_EQ(module.tensor(kWeight)[0].item<double>(), 1);
    EXPECT_TRUE(module.tensor(kWeight).requires_grad());
}

TEST(Ema, GoesOnFromItsState) {
    GraphModule module = small_module();
    Ema ema(module, 0.99);
    set(module, kWeight, 5);
    ema.update(module, {kWeight});
    Ema restored(module, 0.99);
    restored.load_state(ema.state());
    for (Ema* each : {&ema, &restored}) each->update(module, {kWeight, kMean});
    for (const auto& [name, tensor] : ema.state()) EXPECT_TRUE(at::equal(tensor, restored.state().at(name))) << name;
}

TEST(Ema, RefusesStateThatDoesNotFit) {
    GraphModule module = small_module();
    Ema ema(module, 0.9);
    for (const char* kind : {"average.", "count."}) {
        auto state = ema.state();
        state.erase(std::string(kind) + kWeight);
        expect_error<ModelFileError>([&] { ema.load_state(state); }, {"no fitting average", kWeight});
    }
    auto state = ema.state();
    state[std::string("average.") + kWeight] = torch::zeros({9});
    expect_error<ModelFileError>([&] { ema.load_state(state); }, {"no fitting average", kWeight});
}

} // namespace
} // namespace banyan
