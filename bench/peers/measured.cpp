#include "measured.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>

namespace peers {

namespace {

constexpr std::uint32_t first_value = 0xfffffffe;
constexpr std::uint32_t last_value = 0xffffffff;

std::uint64_t little_endian(const std::uint8_t* bytes, std::size_t size) {
  std::uint64_t number = 0;
  for (std::size_t i = size; i-- > 0;) number = number << 8 | bytes[i];
  return number;
}

std::int64_t nanoseconds_now() {
  using namespace std::chrono;
  return duration_cast<nanoseconds>(steady_clock::now().time_since_epoch()).count();
}

std::int64_t microseconds(const timeval& time) { return std::int64_t{time.tv_sec} * 1000000 + time.tv_usec; }

}  // namespace

Arguments::Arguments(int count, char** words) {
  if (count < 2) refuse("the workload is missing");
  workload_ = words[1];
  for (int i = 2; i < count; ++i) {
    const std::string word = words[i];
    const auto sign = word.find('=');
    if (sign == std::string::npos) refuse("not NAME=VALUE: " + word);
    values_[word.substr(0, sign)] = word.substr(sign + 1);
  }
}

const std::string& Arguments::text(const std::string& name) const {
  const auto found = values_.find(name);
  if (found == values_.end()) refuse("the argument " + name + "= is missing");
  return found->second;
}

std::size_t Arguments::number(const std::string& name) const { return std::stoull(text(name)); }

Cost Cost::now() {
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  Cost cost;
  cost.cpu_us = microseconds(used.ru_utime) + microseconds(used.ru_stime);
  cost.wakeups = used.ru_nvcsw;
  cost.preempted = used.ru_nivcsw;
  cost.time_us = nanoseconds_now() / 1000;
  return cost;
}

Cost& Cost::operator+=(const Cost& other) {
  cpu_us += other.cpu_us;
  wakeups += other.wakeups;
  preempted += other.preempted;
  time_us += other.time_us;
  return *this;
}

Cost Cost::operator-(const Cost& other) const {
  return {cpu_us - other.cpu_us, wakeups - other.wakeups, preempted - other.preempted, time_us - other.time_us};
}

void Measurement::print() {
  std::printf("{\"cpu_us\": %lld, \"wakeups\": %lld, \"preempted\": %lld, \"time_us\": %lld, \"count\": %zu",
              static_cast<long long>(cost_.cpu_us), static_cast<long long>(cost_.wakeups),
              static_cast<long long>(cost_.preempted), static_cast<long long>(cost_.time_us), count_);
  std::sort(latencies_.begin(), latencies_.end());
  const auto part = [this](double share) {
    return static_cast<double>(latencies_[static_cast<std::size_t>(share * double(latencies_.size() - 1))]) / 1000;
  };
  if (!latencies_.empty())
    std::printf(", \"latency_us\": {\"p50\": %.1f, \"p90\": %.1f, \"p99\": %.1f, \"max\": %.1f}", part(0.5), part(0.9),
                part(0.99), part(1));
  std::printf("}\n");
  std::fflush(stdout);
}

Values::Values(const Arguments& arguments) : stamped_(arguments.has("stamped", "1")) {
  if (stamped_) measurement_.expect(arguments.number("count"));
}

bool Values::take(const std::uint8_t* value, std::size_t size) {
  const auto number = size < 4 ? 0 : static_cast<std::uint32_t>(little_endian(value, 4));
  if (number == first_value) {
    measuring_ = true;
    measurement_.begin();
  } else if (number == last_value && measuring_) {
    measurement_.end();
    return true;
  } else if (measuring_) {
    measurement_.count(1);
    if (stamped_) measurement_.latency(nanoseconds_now() - static_cast<std::int64_t>(little_endian(value + 4, 8)));
  }
  return false;
}

bool Repetitions::next() {
  const std::size_t number = done_++;
  if (number == warm_) measurement_.begin();
  if (number < warm_ + count_) return true;
  measurement_.end();
  measurement_.count(count_);
  return false;
}

void say_ready() {
  std::puts("ready");
  std::fflush(stdout);
}

void refuse(const std::string& reason) {
  std::fprintf(stderr, "%s\n", reason.c_str());
  std::exit(1);
}

}  // namespace peers
