#include "world_file_json.hpp"

#include <algorithm>
#include <iterator>
#include <nlohmann/json.hpp>

#include "../../core/text.hpp"

namespace blau::sim::detail {
namespace {

constexpr std::size_t max_depth = 32;

/// Counts lines while the parser reads. The line of the character that was read last is the line of the token that it
/// ends: no JSON token spans lines,
/// and the line break after a number, which the parser reads too, still belongs to the number's line.
class LineCounter {
 public:
  void read(char character) noexcept {
    if (after_break_) ++line_;
    after_break_ = character == '\n';
  }
  [[nodiscard]] std::size_t line() const noexcept { return line_; }

 private:
  std::size_t line_ = 1;
  bool after_break_ = false;
};

/// An input iterator that tells a counter what was read. Copies share the counter; the parser advances one of them
/// only.
class CountingIterator {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  CountingIterator(const char* at, LineCounter* counter) : at_(at), counter_(counter) {}
  reference operator*() const { return *at_; }
  CountingIterator& operator++() {
    counter_->read(*at_);
    ++at_;
    return *this;
  }
  CountingIterator operator++(int) {
    const CountingIterator before = *this;
    ++*this;
    return before;
  }
  bool operator==(const CountingIterator& other) const { return at_ == other.at_; }

 private:
  const char* at_;
  LineCounter* counter_;
};

/// "[json.exception.parse_error.101] parse error at line 3, column 5: syntax error …" without its front.
std::string plain_message(std::string_view what) {
  const auto place = what.find("parse error");
  const auto colon = place == what.npos ? what.npos : what.find(": ", place);
  if (colon != what.npos) what.remove_prefix(colon + 2);
  constexpr std::size_t longest = 200;  // it repeats the last token, however long that is
  if (what.size() <= longest) return blau::detail::to_valid_utf8(what);
  return blau::detail::to_valid_utf8(blau::detail::without_cut_character(what.substr(0, longest))) + "…";
}

/// Builds the tree from the parser's events.
class TreeBuilder : public nlohmann::json_sax<nlohmann::json> {
 public:
  TreeBuilder(JsonNode& root, JsonFault& fault, const LineCounter& counter)
      : root_(root), fault_(fault), counter_(counter) {}

  bool null() override { return add(JsonNode::Kind::null) != nullptr; }
  bool boolean(bool value) override {
    JsonNode* node = add(JsonNode::Kind::boolean);
    if (node != nullptr) node->boolean = value;
    return node != nullptr;
  }
  bool number_integer(number_integer_t value) override {
    JsonNode* node = add(JsonNode::Kind::integer);
    if (node != nullptr) node->integer = value;
    return node != nullptr;
  }
  bool number_unsigned(number_unsigned_t value) override {
    if (value <= static_cast<number_unsigned_t>(INT64_MAX)) return number_integer(static_cast<number_integer_t>(value));
    return number_float(static_cast<double>(value), {});
  }
  bool number_float(number_float_t value, const string_t&) override {
    JsonNode* node = add(JsonNode::Kind::number);
    if (node == nullptr) return false;
    node->number = value;
    // JSON knows one kind of number: 100.0 is an integer too.
    if (value == static_cast<double>(static_cast<std::int64_t>(std::clamp(value, -9e15, 9e15)))) {
      node->kind = JsonNode::Kind::integer;
      node->integer = static_cast<std::int64_t>(value);
    }
    return true;
  }
  bool string(string_t& value) override {
    JsonNode* node = add(JsonNode::Kind::string);
    if (node != nullptr) node->text = std::move(value);
    return node != nullptr;
  }
  bool binary(binary_t&) override { return false; }  // not in JSON text
  bool start_object(std::size_t) override { return open(JsonNode::Kind::object); }
  bool start_array(std::size_t) override { return open(JsonNode::Kind::array); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }

  bool key(string_t& name) override {
    JsonNode& object = *open_.back();
    if (object.find(name) != nullptr) return fail("member " + blau::detail::quoted(name) + " is there twice");
    object.members.emplace_back().name = std::move(name);
    return true;
  }

  bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception& error) override {
    return fail(plain_message(error.what()));
  }

 private:
  JsonNode* add(JsonNode::Kind kind) {
    JsonNode* node = &root_;
    if (!open_.empty()) {
      JsonNode& parent = *open_.back();
      node = parent.kind == JsonNode::Kind::array ? &parent.items.emplace_back() : &parent.members.back();
    }
    node->kind = kind;
    node->line = counter_.line();
    return node;
  }
  bool open(JsonNode::Kind kind) {
    if (open_.size() >= max_depth) return fail("lists and objects are nested too deep");
    open_.push_back(add(kind));
    return true;
  }
  bool close() {
    open_.pop_back();
    return true;
  }
  bool fail(std::string message) {
    fault_ = {counter_.line(), std::move(message)};
    return false;
  }

  JsonNode& root_;
  JsonFault& fault_;
  const LineCounter& counter_;
  std::vector<JsonNode*> open_;  ///< only the last one grows, so the pointers hold
};

}  // namespace

const JsonNode* JsonNode::find(std::string_view wanted) const noexcept {
  const auto found = std::ranges::find(members, wanted, &JsonNode::name);
  return found == members.end() ? nullptr : &*found;
}

std::string_view name_of(JsonNode::Kind kind) noexcept {
  switch (kind) {
    case JsonNode::Kind::null: return "null";
    case JsonNode::Kind::boolean: return "a boolean";
    case JsonNode::Kind::integer: return "an integer";
    case JsonNode::Kind::number: return "a number";
    case JsonNode::Kind::string: return "a string";
    case JsonNode::Kind::array: return "a list";
    case JsonNode::Kind::object: return "an object";
  }
  return "";
}

bool parse_json(std::string_view text, JsonNode& root, JsonFault& fault) {
  LineCounter counter;
  TreeBuilder builder(root, fault, counter);
  const CountingIterator begin(text.data(), &counter);
  const CountingIterator end(text.data() + text.size(), &counter);
  return nlohmann::json::sax_parse(begin, end, &builder);
}

}  // namespace blau::sim::detail
