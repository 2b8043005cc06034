#include "core/indexed_work.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

#include "core/check.h"

namespace banyan {

bool work_through(std::size_t count, std::size_t workers,
                  const std::function<bool(std::size_t worker, std::size_t index)>& task) {
    BANYAN_CHECK(workers >= 1, "work_through: expected at least one worker");
    std::atomic<std::size_t> next{0};
    std::atomic<bool> stopped{false};
    std::exception_ptr failure;
    std::mutex failure_lock;
    const auto work = [&](std::size_t worker) {
        while (!stopped) {
            const std::size_t index = next++;
            if (index >= count) return;
            try {
                if (!task(worker, index)) stopped = true;
            } catch (...) {
                const std::lock_guard lock(failure_lock);
                if (failure == nullptr) failure = std::current_exception();
                stopped = true;
            }
        }
    };
    std::vector<std::thread> threads;
    for (std::size_t worker = 1; worker < std::min(workers, count); ++worker) threads.emplace_back(work, worker);
    work(0);
    for (std::thread& thread : threads) thread.join();
    if (failure != nullptr) std::rethrow_exception(failure);
    return !stopped;
}

} // namespace banyan
