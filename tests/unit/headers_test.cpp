// What every public header must keep to, read from its text.

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace {

namespace fs = std::filesystem;

const fs::path root = fs::path(BLAU_SOURCE_DIR) / "include" / "blau";

std::vector<fs::path> public_headers() {
  std::vector<fs::path> headers;
  for (const auto& entry : fs::recursive_directory_iterator(root))
    if (entry.path().extension() == ".hpp") headers.push_back(entry.path());
  return headers;
}

std::string text_of(const fs::path& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// Without what follows `//`; line numbers stay.
std::string without_comments(const std::string& text) {
  std::istringstream lines(text);
  std::string code;
  for (std::string line; std::getline(lines, line);) code += line.substr(0, line.find("//")) + "\n";
  return code;
}

std::size_t line_of(const std::string& text, std::size_t position) {
  return 1 +
         static_cast<std::size_t>(std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(position), '\n'));
}

/// Whether `text` goes on at `position` with these characters, with any space before each.
bool continues_with(const std::string& text, std::size_t position, std::string_view wanted) {
  for (const char c : wanted) {
    while (position < text.size() && std::isspace(static_cast<unsigned char>(text[position]))) ++position;
    if (position >= text.size() || text[position++] != c) return false;
  }
  return true;
}

/// The lines with `= {}` before a comma or a closing parenthesis: a default argument, not a member's initializer.
std::vector<std::size_t> braced_defaults(const std::string& text) {
  std::vector<std::size_t> lines;
  const auto code = without_comments(text);
  for (std::size_t at = code.find('='); at != std::string::npos; at = code.find('=', at + 1))
    if (continues_with(code, at, "={},") || continues_with(code, at, "={})")) lines.push_back(line_of(code, at));
  return lines;
}

struct Include {
  char bracket;
  std::string name;
};
std::vector<Include> includes_of(const fs::path& header) {
  std::vector<Include> includes;
  std::istringstream lines(text_of(header));
  for (std::string line; std::getline(lines, line);) {
    if (line.rfind("#include ", 0) != 0) continue;
    const auto end = line.find_last_of(">\"");
    includes.push_back({line[9], line.substr(10, end - 10)});
  }
  return includes;
}

bool is_interop(const fs::path& header) { return header.parent_path().filename() == "interop"; }

TEST(Headers, TheSearchForBracedDefaultsFindsThemAndNothingElse) {
  EXPECT_EQ(braced_defaults("\nvoid f(Options o = {});"), std::vector<std::size_t>{2});
  EXPECT_EQ(braced_defaults("void f(Options o = { }, int n = 0);").size(), 1u);
  EXPECT_EQ(braced_defaults("void f(Options o =\n  {}\n);").size(), 1u);
  EXPECT_TRUE(braced_defaults("void f(Options o = Options());").empty());
  EXPECT_TRUE(braced_defaults("Options o = {}; TimePoint when_{};").empty());
  EXPECT_TRUE(braced_defaults("// void f(Options o = {});").empty());
}

// GCC 12 destroys such a default argument twice in a statement with co_await.
TEST(Headers, NoDefaultArgumentIsBraced) {
  const auto headers = public_headers();
  ASSERT_GT(headers.size(), 20u);
  for (const auto& header : headers)
    for (const auto line : braced_defaults(text_of(header)))
      ADD_FAILURE() << header.filename() << ":" << line << ": write `= T()`";
}

TEST(Headers, IncludeOnlyTheStandardLibraryAndBlau) {
  for (const auto& header : public_headers()) {
    if (is_interop(header)) continue;
    for (const auto& [bracket, name] : includes_of(header)) {
      EXPECT_EQ(bracket, '<') << header << ": " << name;
      const bool own = name.rfind("blau/", 0) == 0 && fs::exists(root.parent_path() / name);
      const bool standard = name.find_first_not_of("abcdefghijklmnopqrstuvwxyz_") == std::string::npos;
      EXPECT_TRUE(own || standard) << header << " includes " << name;
    }
  }
}

TEST(Headers, HaveNoPlatformConditions) {
  for (const auto& header : public_headers()) {
    if (header.filename() == "export.hpp" || is_interop(header))
      continue;  // exporting symbols is the compiler's business
    const auto code = without_comments(text_of(header));
    for (const auto* word : {"_WIN32", "__linux__", "__APPLE__", "__unix__", "_MSC_VER"})
      EXPECT_EQ(code.find(word), std::string::npos) << header << ": " << word;
  }
}

/// What a header includes of Blau, and what that includes.
void collect_includes(const fs::path& header, std::set<fs::path>& seen) {
  if (!seen.insert(header).second) return;
  for (const auto& include : includes_of(header))
    if (include.name.rfind("blau/", 0) == 0) collect_includes(root.parent_path() / include.name, seen);
}

TEST(Headers, GuardThemselvesAndComeAllWithTwo) {
  std::set<fs::path> reached;
  collect_includes(root / "blau.hpp", reached);
  collect_includes(root / "sim.hpp", reached);
  for (const auto& header : public_headers()) {
    EXPECT_EQ(text_of(header).rfind("#pragma once", 0), 0u) << header;
    if (is_interop(header)) continue;
    EXPECT_TRUE(reached.contains(header)) << header << " comes with neither blau.hpp nor sim.hpp";
  }
}

}  // namespace
