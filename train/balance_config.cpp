#include "train/balance_config.h"

namespace banyan {

BalanceOptions parse_balance(ConfigReader reader) {
    BalanceOptions options;
    options.method = reader.choice("method",
                                   {{"fixed", BalanceMethod::fixed},
                                    {"uncertainty", BalanceMethod::uncertainty},
                                    {"dwa", BalanceMethod::dwa},
                                    {"gradnorm", BalanceMethod::gradnorm},
                                    {"pcgrad", BalanceMethod::pcgrad}},
                                   options.method);
    options.lr = reader.real("lr", 1e-6, 1.0, options.lr);
    options.temperature = reader.real("temperature", 0.01, 1000.0, options.temperature);
    options.window = reader.integer("window", 1, 1'000'000, options.window);
    options.alpha = reader.real("alpha", 0.0, 10.0, options.alpha);
    reader.finish();
    return options;
}

} // namespace banyan
