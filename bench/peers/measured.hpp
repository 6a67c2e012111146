#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

/// @file
/// What the C++ clients of the comparison share: their arguments, their measurements and what they print. README.md has the protocol.

namespace peers {

/// `NAME=VALUE` after the workload's name.
class Arguments {
 public:
  /// Ends the program with a message if they are malformed.
  Arguments(int count, char** words);

  [[nodiscard]] const std::string& workload() const noexcept { return workload_; }
  [[nodiscard]] const std::string& text(const std::string& name) const;
  [[nodiscard]] std::size_t number(const std::string& name) const;
  [[nodiscard]] bool has(const std::string& name, const std::string& value) const { return text(name) == value; }

 private:
  std::string workload_;
  std::map<std::string, std::string> values_;
};

/// What this process has cost so far.
struct Cost {
  std::int64_t cpu_us = 0;     ///< user and system time
  std::int64_t wakeups = 0;    ///< how often it waited for something
  std::int64_t preempted = 0;  ///< how often it had to make room
  std::int64_t time_us = 0;    ///< on the wall
  [[nodiscard]] static Cost now();
  Cost& operator+=(const Cost& other);
  [[nodiscard]] Cost operator-(const Cost& other) const;
};

/// The steady part of a workload.
class Measurement {
 public:
  void begin() { begin_ = Cost::now(); }
  void end() { cost_ += Cost::now() - begin_; }
  void count(std::size_t number) noexcept { count_ += number; }
  /// From the peripheral to the program's own code.
  void latency(std::int64_t nanoseconds) { latencies_.push_back(nanoseconds); }
  /// So that storing one takes no time.
  void expect(std::size_t latencies) { latencies_.reserve(latencies); }
  /// One line of JSON.
  void print();

 private:
  Cost begin_;
  Cost cost_;
  std::size_t count_ = 0;
  std::vector<std::int64_t> latencies_;
};

/// The notified values: what lies between a first and a last one is measured.
class Values {
 public:
  /// @param arguments `stamped=1`: values hold the time at which they were sent; `count`: at most so many
  explicit Values(const Arguments& arguments);

  /// @return true if it was the last one
  [[nodiscard]] bool take(const std::uint8_t* value, std::size_t size);
  void print() { measurement_.print(); }

 private:
  Measurement measurement_;
  bool stamped_;
  bool measuring_ = false;
};

/// Reads, writes and the like: the first ones do not count.
class Repetitions {
 public:
  /// @param arguments `warm` come before the `count` that are measured
  explicit Repetitions(const Arguments& arguments)
      : warm_(arguments.number("warm")), count_(arguments.number("count")) {}

  /// Before each one. @return false if there were enough
  [[nodiscard]] bool next();
  void print() { measurement_.print(); }

 private:
  Measurement measurement_;
  std::size_t warm_;
  std::size_t count_;
  std::size_t done_ = 0;
};

/// The rig may let the values, or the advertisements, come.
void say_ready();
/// Ends the program: this client cannot do the workload.
[[noreturn]] void refuse(const std::string& reason);

}  // namespace peers
