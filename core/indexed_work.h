#pragma once

#include <cstddef>
#include <functional>

namespace banyan {

/// Does `task(worker, index)` for the indices 0, 1, … count - 1 on so many threads; each takes the next index when it
/// is done with one, so that at most `workers` are worked on at a time. Returns when all are done.
///
/// A task that throws stops the others from taking more; what it threw is thrown here after they have ended. A task
/// that returns false does so without an error.
/// @param workers at least 1; with 1 all is done on the caller's thread
/// @return false if a task did
bool work_through(std::size_t count, std::size_t workers,
                  const std::function<bool(std::size_t worker, std::size_t index)>& task);

} // namespace banyan
