#include "graph/enum_names.h"

namespace banyan {

const NameTable<Activation>& activation_names() {
    static const NameTable<Activation> table{{"none", Activation::none},
                                             {"relu", Activation::relu},
                                             {"relu6", Activation::relu6},
                                             {"silu", Activation::silu},
                                             {"hard_swish", Activation::hard_swish},
                                             {"sigmoid", Activation::sigmoid}};
    return table;
}

const NameTable<NormKind>& norm_names() {
    static const NameTable<NormKind> table{{"batch", NormKind::batch}, {"group", NormKind::group}};
    return table;
}

const NameTable<Padding>& padding_names() {
    static const NameTable<Padding> table{{"symmetric", Padding::symmetric}, {"same_tf", Padding::same_tf}};
    return table;
}

const NameTable<PoolAttributes::Kind>& pool_names() {
    using Kind = PoolAttributes::Kind;
    static const NameTable<Kind> table{
        {"max", Kind::max}, {"average", Kind::average}, {"global_average", Kind::global_average}};
    return table;
}

const NameTable<ParameterRole>& role_names() {
    using Role = ParameterRole;
    static const NameTable<Role> table{{"conv_weight", Role::conv_weight},
                                       {"bias", Role::bias},
                                       {"norm_weight", Role::norm_weight},
                                       {"norm_bias", Role::norm_bias},
                                       {"running_mean", Role::running_mean},
                                       {"running_var", Role::running_var},
                                       {"scale", Role::scale},
                                       {"linear_weight", Role::linear_weight}};
    return table;
}

} // namespace banyan
