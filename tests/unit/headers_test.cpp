// What every public header must keep to, read from its text.

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>
#include <string>
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

/// The text with everything between comment marks blanked; line numbers stay.
std::string without_comments(const std::string& text) {
  static const std::regex comment(R"(//[^\n]*)");
  return std::regex_replace(text, comment, "");
}

/// The lines of `text` where `pattern` matches, as "file:line".
std::vector<std::string> matches(const std::string& name, const std::string& text, const std::regex& pattern) {
  std::vector<std::string> found;
  for (auto it = std::sregex_iterator(text.begin(), text.end(), pattern); it != std::sregex_iterator(); ++it) {
    const auto line = 1 + std::count(text.begin(), text.begin() + it->position(), '\n');
    found.push_back(name + ":" + std::to_string(line));
  }
  return found;
}

/// `= {}` before a comma or a closing parenthesis: a default argument, not a member's initializer.
const std::regex braced_default(R"(=\s*\{\s*\}\s*[,)])");

TEST(Headers, TheSearchForBracedDefaultsFindsThemAndNothingElse) {
  auto count = [](const std::string& text) { return matches("", without_comments(text), braced_default).size(); };
  EXPECT_EQ(count("void f(Options o = {});"), 1u);
  EXPECT_EQ(count("void f(Options o = { }, int n = 0);"), 1u);
  EXPECT_EQ(count("void f(Options o =\n  {}\n);"), 1u);
  EXPECT_EQ(count("void f(Options o = Options());"), 0u);
  EXPECT_EQ(count("Options o = {}; TimePoint when_{};"), 0u);
  EXPECT_EQ(count("// void f(Options o = {});"), 0u);
}

// GCC 12 destroys such a default argument twice in a statement with co_await.
TEST(Headers, NoDefaultArgumentIsBraced) {
  const auto headers = public_headers();
  ASSERT_GT(headers.size(), 20u);
  for (const auto& header : headers) {
    const auto found = matches(header.filename().string(), without_comments(text_of(header)), braced_default);
    EXPECT_TRUE(found.empty()) << found.front() << ": write `= T()`";
  }
}

TEST(Headers, IncludeOnlyTheStandardLibraryAndBlau) {
  static const std::regex include(R"(#\s*include\s*([<"])([^>"]+)[>"])");
  static const std::regex standard(R"([a-z_]+)");
  for (const auto& header : public_headers()) {
    if (header.parent_path().filename() == "interop") continue;
    const auto text = text_of(header);
    for (auto it = std::sregex_iterator(text.begin(), text.end(), include); it != std::sregex_iterator(); ++it) {
      const std::string name = (*it)[2];
      EXPECT_EQ((*it)[1], "<") << header << ": " << name;
      const bool own = name.rfind("blau/", 0) == 0 && fs::exists(root.parent_path() / name);
      EXPECT_TRUE(own || std::regex_match(name, standard)) << header << " includes " << name;
    }
  }
}

TEST(Headers, HaveNoPlatformConditions) {
  static const std::regex platform(R"(_WIN32|__linux__|__APPLE__|__unix__|_MSC_VER)");
  const std::set<std::string> exempt{"export.hpp"};  // how symbols are exported is the compiler's business
  for (const auto& header : public_headers()) {
    if (exempt.contains(header.filename().string()) || header.parent_path().filename() == "interop") continue;
    const auto found = matches(header.filename().string(), without_comments(text_of(header)), platform);
    EXPECT_TRUE(found.empty()) << found.front();
  }
}

/// What a header includes of Blau, and what that includes.
void collect_includes(const fs::path& header, std::set<fs::path>& seen) {
  if (!seen.insert(header).second) return;
  static const std::regex include("#include <(blau/[^>]+)>");
  const auto text = text_of(header);
  for (auto it = std::sregex_iterator(text.begin(), text.end(), include); it != std::sregex_iterator(); ++it)
    collect_includes(root.parent_path() / (*it)[1].str(), seen);
}

TEST(Headers, GuardThemselvesAndComeAllWithTwo) {
  std::set<fs::path> reached;
  collect_includes(root / "blau.hpp", reached);
  collect_includes(root / "sim.hpp", reached);
  for (const auto& header : public_headers()) {
    EXPECT_EQ(text_of(header).rfind("#pragma once", 0), 0u) << header;
    if (header.parent_path().filename() == "interop") continue;
    EXPECT_TRUE(reached.contains(header)) << header << " comes with neither blau.hpp nor sim.hpp";
  }
}

}  // namespace
