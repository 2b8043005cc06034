#include "graph/onnx_import.h"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "core/check.h"
#include "core/nearest_word.h"
#include "graph/onnx_layers.h"
#include "graph/onnx_moves.h"
#include "graph/onnx_sums.h"

namespace banyan {

namespace {

constexpr std::int64_t kOldestOpset = 7, kNewestOpset = 23;
constexpr std::size_t kMostNumbers = std::size_t{1} << 26; // of folded constants and of the views' channels

OnnxImporter importer_of(const OnnxOperator& op) {
    if (!op.domain.empty() && op.domain != "ai.onnx") return nullptr;
    for (const auto* importers : {&onnx_layers(), &onnx_moves(), &onnx_sums()}) {
        const auto found = importers->find(op.type);
        if (found != importers->end()) return found->second;
    }
    return nullptr;
}

/// The file's picture: which of its axes are rows and columns.
struct PictureInput {
    ValueShape shape;
    bool channels_last = false;
};

PictureInput picture_input(const OnnxModel& model) {
    if (model.inputs.size() != 1) {
        refuse_onnx("the file has " + std::to_string(model.inputs.size()) + " inputs", "one, a picture");
    }
    const OnnxValueInfo& input = model.inputs[0];
    const OnnxDims& dims = input.dims;
    const std::string supported = "float32 [1, 3, height, width] or [1, height, width, 3], all fixed";
    const bool is_picture = input.element_type == static_cast<std::int64_t>(OnnxType::float32) && dims.size() == 4 &&
                            (dims[0] == 1 || dims[0] == -1) && (dims[1] == 3 || dims[3] == 3);
    if (!is_picture) refuse_onnx("input \"" + input.name + "\" is no picture", supported, "export it for one picture");
    PictureInput picture;
    picture.channels_last = dims[1] != 3;
    picture.shape = {3, dims[picture.channels_last ? 1 : 2], dims[picture.channels_last ? 2 : 3]};
    for (const std::int64_t extent : {picture.shape.height, picture.shape.width}) {
        if (extent < 1 || extent > kMaxExtent) {
            refuse_onnx("the height or width of input \"" + input.name + "\" is not fixed or too large", supported,
                        "export it for one size");
        }
    }
    return picture;
}

/// "C H W", "HW C".
std::string order_of(const OnnxView& view) {
    if (is_channels_first(view)) return "C H W";
    std::string text;
    for (const ViewAxis& axis : view.axes) {
        if (axis.empty()) continue;
        text += text.empty() ? "" : " ";
        for (const ViewPart& part : axis) {
            text += part.kind == ViewPart::Kind::channels ? 'C' : part.kind == ViewPart::Kind::rows ? 'H' : 'W';
        }
    }
    return text;
}

class Import {
public:
    Import(std::string_view bytes, const OnnxImportOptions& options)
        : options_(options), model_(read_onnx_model(bytes, options.file_name)), picture_(picture_input(model_)),
          network_(picture_.shape.height, picture_.shape.width) {}

    ImportedNetwork run() {
        if (model_.opset < kOldestOpset || model_.opset > kNewestOpset) {
            refuse_onnx("operators of opset " + std::to_string(model_.opset), "opsets 7 to 23");
        }
        find_makers();
        choose_outputs();
        find_needed();
        start();
        for (std::size_t i = 0; i < model_.operators.size(); ++i) {
            if (needed_[i]) read(model_.operators[i]);
        }
        report_failures();
        return finish();
    }

private:
    void find_makers() {
        const auto add = [&](const std::string& name, int maker) {
            if (!name.empty() && !makers_.emplace(name, maker).second) {
                refuse_onnx("the value \"" + name + "\" is made twice");
            }
        };
        add(model_.inputs[0].name, -1);
        for (const auto& [name, tensor] : model_.initializers) add(name, -1);
        for (std::size_t i = 0; i < model_.operators.size(); ++i) {
            for (const std::string& output : model_.operators[i].outputs) add(output, static_cast<int>(i));
        }
    }

    void choose_outputs() {
        outputs_ = options_.outputs;
        if (outputs_.empty()) {
            for (const OnnxValueInfo& output : model_.outputs) outputs_.push_back(output.name);
        }
        if (outputs_.empty()) refuse_onnx("the file has no outputs");
        for (const std::string& name : outputs_) {
            if (makers_.contains(name)) continue;
            std::vector<std::string> names;
            for (const auto& [known, maker] : makers_) names.push_back(known);
            refuse_onnx("the file has no value \"" + name + "\"", "", did_you_mean(name, names));
        }
    }

    void find_needed() {
        needed_.assign(model_.operators.size(), false);
        for (const std::string& name : outputs_) {
            ++uses_[name];
            need(name);
        }
        for (std::size_t i = model_.operators.size(); i-- > 0;) {
            if (!needed_[i]) continue;
            for (const std::string& input : model_.operators[i].inputs) {
                ++uses_[input];
                need(input);
            }
        }
    }

    void need(const std::string& name) {
        const auto maker = makers_.find(name);
        if (maker != makers_.end() && maker->second >= 0) needed_[static_cast<std::size_t>(maker->second)] = true;
    }

    void start() {
        network_.set_normalisation(options_.mean, options_.std);
        OnnxView picture = whole_view(network_.graph().input, picture_.shape, picture_.channels_last);
        if (options_.bgr) std::reverse(picture.channels.begin(), picture.channels.end());
        const std::string& name = model_.inputs[0].name;
        picture.is_only_use = uses_[name] == 1;
        symbols_.emplace(name, std::move(picture));
        for (auto& [initializer, tensor] : model_.initializers) {
            if (uses_.contains(initializer)) symbols_.emplace(initializer, std::move(tensor));
        }
    }

    void read(const OnnxOperator& op) {
        OnnxCall call{op, {}, model_.opset};
        bool only_use = true;
        for (const std::string& name : op.inputs) {
            if (failed_.contains(name)) return fail(op, failed_.at(name));
            const auto found = symbols_.find(name);
            if (!name.empty() && found == symbols_.end()) {
                return fail(op, text_of(op) + ": its input \"" + name + "\" is not made before it");
            }
            call.inputs.push_back(name.empty() ? nullptr : &found->second);
            const auto* view = name.empty() ? nullptr : std::get_if<OnnxView>(&found->second);
            only_use = only_use && (view == nullptr || view->is_only_use);
        }
        try {
            store(op, run_importer(call), only_use);
        } catch (const Error& error) {
            fail(op, text_of(op) + ": " + error.what());
        }
    }

    OnnxSymbols run_importer(const OnnxCall& call) {
        first_new_value_ = static_cast<ValueId>(network_.graph().values.size());
        if (const OnnxImporter importer = importer_of(call.op)) return importer(call, network_);
        refuse_onnx("this operator is not understood", "the operators of docs/inference.md, section \"Import\"");
    }

    void store(const OnnxOperator& op, OnnxSymbols symbols, bool only_use) {
        for (std::size_t i = 0; i < symbols.size() && i < op.outputs.size(); ++i) {
            const std::string& name = op.outputs[i];
            if (auto* view = std::get_if<OnnxView>(&symbols[i])) {
                view->is_only_use = uses_[name] == 1 && (only_use || view->source >= first_new_value_) &&
                                    symbols.size() == 1 && std::count(outputs_.begin(), outputs_.end(), name) == 0;
                number_count_ += view->channels.size() + view->rows.size() + view->columns.size();
            }
            if (const auto* constant = std::get_if<OnnxTensor>(&symbols[i])) {
                number_count_ += constant->floats.size() + constant->integers.size();
            }
            if (number_count_ > kMostNumbers) refuse_onnx("the file computes with too many constants");
            if (!name.empty()) symbols_.insert_or_assign(name, std::move(symbols[i]));
        }
    }

    static std::string text_of(const OnnxOperator& op) {
        const std::string name = OnnxCall{op, {}, 0}.name();
        return "node \"" + name + "\" (" + op.type + ")";
    }

    void fail(const OnnxOperator& op, const std::string& reason) {
        for (const std::string& output : op.outputs) failed_.emplace(output, reason);
    }

    /// What the failed outputs are made of and can be had as [1, C, H, W]: the first values on the way back.
    std::vector<std::string> values_before(const std::vector<std::string>& failed) const {
        std::vector<std::string> open = failed, found;
        std::set<std::string> seen(open.begin(), open.end());
        while (!open.empty()) {
            const std::string name = open.back();
            open.pop_back();
            const auto symbol = symbols_.find(name);
            const auto* view = symbol == symbols_.end() ? nullptr : std::get_if<OnnxView>(&symbol->second);
            if (view != nullptr && is_channels_first(*view) && !view->is_padded()) found.push_back(name);
            const bool goes_on = symbol == symbols_.end() || (view != nullptr && !is_channels_first(*view));
            if (!goes_on || !makers_.contains(name) || makers_.at(name) < 0) continue;
            for (const std::string& input : model_.operators[static_cast<std::size_t>(makers_.at(name))].inputs) {
                if (seen.insert(input).second) open.push_back(input);
            }
        }
        std::sort(found.begin(), found.end(), [&](const std::string& a, const std::string& b) {
            return std::pair(makers_.at(a), a) < std::pair(makers_.at(b), b);
        });
        return found;
    }

    void report_failures() const {
        std::vector<std::string> failed;
        for (const std::string& name : outputs_) {
            if (failed_.contains(name)) failed.push_back(name);
        }
        if (failed.empty()) return;
        constexpr std::size_t kMostNames = 32;
        const std::vector<std::string> before = values_before(failed);
        std::string names;
        for (std::size_t i = 0; i < std::min(before.size(), kMostNames); ++i) {
            names += (i == 0 ? "" : ", ") + before[i];
        }
        const std::string next =
            names.empty() || before.size() > kMostNames ? "" : "end the network before it, at the values " + names;
        refuse_onnx(failed_.at(failed[0]), "", next);
    }

    ImportedNetwork finish() {
        ImportedNetwork result;
        std::map<std::string, ValueId> ids;
        for (const std::string& name : outputs_) {
            const auto found = symbols_.find(name);
            const auto* view = found == symbols_.end() ? nullptr : std::get_if<OnnxView>(&found->second);
            if (view == nullptr || view->is_padded()) {
                refuse_onnx("the output \"" + name + "\" is constant, bytes, padded or what no operator gives");
            }
            const OnnxView settled = network_.settled(*view);
            ids[name] = settled.source;
            result.outputs[name] = {extents_of(settled), order_of(settled)};
        }
        result.network = network_.finish(ids);
        result.mean = network_.mean();
        result.std = network_.std();
        return result;
    }

    const OnnxImportOptions& options_;
    OnnxModel model_;
    PictureInput picture_;
    OnnxNetwork network_;
    std::vector<std::string> outputs_;
    std::map<std::string, int> makers_; ///< operator by what it makes; -1: input or initializer
    std::map<std::string, int> uses_;   ///< by operators that are needed and as outputs
    std::vector<bool> needed_;          ///< by operator
    std::map<std::string, OnnxSymbol> symbols_;
    std::map<std::string, std::string> failed_; ///< why, by value
    ValueId first_new_value_ = 0;
    std::size_t number_count_ = 0;
};

} // namespace

ImportedNetwork import_onnx(std::string_view bytes, const OnnxImportOptions& options) {
    for (const double std : options.std) {
        BANYAN_CHECK(std > 0, "onnx: expected a standard deviation > 0, found ", std);
    }
    try {
        return Import(bytes, options).run();
    } catch (const Error& error) {
        const std::string text = error.what();
        throw ModelFileError(text.starts_with(options.file_name + ":") ? text : options.file_name + ": " + text);
    }
}

} // namespace banyan
