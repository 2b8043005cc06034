#include "data/json_entry_stream.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include <nlohmann/json.hpp>

#include "core/strict_json.h"

namespace banyan {
namespace {

using Json = nlohmann::json;

/// Receives nlohmann's events. `nesting_` counts all open containers: 1 the file's object, 2 a list, 3 its entry.
class EntryHandler {
public:
    EntryHandler(const std::string& path, const std::vector<JsonEntryList>& lists, DataProblems& problems)
        : path_(path), lists_(lists), problems_(problems), seen_(lists.size(), false) {}

    bool null() { return scalar(nullptr); }
    bool boolean(bool value) { return scalar(value); }
    bool number_integer(std::int64_t value) { return scalar(value); }
    bool number_unsigned(std::uint64_t value) { return scalar(value); }
    bool number_float(double value, const std::string& /*token*/) { return scalar(value); }
    bool string(std::string& value) { return scalar(std::move(value)); }
    bool binary(Json::binary_t& /*value*/) { return false; }
    bool start_object(std::size_t /*size*/) { return open(Json::object()); }
    bool start_array(std::size_t /*size*/) { return open(Json::array()); }
    bool end_object() { return close(); }
    bool end_array() { return close(); }
    bool key(std::string& name);

    template <typename Exception>
    bool parse_error(std::size_t position, const std::string& /*token*/, const Exception& error) {
        const std::string text = error.what();
        const std::size_t reason = text.find("syntax error");
        problems_.add({path_ + ": byte " + std::to_string(position),
                       "not valid JSON: " + (reason == std::string::npos ? text : text.substr(reason)), "", "",
                       "the file may be cut off; fetch it again"});
        return false;
    }

    void check_all_seen() {
        for (std::size_t i = 0; i < lists_.size(); ++i) {
            if (!seen_[i]) problems_.add({path_ + ":/" + lists_[i].name, "missing key", "a list of objects", "", ""});
        }
    }

private:
    bool scalar(Json value);
    bool open(Json container);
    bool close();
    void start_section(const std::string& name);
    void start_member(std::string& name);
    Json* insert(Json value);
    void finish_entry();
    bool refuse_file(const Json& found);
    void refuse_list(const Json& found);

    const std::string& path_;
    const std::vector<JsonEntryList>& lists_;
    DataProblems& problems_;
    std::vector<bool> seen_;
    std::size_t list_ = 0;  ///< index of the list that is being read
    std::size_t index_ = 0; ///< of the entry in it
    Json entry_;
    std::vector<Json*> open_; ///< open containers of the entry, outermost first
    std::string key_;
    std::size_t nesting_ = 0;
    std::size_t skip_level_ = 0; ///< nesting of the outermost container that is passed over; 0: none
    bool skip_next_ = false;     ///< the next value is not wanted
};

bool EntryHandler::key(std::string& name) {
    if (skip_level_ > 0) return true;
    if (nesting_ == 1) {
        start_section(name);
    } else if (open_.size() == 1) {
        start_member(name);
    } else {
        key_ = std::move(name);
    }
    return true;
}

void EntryHandler::start_section(const std::string& name) {
    const auto found = std::find_if(lists_.begin(), lists_.end(), [&](const auto& list) { return list.name == name; });
    skip_next_ = found == lists_.end();
    if (skip_next_) return;
    list_ = static_cast<std::size_t>(found - lists_.begin());
    if (seen_[list_]) problems_.add({path_ + ":/" + name, "duplicate key", "", "", "keep one of the two"});
    seen_[list_] = true;
}

void EntryHandler::start_member(std::string& name) {
    const auto& wanted = lists_[list_].members;
    skip_next_ = std::find(wanted.begin(), wanted.end(), name) == wanted.end();
    if (!skip_next_ && entry_.contains(name)) {
        problems_.add({path_ + ":/" + lists_[list_].name + "/" + std::to_string(index_) + "/" + name, "duplicate key",
                       "", "", "keep one of the two"});
    }
    key_ = std::move(name);
}

bool EntryHandler::scalar(Json value) {
    if (skip_level_ > 0 || std::exchange(skip_next_, false)) return true;
    if (nesting_ == 0) return refuse_file(value);
    if (nesting_ == 1) {
        refuse_list(value);
    } else if (open_.empty()) {
        entry_ = std::move(value);
        finish_entry();
    } else {
        insert(std::move(value));
    }
    return true;
}

bool EntryHandler::open(Json container) {
    ++nesting_;
    if (skip_level_ > 0) return true;
    if (std::exchange(skip_next_, false)) {
        skip_level_ = nesting_;
    } else if (nesting_ == 1) {
        return container.is_object() || refuse_file(container);
    } else if (nesting_ == 2) {
        index_ = 0;
        if (container.is_array()) return true;
        refuse_list(container);
        skip_level_ = nesting_;
    } else if (open_.empty()) {
        entry_ = std::move(container);
        open_.push_back(&entry_);
    } else {
        open_.push_back(insert(std::move(container)));
    }
    return true;
}

bool EntryHandler::close() {
    --nesting_;
    if (skip_level_ > 0) {
        if (nesting_ < skip_level_) skip_level_ = 0;
        return true;
    }
    if (open_.empty()) return true;
    open_.pop_back();
    if (open_.empty()) finish_entry();
    return true;
}

Json* EntryHandler::insert(Json value) {
    Json& container = *open_.back();
    if (container.is_object()) return &(container[key_] = std::move(value));
    container.push_back(std::move(value));
    return &container.back();
}

void EntryHandler::finish_entry() {
    lists_[list_].take(entry_, index_);
    ++index_;
}

bool EntryHandler::refuse_file(const Json& found) {
    problems_.add({path_, "wrong kind of file", "a JSON object of lists", describe_json(found), ""});
    return false;
}

void EntryHandler::refuse_list(const Json& found) {
    problems_.add({path_ + ":/" + lists_[list_].name, "wrong value", "a list of objects", describe_json(found), ""});
}

} // namespace

void stream_json_entries(std::string_view text, const std::string& path, const std::vector<JsonEntryList>& lists,
                         DataProblems& problems) {
    // The library takes a NUL byte for the end of the text and would ignore whatever follows.
    if (text.find('\0') != std::string_view::npos) {
        problems.add({path, "not valid JSON: a NUL byte", "", "", "the file is damaged; fetch it again"});
        return;
    }
    EntryHandler handler(path, lists, problems);
    if (Json::sax_parse(text.begin(), text.end(), &handler)) handler.check_all_seen();
}

} // namespace banyan
