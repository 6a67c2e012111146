// Reads just as much C++ as the public headers have: comments of three slashes, and one declaration after each.

#include "header_text.hpp"

#include <blau/error.hpp>

#include <algorithm>
#include <fstream>
#include <regex>
#include <stdexcept>

namespace blau::conformance {
namespace {

/// Every code, by its name: the names of what is no code are empty.
const std::set<std::string>& code_names() {
  static const auto names = [] {
    std::set<std::string> made;
    for (int code = 1; code <= static_cast<int>(ErrorCode::failed); ++code)
      made.emplace(to_string(static_cast<ErrorCode>(code)));
    return made;
  }();
  return names;
}

/// What stands between backquotes and is an error code.
std::set<std::string> codes_in(const std::string& text) {
  static const std::regex quoted("`([a-z_]+)`");
  std::set<std::string> codes;
  for (std::sregex_iterator word(text.begin(), text.end(), quoted), end; word != end; ++word)
    if (code_names().contains((*word)[1])) codes.insert((*word)[1]);
  return codes;
}

std::string trimmed(const std::string& line) {
  const auto first = line.find_first_not_of(' ');
  return first == std::string::npos ? std::string() : line.substr(first);
}

class Reader {
 public:
  explicit Reader(const std::string& class_name) : class_name_(class_name) {}

  [[nodiscard]] bool done() const noexcept { return done_; }
  [[nodiscard]] DeclaredClass take() { return std::move(found_); }

  void line(const std::string& whole) {
    const auto text = trimmed(whole);
    if (text.starts_with("///")) {
      comment_ += text.substr(3) + ' ';
    } else if (!inside_) {
      begin(text);
    } else if (depth_ > 0) {
      skip(text);
    } else {
      inside(text);
    }
  }

 private:
  [[nodiscard]] bool is_begin(const std::string& text) const {
    const auto name = text.find(' ' + class_name_ + ' ');
    return text.starts_with("class ") && text.ends_with("{") && name != std::string::npos;
  }

  void begin(const std::string& text) {
    if (is_begin(text)) {
      inside_ = true;
      found_.errors = codes_in(comment_);
    }
    if (!text.empty() && !text.starts_with("template")) comment_.clear();
  }

  void inside(const std::string& text) {
    if (text.starts_with("public:") || text.starts_with("private:")) {
      public_ = text.starts_with("public:");
      return;
    }
    if (text.starts_with("};")) {
      done_ = true;
      return;
    }
    if (text.empty() && declaration_.empty()) return comment_.clear();
    declaration_ += text + ' ';
    if (text.find_first_of(";{") == std::string::npos) return;
    if (public_) declared();
    declaration_.clear();
    comment_.clear();
    skip(text);
  }

  /// What a body holds is nobody's declaration.
  void skip(const std::string& text) {
    depth_ += static_cast<int>(std::count(text.begin(), text.end(), '{'));
    depth_ -= static_cast<int>(std::count(text.begin(), text.end(), '}'));
  }

  void declared() {
    static const std::regex named(R"((operator=|~?\w+)\()");
    std::smatch found;
    if (!std::regex_search(declaration_, found, named)) return;
    DeclaredMethod method;
    method.name = found[1];
    method.gives_operation = declaration_.find("Operation<") < static_cast<std::size_t>(found.position(1));
    method.errors = codes_in(comment_);
    static const std::regex same(R"((?:Errors:|[Ee]rrors) as `(\w+)`)");
    std::smatch other;
    if (std::regex_search(comment_, other, same)) add_errors_of(other[1], method.errors);
    add(std::move(method));
  }

  void add_errors_of(const std::string& name, std::set<std::string>& into) const {
    for (const auto& known : found_.methods)
      if (known.name == name) into.insert(known.errors.begin(), known.errors.end());
  }

  void add(DeclaredMethod method) {
    const bool is_life = method.name == class_name_ || method.name == "operator=";
    for (auto& known : found_.methods) {
      if (known.name != method.name) continue;
      if (!is_life) {
        ++method.overload;
        continue;
      }
      known.errors.insert(method.errors.begin(), method.errors.end());
      return;
    }
    found_.methods.push_back(std::move(method));
  }

  std::string class_name_;
  DeclaredClass found_;
  std::string comment_;
  std::string declaration_;
  int depth_ = 0;
  bool inside_ = false;
  bool public_ = false;
  bool done_ = false;
};

}  // namespace

DeclaredClass read_class(const std::string& header, const std::string& name) {
  const auto path = std::string(BLAU_PUBLIC_HEADERS "/") + header;
  std::ifstream file(path);
  Reader reader(name);
  for (std::string line; !reader.done() && std::getline(file, line);) reader.line(line);
  if (!reader.done()) throw std::runtime_error(path + " does not declare " + name);
  return reader.take();
}

}  // namespace blau::conformance
