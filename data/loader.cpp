#include "data/loader.h"

#include <atomic>
#include <condition_variable>
#include <exception>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "core/check.h"
#include "core/error.h"
#include "data/image_cache.h"
#include "data/random_streams.h"
#include "data/sampling_plan.h"

namespace banyan {

namespace {

constexpr std::int64_t kMaxCacheMb = 1'048'576;
constexpr int kMinSide = 32;
constexpr int kMaxSide = 4096;

void check_options(const LoaderOptions& options, std::int64_t first_batch) {
    const auto check = [](const char* name, std::int64_t value, std::int64_t lo, std::int64_t hi) {
        BANYAN_CHECK(value >= lo && value <= hi, "loader: ", name, " must be in [", lo, ", ", hi, "], got ", value);
    };
    check("batch_size", options.batch_size, 1, 4096);
    check("threads", options.threads, 1, 64);
    check("queue", options.queue, 1, 64);
    check("cache_mb", options.cache_mb, 0, kMaxCacheMb);
    BANYAN_CHECK(!options.sides.empty(), "loader: sides must not be empty");
    for (const int side : options.sides) check("side", side, kMinSide, kMaxSide);
    BANYAN_CHECK(first_batch >= 0, "loader: first batch must not be negative, got ", first_batch);
}

/// A batch to be made.
struct Order {
    std::int64_t index = 0;
    std::vector<BatchPlan::Row> rows;
};

struct Result {
    Batch batch;
    std::exception_ptr error;
};

} // namespace

LoaderOptions parse_loader(ConfigReader& reader) {
    LoaderOptions options;
    options.batch_size = static_cast<int>(reader.integer("batch_size", 1, 4096, options.batch_size));
    const std::vector<std::int64_t> sides =
        reader.integers("sides", kMinSide, kMaxSide, {options.sides.begin(), options.sides.end()});
    if (sides.empty()) {
        throw ConfigError(ErrorText{reader.where("sides"), "no image side", "at least one", "an empty list", ""});
    }
    options.sides.clear();
    for (const std::int64_t side : sides) options.sides.push_back(static_cast<int>(side));
    options.threads = static_cast<int>(reader.integer("threads", 1, 64, options.threads));
    options.queue = static_cast<int>(reader.integer("queue", 1, 64, options.queue));
    options.cache_mb = reader.integer("cache_mb", 0, kMaxCacheMb, options.cache_mb);
    reader.finish();
    return options;
}

/// Workers claim batches in order, at most `queue` ahead of the caller, and lay them into `results`.
struct BatchLoader::State {
    State(const std::vector<Dataset>& sets, LoaderOptions loader_options, TransformOptions transform_options,
          std::int64_t first_batch)
        : datasets(sets), options(std::move(loader_options)), transforms(transform_options),
          cache(options.cache_mb << 20),
          plan(make_batch_plan(sets, {options.sampling, options.batch_size, options.seed}, first_batch)),
          claimed(first_batch), next(first_batch), expected_rows(plan.expected_rows()) {}
    ~State();

    std::optional<Order> claim();
    void work();
    Result make(const Order& order);
    Batch make_batch(const Order& order);
    void add_row(const BatchPlan::Row& row, Labels labels, Batch& batch) const;
    LabelledPicture load(const BatchPlan::Row& row);
    BatchPlan::Row draw_partner(int dataset, Random& random) const;
    const Record& record_of(const BatchPlan::Row& row) const {
        return datasets[static_cast<std::size_t>(row.dataset)].record(static_cast<std::size_t>(row.record));
    }

    const std::vector<Dataset>& datasets;
    const LoaderOptions options;
    const TransformOptions transforms;
    ImageCache cache;
    std::atomic<bool> stopping = false;

    std::mutex mutex; ///< guards all below
    std::condition_variable room_or_stop;
    std::condition_variable finished;
    BatchPlan plan;
    std::int64_t claimed; ///< batches before it were given to workers
    std::int64_t next;    ///< batches before it were given to the caller
    std::map<std::int64_t, Result> results;

    const std::vector<double> expected_rows; ///< of each data set in a batch
    std::vector<std::thread> threads;
};

BatchLoader::State::~State() {
    {
        const std::lock_guard lock(mutex);
        stopping = true;
    }
    room_or_stop.notify_all();
    for (std::thread& thread : threads) thread.join();
}

/// The next batch to make, once there is room for it; nothing when stopping.
std::optional<Order> BatchLoader::State::claim() {
    std::unique_lock lock(mutex);
    room_or_stop.wait(lock, [this] { return stopping || claimed < next + options.queue; });
    if (stopping) return std::nullopt;
    return Order{claimed++, plan.next()};
}

void BatchLoader::State::work() {
    while (const std::optional<Order> order = claim()) {
        Result result = make(*order);
        const std::lock_guard lock(mutex);
        results.emplace(order->index, std::move(result));
        finished.notify_all();
    }
}

Result BatchLoader::State::make(const Order& order) {
    try {
        return {make_batch(order), nullptr};
    } catch (...) {
        return {{}, std::current_exception()};
    }
}

Batch BatchLoader::State::make_batch(const Order& order) {
    Random side_random = random_stream(options.seed, StreamPurpose::batch_side, 0, order.index);
    const auto last_side = static_cast<std::int64_t>(options.sides.size()) - 1;
    Batch batch;
    batch.height = batch.width = options.sides[static_cast<std::size_t>(side_random.integer(0, last_side))];
    const auto side = static_cast<std::size_t>(batch.width);
    batch.pixels.resize(order.rows.size() * side * side * 3);
    const TransformOptions row_options = transforms_at(transforms, order.index);
    for (std::size_t row = 0; row < order.rows.size() && !stopping; ++row) {
        Random random = random_stream(options.seed, StreamPurpose::transforms, row, order.index);
        Random partner_random = random_stream(options.seed, StreamPurpose::partners, row, order.index);
        const auto partner = [&] { return load(draw_partner(order.rows[row].dataset, partner_random)); };
        std::uint8_t* pixels = batch.pixels.data() + row * side * side * 3;
        const RowPictures pictures{load(order.rows[row]), partner};
        add_row(order.rows[row], transform_randomly(pictures, batch.width, row_options, random, pixels), batch);
    }
    return batch;
}

LabelledPicture BatchLoader::State::load(const BatchPlan::Row& row) {
    const Record& record = record_of(row);
    LabelledPicture picture{cache.get(record.file), &record.labels};
    check_picture_size(*picture.image, record);
    return picture;
}

/// Any record of the row's data set, or of one drawn by the rows that it has in a batch.
BatchPlan::Row BatchLoader::State::draw_partner(int dataset, Random& random) const {
    if (transforms.partners == PartnerSource::any) {
        double left = random.uniform() * options.batch_size;
        dataset = 0;
        while (dataset + 1 < static_cast<int>(datasets.size())) {
            left -= expected_rows[static_cast<std::size_t>(dataset)];
            if (left < 0) break;
            ++dataset;
        }
    }
    const auto count = static_cast<std::int64_t>(datasets[static_cast<std::size_t>(dataset)].size());
    return {dataset, random.integer(0, count - 1)};
}

void BatchLoader::State::add_row(const BatchPlan::Row& row, Labels labels, Batch& batch) const {
    batch.labels.push_back(std::move(labels));
    batch.dataset.push_back(row.dataset);
    batch.record.push_back(row.record);
    batch.file.push_back(record_of(row).file);
    ++batch.count;
}

BatchLoader::BatchLoader(const std::vector<Dataset>& datasets, LoaderOptions options, TransformOptions transforms,
                         std::int64_t first_batch) {
    check_options(options, first_batch);
    state_ = std::make_unique<State>(datasets, std::move(options), transforms, first_batch);
    for (int i = 0; i < state_->options.threads; ++i) state_->threads.emplace_back([this] { state_->work(); });
}

BatchLoader::~BatchLoader() = default;

Batch BatchLoader::next() {
    std::unique_lock lock(state_->mutex);
    const auto is_ready = [this] { return state_->results.contains(state_->next); };
    state_->finished.wait(lock, is_ready);
    Result& result = state_->results.at(state_->next);
    if (result.error) std::rethrow_exception(result.error); // stays there for later calls
    Batch batch = std::move(result.batch);
    state_->results.erase(state_->next++);
    state_->room_or_stop.notify_one();
    return batch;
}

std::int64_t BatchLoader::next_index() const {
    const std::lock_guard lock(state_->mutex);
    return state_->next;
}

} // namespace banyan
