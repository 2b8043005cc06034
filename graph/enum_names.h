#pragma once

#include <string>
#include <utility>
#include <vector>

#include "graph/builder.h"
#include "graph/graph.h"

namespace banyan {

/// Names of the enumerators, as files and dumps write them.
template <typename Enum>
using NameTable = std::vector<std::pair<std::string, Enum>>;

const NameTable<Activation>& activation_names();
const NameTable<NormKind>& norm_names();
const NameTable<Padding>& padding_names();
const NameTable<PoolAttributes::Kind>& pool_names();
const NameTable<ParameterRole>& role_names();

template <typename Enum>
const std::string& name_in(const NameTable<Enum>& table, Enum value) {
    for (const auto& [name, entry] : table) {
        if (entry == value) return name;
    }
    static const std::string unknown = "?";
    return unknown;
}

} // namespace banyan
