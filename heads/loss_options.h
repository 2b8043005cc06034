#pragma once

namespace banyan {

enum class ClassLossKind {
    quality_focal, ///< "Generalized Focal Loss", arXiv:2006.04388, QFL: the target is the IoU of the predicted box
    varifocal,     ///< "VarifocalNet", arXiv:2008.13367: the same target, background is focused on alone
    focal          ///< "Focal Loss for Dense Object Detection", arXiv:1708.02002
};
enum class BoxLossKind {
    giou, ///< arXiv:1902.09630
    ciou  ///< arXiv:1911.08287
};

/// Each paper's own value of LossOptions::alpha.
inline double default_alpha(ClassLossKind kind) { return kind == ClassLossKind::varifocal ? 0.75 : 0.25; }

/// How one branch is trained; the formulas are in train/losses.h.
struct LossOptions {
    ClassLossKind class_loss = ClassLossKind::quality_focal;
    BoxLossKind box_loss = BoxLossKind::giou;
    double gamma = 2.0;        ///< focusing power (QFL's beta) [0, 5]
    double alpha = 0.25;       ///< focal: weight of positives; varifocal: weight of background [0, 1]
    double box_weight = 2.0;   ///< box loss against class loss [0, 100]
    double bin_weight = 0.125; ///< box bins only: their loss against the overlap loss, inside the box loss [0, 100]
    double weight = 1.0;       ///< this branch against the others [0, 100]
    bool operator==(const LossOptions&) const = default;
};

} // namespace banyan
