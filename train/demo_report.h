#pragma once

#include <string>
#include <vector>

#include "train/demo.h"
#include "train/pictures.h"

namespace banyan {

/// The demo's page: AP50 of masked and naive training side by side, curves, a training picture of each data set with
/// its own labels, and detections on new scenes. @param folder of the demo. @throws IoError
void write_demo_report(const std::string& path, const std::string& folder, const DemoOutcome& outcome,
                       const std::vector<DetectionPicture>& pictures);

} // namespace banyan
