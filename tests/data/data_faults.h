#pragma once

#include <functional>
#include <string>

#include <gtest/gtest.h>

#include "core/error.h"
#include "data/dataset.h"
#include "image/image_codec.h"
#include "support/temp_dir.h"

namespace banyan::test {

/// Text of the DataError that loading throws ; "" and a test failure when it throws none.
inline std::string data_fault(const std::function<void()>& action) {
    try {
        action();
    } catch (const DataError& error) {
        return error.what();
    }
    ADD_FAILURE() << "expected a DataError, nothing was thrown";
    return "";
}

inline std::string data_fault(const DatasetOptions& options, const ClassTable& table) {
    return data_fault([&] { load_dataset(options, table); });
}

/// Writes a grey PNG of the given size to `name` in `dir`.
inline void write_picture(const TempDir& dir, const std::string& name, int width, int height) {
    Image image(width, height);
    for (auto& value : image.rgb) value = 128;
    write_png(dir.file(name), image);
}

} // namespace banyan::test
