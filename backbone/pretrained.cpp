#include "backbone/pretrained.h"

#include <algorithm>
#include <cctype>

#include "core/check.h"

namespace banyan {

namespace {

/// Any size will do: parameters do not depend on it.
constexpr std::int64_t kSize = 32;

bool is_number(const std::string& text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char c) { return std::isdigit(c) != 0; });
}

/// "blocks.3.bn0.weight" -> "_blocks.3._bn0.weight": modules begin with an underscore; numbers and tensors do not.
std::string underscored(const std::string& name) {
    std::string result;
    std::size_t begin = 0;
    for (std::size_t dot = name.find('.'); dot != std::string::npos; dot = name.find('.', begin)) {
        const std::string part = name.substr(begin, dot - begin);
        result += (is_number(part) ? "" : "_") + part + ".";
        begin = dot + 1;
    }
    return result + name.substr(begin);
}

} // namespace

PretrainedMap::PretrainedMap(const BackboneOptions& options) : type_(options.type), prefix_(options.name + ".") {
    BackboneOptions whole = options;
    whole.last_level = 5;
    whole.wide_top = false;
    whole.with_classifier = true;
    GraphBuilder builder(kSize, kSize);
    build_backbone(whole, builder, builder.image());
    for (const auto& [name, parameter] : builder.graph().parameters) whole_network_.insert(file_name_of(name));
}

bool PretrainedMap::covers(const std::string& parameter) const {
    return parameter.starts_with(prefix_) && whole_network_.count(file_name_of(parameter)) > 0;
}

std::string PretrainedMap::file_name_of(const std::string& parameter) const {
    BANYAN_CHECK(parameter.starts_with(prefix_), "pretrained: parameter \"", parameter, "\" is not of backbone \"",
                 prefix_, "\"");
    const std::string name = parameter.substr(prefix_.size());
    return type_ == BackboneType::efficientnet_lite0 ? underscored(name) : name;
}

bool PretrainedMap::may_be_ignored(const std::string& file_entry) const {
    if (whole_network_.count(file_entry) > 0) return true;
    const std::string counter = ".num_batches_tracked";
    if (!file_entry.ends_with(counter)) return false;
    const std::string norm = file_entry.substr(0, file_entry.size() - counter.size());
    return whole_network_.count(norm + ".running_mean") > 0;
}

} // namespace banyan
