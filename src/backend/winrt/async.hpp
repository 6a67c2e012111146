#pragma once

#include "apartment.hpp"
#include "errors.hpp"

// Before C++/WinRT, which takes COM's own types along only then.
#include <inspectable.h>

#include <blau/event_loop.hpp>
#include <blau/result.hpp>
#include <blau/unique_function.hpp>

#include <winrt/Windows.Foundation.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <type_traits>
#include <unordered_map>
#include <utility>

namespace blau::detail::windows {

class System;

/// An asynchronous operation of the system that is under way, seen from the loop: what is common to all types of result.
class Flight {
 public:
  virtual ~Flight() = default;
  /// Asks the system to give it up. On the apartment, after its start.
  virtual void cancel() noexcept = 0;
  /// Nobody wants the result any more. Any thread.
  void forsake() noexcept { forsaken_.store(true); }
  [[nodiscard]] bool forsaken() const noexcept { return forsaken_.load(); }

 private:
  std::atomic<bool> forsaken_{false};
};

/// The wish for the result of an asynchronous operation. Moves; the loop's thread only.
///
/// Dropping it: the operation is asked to end, its `then` is destroyed at once and not called, and a result that comes all the same is given to `discard`. Dropping it inside `then`, or after it,
/// does nothing.
class Asked {
 public:
  Asked() noexcept = default;
  Asked(Asked&& other) noexcept
      : system_(std::move(other.system_)), flight_(std::move(other.flight_)), id_(std::exchange(other.id_, 0)) {}
  Asked& operator=(Asked&& other) noexcept {
    if (this == &other) return *this;
    drop();
    system_ = std::move(other.system_);
    flight_ = std::move(other.flight_);
    id_ = std::exchange(other.id_, 0);
    return *this;
  }
  ~Asked() { drop(); }

  /// Asks the operation to end and still waits: `then` is called with `canceled`, or with a result that came all the same.
  void cancel();
  void drop() noexcept;
  /// `then` is still to be called.
  [[nodiscard]] bool pending() const noexcept;

 private:
  friend class System;
  Asked(std::weak_ptr<System> system, std::shared_ptr<Flight> flight, std::uint64_t id) noexcept
      : system_(std::move(system)), flight_(std::move(flight)), id_(id) {}

  std::weak_ptr<System> system_;
  std::shared_ptr<Flight> flight_;
  std::uint64_t id_ = 0;
};

/// The way from a backend instance to Windows and back: what its ports share. Its functions belong to the loop's thread where nothing else is said; what waits for an answer is kept here, so that
/// no closure of the loop's is called or destroyed on another thread.
class System : public std::enable_shared_from_this<System> {
 public:
  [[nodiscard]] static std::shared_ptr<System> make(EventLoop& loop) {
    return std::shared_ptr<System>(new System(*loop.loop(), loop.handle()));
  }

  /// Any thread, as long as the loop is there: for timers.
  [[nodiscard]] Loop& loop() noexcept { return loop_; }
  /// Any thread, and at any time.
  [[nodiscard]] const LoopHandle& handle() const noexcept { return handle_; }
  /// Any thread.
  [[nodiscard]] Apartment& apartment() noexcept { return apartment_; }

  /// Runs `work` on the apartment; what it gives or throws comes to `then`, never from inside this call. `then` is destroyed uncalled if the system ends first.
  template <class T>
  void call(unique_function<T()> work, unique_function<void(Result<T>)> then);

  /// Starts an asynchronous operation on the apartment. Its result, or what `start` threw, comes to `then`, never from inside this call.
  /// @param discard closes a result that nobody wants any more, and that is not null; called on the apartment, or where the system has ended
  template <class T>
  [[nodiscard]] Asked ask(unique_function<::winrt::Windows::Foundation::IAsyncOperation<T>()> start,
                          unique_function<void(Result<T>)> then, void (*discard)(const T&) = nullptr);

  /// Lets go of references to the system's objects on the apartment. Any thread.
  template <class T>
  void bury(T object) {
    apartment_.run([object = std::move(object)] { (void)object; });
  }

 private:
  friend class Asked;
  template <class T>
  class Question;

  struct Waiter {
    virtual ~Waiter() = default;
  };
  template <class T>
  struct WaiterFor final : Waiter {
    explicit WaiterFor(unique_function<void(Result<T>)> wanted) : then(std::move(wanted)) {}
    unique_function<void(Result<T>)> then;
  };

  System(Loop& loop, LoopHandle handle)
      : loop_(loop), handle_(std::move(handle)), apartment_(loop.shared_from_this()) {}

  template <class T>
  [[nodiscard]] std::uint64_t wait_for(unique_function<void(Result<T>)> then) {
    const auto id = ++last_id_;
    waiters_.emplace(id, std::make_unique<WaiterFor<T>>(std::move(then)));
    return id;
  }
  /// False if nobody waits any more.
  template <class T>
  bool answer(std::uint64_t id, Result<T>& result) noexcept;
  /// Runs `work`, with its exceptions as errors.
  template <class T>
  [[nodiscard]] static Result<T> attempt(unique_function<T()>& work) noexcept;

  Loop& loop_;
  LoopHandle handle_;
  Apartment apartment_;
  std::uint64_t last_id_ = 0;
  std::unordered_map<std::uint64_t, std::unique_ptr<Waiter>> waiters_;
};

/// An operation with a result of type T. Kept by the system's completion handler until it has come.
template <class T>
class System::Question final : public Flight, public std::enable_shared_from_this<Question<T>> {
 public:
  using Pending = ::winrt::Windows::Foundation::IAsyncOperation<T>;

  Question(const std::shared_ptr<System>& system, std::uint64_t id, void (*discard)(const T&))
      : system_(system), handle_(system->handle()), id_(id), discard_(discard) {}

  /// On the apartment.
  void start(unique_function<Pending()>& start) noexcept;
  void cancel() noexcept override;

 private:
  /// On any thread of the system's, also inside `start`.
  void completed(const Pending& operation, ::winrt::Windows::Foundation::AsyncStatus status) noexcept;
  void tell(Result<T> result) noexcept;
  /// What nobody takes is closed and let go of, not on the thread that finds it: the loop may run in an STA, and a close may wait for the thread that completes.
  void refuse(T result) noexcept;

  /// A result on its way to the loop, which may end before.
  class Delivery {
   public:
    Delivery(std::shared_ptr<Question> question, Result<T> result)
        : question_(std::move(question)), result_(std::move(result)) {}
    Delivery(Delivery&&) noexcept = default;
    Delivery& operator=(Delivery&&) = delete;
    ~Delivery() {
      if (question_ && result_) question_->refuse(*std::move(result_));
    }
    void hand_over() noexcept {
      const auto question = std::exchange(question_, nullptr);
      const auto system = question->system_.lock();
      if (!system || !system->template answer<T>(question->id_, result_)) question_ = question;
    }

   private:
    std::shared_ptr<Question> question_;
    Result<T> result_;
  };

  const std::weak_ptr<System> system_;
  const LoopHandle handle_;
  const std::uint64_t id_;
  void (*const discard_)(const T&);
  std::mutex mutex_;
  Pending operation_{nullptr};  // guarded by mutex_: under way
};

template <class T>
bool System::answer(std::uint64_t id, Result<T>& result) noexcept {
  auto found = waiters_.extract(id);
  if (!found) return false;
  static_cast<WaiterFor<T>&>(*found.mapped()).then(std::move(result));
  return true;
}

template <class T>
Result<T> System::attempt(unique_function<T()>& work) noexcept {
  try {
    if constexpr (std::is_void_v<T>) {
      work();
      return Result<void>();
    } else {
      return Result<T>(work());
    }
  } catch (...) {
    return current_error();
  }
}

template <class T>
void System::call(unique_function<T()> work, unique_function<void(Result<T>)> then) {
  const auto id = wait_for<T>(std::move(then));
  apartment_.run([weak = weak_from_this(), handle = handle_, id, work = std::move(work)]() mutable {
    auto result = attempt<T>(work);
    work.reset();
    handle.post([weak = std::move(weak), id, result = std::move(result)]() mutable {
      if (const auto system = weak.lock()) system->answer<T>(id, result);
    });
  });
}

template <class T>
Asked System::ask(unique_function<::winrt::Windows::Foundation::IAsyncOperation<T>()> start,
                  unique_function<void(Result<T>)> then, void (*discard)(const T&)) {
  const auto id = wait_for<T>(std::move(then));
  const auto question = std::make_shared<Question<T>>(shared_from_this(), id, discard);
  apartment_.run([question, start = std::move(start)]() mutable { question->start(start); });
  return Asked(weak_from_this(), question, id);
}

template <class T>
void System::Question<T>::start(unique_function<Pending()>& start) noexcept {
  if (forsaken()) return;
  try {
    const Pending operation = start();
    {
      const std::lock_guard lock(mutex_);
      operation_ = operation;
    }
    operation.Completed([self = this->shared_from_this()](const auto& ended, auto status) {  //
      self->completed(ended, status);
    });
  } catch (...) {
    tell(current_error());
  }
}

template <class T>
void System::Question<T>::cancel() noexcept {
  Pending operation{nullptr};
  {
    const std::lock_guard lock(mutex_);
    operation = operation_;
  }
  try {
    if (operation) operation.Cancel();
  } catch (...) {  // NOLINT: it was only a wish
  }
}

template <class T>
void System::Question<T>::completed(const Pending& operation,
                                    ::winrt::Windows::Foundation::AsyncStatus status) noexcept {
  using ::winrt::Windows::Foundation::AsyncStatus;
  {
    const std::lock_guard lock(mutex_);
    operation_ = nullptr;
  }
  try {
    if (status == AsyncStatus::Canceled) return tell(Error(ErrorCode::canceled, "the system gave the operation up"));
    if (status == AsyncStatus::Error) return tell(error_of(operation.ErrorCode()));
    tell(Result<T>(operation.GetResults()));
  } catch (...) {
    tell(current_error());
  }
}

template <class T>
void System::Question<T>::tell(Result<T> result) noexcept {
  Delivery delivery(this->shared_from_this(), std::move(result));
  if (forsaken()) return;
  handle_.post([delivery = std::move(delivery)]() mutable { delivery.hand_over(); });
}

template <class T>
void System::Question<T>::refuse(T result) noexcept {
  auto end = [result = std::move(result), discard = discard_] {
    if constexpr (std::is_base_of_v<::winrt::Windows::Foundation::IUnknown, T>)
      if (!result) return;
    if (discard) discard(result);
  };
  if (const auto system = system_.lock()) return system->apartment().run(std::move(end));
  try {
    end();
  } catch (...) {  // NOLINT: nobody is left who could be told
  }
}

inline void Asked::cancel() {
  if (!pending()) return;
  if (const auto system = system_.lock()) system->apartment().run([flight = flight_] { flight->cancel(); });
}

inline bool Asked::pending() const noexcept {
  const auto system = system_.lock();
  return system && system->waiters_.contains(id_);
}

inline void Asked::drop() noexcept {
  const auto system = system_.lock();
  const auto flight = std::exchange(flight_, nullptr);
  const auto id = std::exchange(id_, 0);
  if (!system || !flight) return;
  const auto found = system->waiters_.extract(id);
  if (!found) return;
  flight->forsake();
  system->apartment().run([flight] { flight->cancel(); });
}

}  // namespace blau::detail::windows
