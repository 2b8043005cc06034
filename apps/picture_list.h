#pragma once

#include <string>
#include <vector>

#include "data/data_problems.h"

namespace banyan {

/// Pictures that a command's words name: a file stands for itself whatever its name, a folder for the JPEG and PNG
/// files directly in it (by their names' endings, sorted). Each file once, in the order given. A word that is neither,
/// or a folder without a picture, is added to `problems`.
std::vector<std::string> list_pictures(const std::vector<std::string>& paths, DataProblems& problems);

} // namespace banyan
