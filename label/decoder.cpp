#include "label/decoder.h"

#include <algorithm>
#include <cmath>

#include "core/check.h"
#include "core/error.h"

namespace banyan {

namespace {

/// Class id of ours, or -1.
int wanted_class(const DecodingOptions& options, std::size_t source) {
    return source < options.class_of_source.size() ? options.class_of_source[source] : -1;
}

void check_finite(const OutputMap& map) {
    const auto count = static_cast<std::size_t>(map.height * map.width * map.channels);
    for (std::size_t i = 0; i < count; ++i) {
        if (std::isfinite(map.data[i])) continue;
        throw NumericError(ErrorText{"output " + map.name, "is not finite", "numbers", std::to_string(map.data[i]),
                                     "check mean and std of the teacher"});
    }
}

Box box_around(double centre_x, double centre_y, double width, double height) {
    return {static_cast<float>(centre_x - width / 2), static_cast<float>(centre_y - height / 2),
            static_cast<float>(centre_x + width / 2), static_cast<float>(centre_y + height / 2)};
}

/// Boxes of a size that overflows are no boxes.
void add_box(const Box& box, double score, int class_id, std::vector<ScoredBox>& boxes) {
    for (const float side : {box.x0, box.y0, box.x1, box.y1}) {
        if (!std::isfinite(side)) return;
    }
    boxes.push_back({box, static_cast<float>(score), class_id});
}

void check_level(const SsdLevel& level) {
    if (is_ssd_level(level)) return;
    const OutputMap &classes = level.classes, &boxes = level.boxes;
    throw ShapeError(
        ErrorText{"outputs " + classes.name + " and " + boxes.name,
                  "do not fit " + std::to_string(level.sizes_px.size()) + " anchors a cell",
                  "the same cells, two classes or more and 4 box codes an anchor",
                  std::to_string(classes.channels) + " and " + std::to_string(boxes.channels) + " channels",
                  "check the level's \"sizes_px\", \"classes\" and \"boxes\""});
}

/// softmax, in place of the logits.
std::vector<double> probabilities(const float* logits, std::size_t count) {
    const double highest = *std::max_element(logits, logits + count);
    std::vector<double> result;
    double sum = 0;
    for (std::size_t k = 0; k < count; ++k) {
        result.push_back(std::exp(static_cast<double>(logits[k]) - highest));
        sum += result.back();
    }
    for (double& value : result) value /= sum;
    return result;
}

/// One anchor of one cell.
struct SsdAnchor {
    double centre_x, centre_y, width, height;
};

Box decoded(const SsdAnchor& anchor, const float* codes, const SsdVariances& variances) {
    const auto code = [codes](std::size_t i) { return static_cast<double>(codes[i]); };
    return box_around(anchor.centre_x + variances.centre * code(0) * anchor.width,
                      anchor.centre_y + variances.centre * code(1) * anchor.height,
                      anchor.width * std::exp(variances.size * code(2)),
                      anchor.height * std::exp(variances.size * code(3)));
}

void decode_cell(const SsdLevel& level, std::int64_t cell, const SsdVariances& variances,
                 const DecodingOptions& options, std::vector<ScoredBox>& boxes) {
    const auto input_width = static_cast<double>(options.input_width);
    const auto input_height = static_cast<double>(options.input_height);
    const std::int64_t y = cell / level.classes.width, x = cell % level.classes.width;
    const std::size_t sources = static_cast<std::size_t>(level.classes.channels) / level.sizes_px.size();
    const float* logits = level.classes.data + cell * level.classes.channels;
    const float* codes = level.boxes.data + cell * level.boxes.channels;
    for (const double size : level.sizes_px) {
        const SsdAnchor anchor{(static_cast<double>(x) + 0.5) / static_cast<double>(level.classes.width) * input_width,
                               (static_cast<double>(y) + 0.5) / static_cast<double>(level.classes.height) *
                                   input_height,
                               std::min(size, input_width), std::min(size, input_height)};
        const std::vector<double> scores = probabilities(logits, sources);
        for (std::size_t k = 1; k < sources; ++k) {
            const int class_id = wanted_class(options, k);
            if (class_id < 0 || scores[k] < options.lowest_score) continue;
            add_box(decoded(anchor, codes, variances), scores[k], class_id, boxes);
        }
        logits += sources;
        codes += 4;
    }
}

double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

} // namespace

bool is_ssd_level(const SsdLevel& level) {
    const auto anchors = static_cast<std::int64_t>(level.sizes_px.size());
    const OutputMap &classes = level.classes, &boxes = level.boxes;
    const bool is_alike = classes.height == boxes.height && classes.width == boxes.width;
    const bool has_classes = anchors > 0 && classes.channels % anchors == 0 && classes.channels / anchors >= 2;
    return is_alike && has_classes && boxes.channels == 4 * anchors;
}

std::vector<ScoredBox> decode_ssd(const std::vector<SsdLevel>& levels, const SsdVariances& variances,
                                  const DecodingOptions& options) {
    std::vector<ScoredBox> boxes;
    for (const SsdLevel& level : levels) {
        check_level(level);
        check_finite(level.classes);
        check_finite(level.boxes);
        const std::int64_t cells = level.classes.height * level.classes.width;
        for (std::int64_t cell = 0; cell < cells; ++cell) decode_cell(level, cell, variances, options, boxes);
    }
    return boxes;
}

std::vector<ScoredBox> decode_fastestdet(const OutputMap& output, const DecodingOptions& options) {
    constexpr double kObjectPower = 0.6, kClassPower = 0.4;
    if (output.channels <= kFastestDetNumbers) {
        throw ShapeError(ErrorText{"output " + output.name, "is no output of FastestDet", "6 channels or more",
                                   std::to_string(output.channels), ""});
    }
    check_finite(output);
    const auto columns = static_cast<double>(output.width), rows = static_cast<double>(output.height);
    const auto input_width = static_cast<double>(options.input_width);
    const auto input_height = static_cast<double>(options.input_height);
    std::vector<ScoredBox> boxes;
    for (std::int64_t cell = 0; cell < output.height * output.width; ++cell) {
        const float* numbers = output.data + cell * output.channels;
        const float* likeliest = std::max_element(numbers + kFastestDetNumbers, numbers + output.channels);
        const int class_id = wanted_class(options, static_cast<std::size_t>(likeliest - numbers - kFastestDetNumbers));
        const double object = std::max(0.0, static_cast<double>(numbers[0]));
        const double score =
            std::pow(object, kObjectPower) * std::pow(std::max(0.0, static_cast<double>(*likeliest)), kClassPower);
        if (class_id < 0 || score < options.lowest_score) continue;
        const auto code = [numbers](std::size_t i) { return static_cast<double>(numbers[i]); };
        const auto x = static_cast<double>(cell % output.width), y = static_cast<double>(cell / output.width);
        add_box(box_around((x + std::tanh(code(1))) / columns * input_width,
                           (y + std::tanh(code(2))) / rows * input_height, sigmoid(code(3)) * input_width,
                           sigmoid(code(4)) * input_height),
                std::min(score, 1.0), class_id, boxes);
    }
    return boxes;
}

} // namespace banyan
