#include "network/build_graph.h"

#include <algorithm>

#include "core/error.h"
#include "graph/builder.h"
#include "heads/head.h"

namespace banyan {

Graph build_graph(const ModelOptions& options) {
    GraphBuilder builder(options.input_side, options.input_side);
    const BackboneOutputs backbone = build_backbone(options.backbone, builder, builder.image());
    NeckOptions neck_options = options.neck;
    neck_options.norm = options.norm;
    const NeckOutputs neck = build_neck(builder, backbone.levels, neck_options);
    const ClassTable table(options.tasks);
    for (const BranchOptions& branch : options.branches) {
        std::map<int, ValueId> levels;
        for (const int level : branch.anchors.levels) levels[level] = neck.levels.at(level);
        HeadShape shape;
        shape.branch = branch.name;
        for (const BranchOptions& outputs : branches_of_head(branch)) {
            shape.outputs.push_back({outputs.name, static_cast<std::int64_t>(classes_of(outputs, table).size())});
        }
        shape.per_cell = static_cast<std::int64_t>(anchors_per_cell(branch.anchors));
        shape.box_code = start_box_code(branch.anchors);
        HeadOptions head = branch.head;
        head.norm = options.norm;
        build_head(builder, levels, shape, head);
    }
    return builder.build();
}

std::vector<std::string> output_names_of(const ModelOptions& options, const std::vector<std::string>& tasks) {
    check_task_names(tasks, options.tasks);
    std::vector<std::string> names;
    for (const BranchOptions& head : options.branches) {
        for (const BranchOptions& branch : branches_of_head(head)) {
            const bool wanted = std::any_of(branch.tasks.begin(), branch.tasks.end(), [&](const std::string& task) {
                return std::find(tasks.begin(), tasks.end(), task) != tasks.end();
            });
            if (!wanted) continue;
            for (const int level : branch.anchors.levels) {
                names.push_back(class_output_name(branch.name, level));
                names.push_back(box_output_name(branch.name, level));
            }
        }
    }
    return names;
}

} // namespace banyan
