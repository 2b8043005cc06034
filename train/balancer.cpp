#include "train/balancer.h"

#include "train/balance_dwa.h"
#include "train/balance_gradnorm.h"
#include "train/balance_uncertainty.h"

namespace banyan {

namespace {

class PlainSum final : public Balancer {
public:
    std::vector<double> weights(const std::vector<BranchSignal>& present) const override {
        return std::vector<double>(present.size(), 1.0);
    }
    void learn(const std::vector<BranchSignal>& /*present*/) override {}
    NamedNumbers state() const override { return {}; }
    void load_state(const NamedNumbers& /*state*/) override {}
    std::size_t state_size() const override { return 0; }
};

} // namespace

std::unique_ptr<Balancer> make_balancer(const BalanceOptions& options) {
    switch (options.method) {
    case BalanceMethod::uncertainty: return std::make_unique<UncertaintyBalancer>(options.lr);
    case BalanceMethod::dwa: return std::make_unique<DwaBalancer>(options.temperature, options.window);
    case BalanceMethod::gradnorm: return std::make_unique<GradNormBalancer>(options.alpha, options.lr);
    case BalanceMethod::fixed:
    case BalanceMethod::pcgrad: break;
    }
    return std::make_unique<PlainSum>();
}

} // namespace banyan
