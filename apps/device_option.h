#pragma once

#include <string>

#include <boost/program_options.hpp>

namespace banyan {

/// Value of --device: "cpu", "cuda" or "cuda:N"; "cpu" for commands without it. @throws UsageError another word
std::string device_option(const boost::program_options::variables_map& options);

} // namespace banyan
