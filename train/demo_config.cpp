#include "train/demo.h"

namespace banyan {

namespace {

constexpr const char* kConfig = R"json({
  "schema_version": 1,
  "tasks": [{"name": "person"}, {"name": "face"}, {"name": "hand"}],
  "model": {
    "input_side": 256,
    "backbone": {"type": "mobilenet_v2", "width": 0.5},
    "neck": {"type": "fpn", "channels": 64, "first_level": 3, "last_level": 5},
    "branches": [
      {"name": "person", "anchors": {"levels": [3, 4, 5], "scales": [6]}, "head": {"width": 64}},
      {"name": "face", "anchors": {"levels": [3, 4], "scales": [4]}, "head": {"width": 64}},
      {"name": "hand", "anchors": {"levels": [3, 4], "scales": [3]}, "head": {"width": 64}}
    ]
  },
  "datasets": [
    {"name": "street", "format": "coco", "root": "data/street", "images": "images", "annotations": "instances.json",
     "classes": {"person": "person"}},
    {"name": "portrait", "format": "coco", "root": "data/portrait", "images": "images",
     "annotations": "instances.json", "classes": {"face": "face"}},
    {"name": "workshop", "format": "coco", "root": "data/workshop", "images": "images",
     "annotations": "instances.json", "classes": {"hand": "hand"}}
  ],
  "validation": [
    {"name": "new scenes", "format": "coco", "root": "data/all", "images": "images", "annotations": "instances.json",
     "classes": {"person": "person", "face": "face", "hand": "hand"}}
  ],
  "loader": {"batch_size": 16, "sides": [256]},
  "transforms": {"scale_low": 0.8, "scale_high": 1.3},
  "train": {
    "steps": 1000, "lr": 0.004, "backbone_lr_scale": 1.0, "warmup_steps": 60, "ema_decay": 0.99, "trunk_norm": "batch",
    "eval_every": 250, "checkpoint_every": 250
  }
})json";

} // namespace

RunConfig demo_config(const std::string& folder, const std::vector<std::string>& overrides) {
    return run_config_from_text(kConfig, folder + "/demo.json", overrides);
}

} // namespace banyan
