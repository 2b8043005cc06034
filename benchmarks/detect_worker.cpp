// The detector as a worker of end_to_end.py: JPEG bytes to boxes.
//
//     detect_worker MODEL THREADS SCORE NMS_IOU MOST
//
// THREADS of the kernels, the score threshold, the IoU of suppression and the most boxes a branch. Commands, one a
// line:
//   version      answers with the program's version
//   detect FILE  finds objects in a JPEG or PNG file, which is read before the clock starts; answers on one line: the
//                milliseconds of decoding, letterbox, network and boxes, and for each object by falling score
//                CLASS_ID SCORE X0 Y0 X1 Y1, in pixels of the picture
//   quit         as does the end of the input
// Ends with 0, or 2 behind one line on stderr that says what was wrong.

#include <charconv>
#include <chrono>
#include <cstdio>
#include <iostream>
#include <string>
#include <vector>

#include "core/allocator.h"
#include "core/atomic_file.h"
#include "core/error.h"
#include "image/image_codec.h"
#include "infer/detector.h"

namespace {

using namespace banyan;

constexpr int kErrorCode = 2;

template <typename Number>
Number number_of(const std::string& text) {
    Number number{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error == std::errc() && end == text.data() + text.size()) return number;
    throw UsageError("expected a number, found \"" + text + "\"");
}

Detector make_detector(const std::vector<std::string>& words) {
    if (words.size() != 5) throw UsageError("expected MODEL THREADS SCORE NMS_IOU MOST");
    DetectorOptions options;
    options.threads = number_of<int>(words[1]);
    options.score_threshold = number_of<double>(words[2]);
    options.nms_iou = number_of<double>(words[3]);
    options.max_detections = number_of<int>(words[4]);
    return Detector(words[0], options);
}

std::string numbers_text(const std::vector<double>& numbers) {
    std::string line;
    for (const double number : numbers) {
        char text[32];
        std::snprintf(text, sizeof text, "%s%.6g", line.empty() ? "" : " ", number);
        line += text;
    }
    return line;
}

std::string answer_detect(Detector& detector, const std::string& file) {
    using Clock = std::chrono::steady_clock;
    const std::string bytes = read_file(file);
    const Clock::time_point start = Clock::now();
    const Image image = decode_image(bytes, file, {.apply_exif_orientation = true});
    const std::chrono::duration<double> decoding = Clock::now() - start;
    StageTimes times;
    const std::vector<Detection> found = detector.detect(image, times);
    std::vector<double> numbers;
    for (const double seconds : {decoding.count(), times.letterbox, times.network, times.boxes}) {
        numbers.push_back(seconds * 1e3);
    }
    for (const Detection& one : found) {
        for (const float number :
             {static_cast<float>(one.class_id), one.score, one.box.x0, one.box.y0, one.box.x1, one.box.y1}) {
            numbers.push_back(double{number});
        }
    }
    return numbers_text(numbers);
}

std::string answer(Detector& detector, const std::string& line) {
    const std::string detect = "detect ";
    if (line == "version") return BANYAN_VERSION;
    if (line.starts_with(detect)) return answer_detect(detector, line.substr(detect.size()));
    throw UsageError(ErrorText{"stdin", "unknown command", "version, detect FILE or quit", "\"" + line + "\"", ""});
}

} // namespace

int main(int argc, char** argv) {
    try {
        keep_pages();
        Detector detector = make_detector({argv + 1, argv + argc});
        std::string line;
        while (std::getline(std::cin, line) && line != "quit") std::cout << answer(detector, line) << std::endl;
        return 0;
    } catch (const std::exception& error) {
        const std::string text = error.what(); // other libraries' messages may have several lines
        std::cerr << "error: " << text.substr(0, text.find('\n')) << "\n";
        return kErrorCode;
    }
}
