#pragma once

#include "host.hpp"
#include "platform.hpp"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

namespace fake_windows {

/// What needs no radio is over soon: `Habits::completes_in_setter` waits for it.
enum class Pace : std::uint8_t { prompt, slow };

/// An IAsyncOperation that the air settles. Its completion comes on the pool, or in the setter of `Completed` where it is over by then.
template <class T>
class Operation : public winrt::implements<Operation<T>, foundation::IAsyncOperation<T>, foundation::IAsyncInfo> {
 public:
  using Handler = foundation::AsyncOperationCompletedHandler<T>;

  Operation(std::shared_ptr<Host> host, std::string method, Pace pace)
      : host_(std::move(host)), method_(std::move(method)), pace_(pace) {}

  // What Windows offers.

  void Completed(const Handler& handler) {
    std::unique_lock lock(mutex_);
    if (has_handler_) throw winrt::hresult_illegal_delegate_assignment();
    has_handler_ = true;
    handler_ = handler;
    if (pace_ == Pace::prompt && host_->habits().completes_in_setter && !host_->habits().never.contains(method_))
      settled_.wait_for(lock, std::chrono::seconds(1), [this] { return status_ != foundation::AsyncStatus::Started; });
    if (status_ != foundation::AsyncStatus::Started) tell(lock);
  }
  Handler Completed() {
    const std::lock_guard lock(mutex_);
    return handler_;
  }
  T GetResults() {
    const std::lock_guard lock(mutex_);
    if (status_ == foundation::AsyncStatus::Started) throw winrt::hresult_illegal_method_call();
    if (status_ == foundation::AsyncStatus::Canceled) throw winrt::hresult_canceled();
    if (status_ == foundation::AsyncStatus::Error) throw winrt::hresult_error(error_);
    return *result_;
  }
  std::uint32_t Id() const noexcept { return 1; }
  foundation::AsyncStatus Status() {
    const std::lock_guard lock(mutex_);
    return status_;
  }
  winrt::hresult ErrorCode() {
    const std::lock_guard lock(mutex_);
    return error_;
  }
  void Cancel() {
    if (host_->habits().cancels_too_late) return;
    host_->on_air([self = this->get_strong()] {
      if (self->on_cancel) std::exchange(self->on_cancel, nullptr)();
    });
    host_->elsewhere([self = this->get_strong()] {
      self->end(foundation::AsyncStatus::Canceled, std::nullopt, winrt::hresult(winrt::impl::error_canceled));
    });
  }
  void Close() noexcept {}

  // What the fake does, on the air.

  /// What takes back what the operation began; called once at most.
  blau::unique_function<void()> on_cancel;

  void succeed(T result) { settle(foundation::AsyncStatus::Completed, std::move(result), winrt::hresult()); }
  void fail(winrt::hresult error) { settle(foundation::AsyncStatus::Error, std::nullopt, error); }

 private:
  void settle(foundation::AsyncStatus status, std::optional<T> result, winrt::hresult error) {
    on_cancel = nullptr;
    const Habits habits = host_->habits();
    if (habits.never.contains(method_)) return;
    auto end = [self = this->get_strong(), status, result = std::move(result), error] {
      self->host_->elsewhere([self, status, result, error] { self->end(status, result, error); });
    };
    const auto late = habits.late.find(method_);
    if (late == habits.late.end()) return end();
    host_->after(late->second, std::move(end));
  }
  void end(foundation::AsyncStatus status, std::optional<T> result, winrt::hresult error) {
    std::unique_lock lock(mutex_);
    if (status_ != foundation::AsyncStatus::Started) return;
    status_ = status;
    result_ = std::move(result);
    error_ = error;
    settled_.notify_all();
    if (has_handler_ && !waits_in_setter()) tell(lock);
  }
  /// The setter, which waits, calls it.
  [[nodiscard]] bool waits_in_setter() const { return pace_ == Pace::prompt && host_->habits().completes_in_setter; }
  void tell(std::unique_lock<std::mutex>& lock) {
    if (std::exchange(told_, true)) return;
    const Handler handler = handler_;
    const auto status = status_;
    lock.unlock();
    if (handler) handler(*this, status);
  }

  std::shared_ptr<Host> host_;
  const std::string method_;
  const Pace pace_;
  std::mutex mutex_;
  std::condition_variable settled_;
  Handler handler_;
  bool has_handler_ = false;
  bool told_ = false;
  foundation::AsyncStatus status_ = foundation::AsyncStatus::Started;
  std::optional<T> result_;
  winrt::hresult error_;
};

/// A reference to one.
template <class T>
using OperationRef = winrt::com_ptr<Operation<T>>;

/// Begins one: `work` is called on the air with it.
template <class T, class Work>
foundation::IAsyncOperation<T> begin(const std::shared_ptr<Host>& host, const char* method, Pace pace, Work work) {
  auto operation = winrt::make_self<Operation<T>>(host, method, pace);
  host->on_air([operation, work = std::move(work)]() mutable { work(operation); });
  return *operation;
}

}  // namespace fake_windows
