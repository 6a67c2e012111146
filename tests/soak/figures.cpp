#include "figures.hpp"

#include <malloc.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace blau::soak {

namespace {

// What vectors keep for the next time, and the buffer of what is printed.
constexpr std::size_t in_use_tolerance = 16 * 1024;
// The heap's free parts cannot all be given back.
constexpr std::size_t resident_tolerance_kib = 1536;

std::size_t resident_kib() {
  std::ifstream status("/proc/self/status");
  std::string word;
  while (status >> word)
    if (word == "VmRSS:") break;
  std::size_t kib = 0;
  status >> kib;
  return kib;
}

}  // namespace

std::size_t count_descriptors(const std::string& process) {
  using Entries = std::filesystem::directory_iterator;
  const auto found = static_cast<std::size_t>(std::distance(Entries("/proc/" + process + "/fd"), Entries()));
  // This look has one open, too.
  return process == "self" ? found - 1 : found;
}

Figures measure() {
  Figures figures;
  figures.descriptors = count_descriptors();
  malloc_trim(0);
  const auto heap = mallinfo2();
  figures.in_use = heap.uordblks + heap.hblkhd;
  figures.resident_kib = resident_kib();
  return figures;
}

std::string to_string(const Figures& figures) {
  std::string text = "resident " + std::to_string(figures.resident_kib) + " KiB, in use " +
                     std::to_string(figures.in_use / 1024) + " KiB, descriptors " + std::to_string(figures.descriptors);
  if (figures.match_rules) text += ", match rules " + std::to_string(*figures.match_rules);
  if (figures.names) text += ", names " + std::to_string(*figures.names);
  if (figures.daemon_descriptors) text += ", the daemon's descriptors " + std::to_string(*figures.daemon_descriptors);
  return text;
}

void Watch::begin() {
  first_ = look_();
  std::printf("warmed up: %s\n", to_string(first_).c_str());
  std::fflush(stdout);
}

void Watch::check(const std::string& when) {
  ++checks_;
  const Figures now = look_();
  std::printf("%s: %s\n", when.c_str(), to_string(now).c_str());
  std::fflush(stdout);
  compare("KiB of resident memory", first_.resident_kib, now.resident_kib, resident_tolerance_kib, when);
  compare("bytes of memory in use", first_.in_use, now.in_use, in_use_tolerance, when);
  compare("descriptors", first_.descriptors, now.descriptors, 0, when);
  compare("match rules", first_.match_rules, now.match_rules, when);
  compare("names on the bus", first_.names, now.names, when);
  compare("descriptors of the daemon", first_.daemon_descriptors, now.daemon_descriptors, when);
}

void Watch::compare(const char* what, std::size_t before, std::size_t now, std::size_t tolerance,
                    const std::string& when) {
  if (now <= before + tolerance) return;
  faults_.push_back(when + ": " + std::to_string(now) + " " + what + ", " + std::to_string(before) +
                    " after the warm-up: something is kept that nobody needs");
}

void Watch::compare(const char* what, const std::optional<std::size_t>& before, const std::optional<std::size_t>& now,
                    const std::string& when) {
  if (before && now) return compare(what, *before, *now, 0, when);
  if (before || now) faults_.push_back(when + ": " + what + " could not be counted each time");
}

}  // namespace blau::soak
