#pragma once

#include <blau/operation.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

namespace blau::interleave {

/// What happened in one run, in its order: to print where it failed, and to tell schedules apart.
class Log {
 public:
  explicit Log(std::function<std::chrono::nanoseconds()> clock) : clock_(std::move(clock)) {}

  void add(const std::string& what) {
    lines_.push_back(std::to_string(clock_().count() / 1000) + " us  " + what);
    for (const char c : lines_.back()) hash_ = (hash_ ^ static_cast<unsigned char>(c)) * 1099511628211U;
  }
  /// Called wherever the library has called the run: something else may happen right there.
  void called() {
    if (meddle) meddle();
  }
  std::function<void()> meddle;
  /// Something that must never be.
  void fault(const std::string& what) {
    add("FAULT: " + what);
    faults_.push_back(what);
  }
  [[nodiscard]] const std::vector<std::string>& lines() const noexcept { return lines_; }
  [[nodiscard]] const std::vector<std::string>& faults() const noexcept { return faults_; }
  [[nodiscard]] std::uint64_t hash() const noexcept { return hash_; }

 private:
  std::function<std::chrono::nanoseconds()> clock_;
  std::vector<std::string> lines_;
  std::vector<std::string> faults_;
  std::uint64_t hash_ = 14695981039346656037U;
};

/// All operations of one run: each must end exactly once.
class Ledger {
 public:
  explicit Ledger(std::shared_ptr<Log> log) : log_(std::move(log)) {}

  /// Starts it; `then` is called with its result.
  template <class T, class Then>
  void begin(std::string what, Operation<T> operation, Then then) {
    const auto entry = std::make_shared<Entry>();
    entry->what = std::move(what) + " #" + std::to_string(entries_.size());
    entries_.push_back(entry);
    log_->add("begin " + entry->what);
    auto ended = [entry, log = log_, then = std::move(then)](Result<T> result) mutable {
      const auto outcome = result ? std::string("ok") : std::string(to_string(result.error().code()));
      log->add("end " + entry->what + ": " + outcome);
      if (++entry->ends > 1) log->fault(entry->what + " ended " + std::to_string(entry->ends) + " times");
      if (entry->inside_start) log->fault(entry->what + " ended inside the call that started it");
      then(std::move(result));
      log->called();
    };
    // Half of them without a deadline that could hide that they are lost: what stands in their way ends within a second.
    if (entries_.size() % 2 == 0) operation = std::move(operation).timeout(std::chrono::hours(1));
    entry->inside_start = true;
    std::move(operation).cancel_with(entry->stop.get_token()).start(std::move(ended));
    entry->inside_start = false;
  }

  /// Cancels the pending operation that `choice` names, if there is one.
  void cancel(std::uint64_t choice) {
    std::vector<Entry*> pending;
    for (const auto& entry : entries_)
      if (entry->ends == 0) pending.push_back(entry.get());
    if (pending.empty()) return;
    auto& entry = *pending[choice % pending.size()];
    log_->add("cancel " + entry.what);
    entry.stop.request_stop();
  }

  [[nodiscard]] std::size_t count() const noexcept { return entries_.size(); }
  [[nodiscard]] bool all_ended() const noexcept {
    for (const auto& entry : entries_)
      if (entry->ends == 0) return false;
    return true;
  }
  void check() const {
    for (const auto& entry : entries_)
      if (entry->ends == 0) log_->fault(entry->what + " never ended");
  }

 private:
  struct Entry {
    std::string what;
    int ends = 0;
    bool inside_start = false;
    std::stop_source stop;
  };
  std::shared_ptr<Log> log_;
  std::vector<std::shared_ptr<Entry>> entries_;
};

}  // namespace blau::interleave
