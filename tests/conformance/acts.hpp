#pragma once

#include "support.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

namespace blau::conformance {

/// A call of any method, told only by how it ends.
class Call {
 public:
  template <class T>
  Call(Operation<T> operation)
      : held_(std::make_unique<Held<T>>(std::move(operation))) {}  // NOLINT: any operation is one

  [[nodiscard]] Call timeout(std::chrono::nanoseconds limit) && {
    held_->timeout(limit);
    return std::move(*this);
  }
  [[nodiscard]] Call cancel_with(std::stop_token token) && {
    held_->cancel_with(std::move(token));
    return std::move(*this);
  }
  /// Its end goes into the inbox.
  void start(const Inbox<Result<void>>& ended) && { held_->start(ended); }
  /// For a plain thread.
  [[nodiscard]] Result<void> get() && { return held_->get(); }

 private:
  template <class T>
  static Result<void> told(const Result<T>& result) {
    if (!result) return result.error();
    return {};
  }
  struct Base {
    Base() = default;
    Base(const Base&) = delete;
    Base& operator=(const Base&) = delete;
    virtual ~Base() = default;
    virtual void timeout(std::chrono::nanoseconds limit) = 0;
    virtual void cancel_with(std::stop_token token) = 0;
    virtual void start(const Inbox<Result<void>>& ended) = 0;
    virtual Result<void> get() = 0;
  };
  template <class T>
  struct Held final : Base {
    explicit Held(Operation<T> made) : operation(std::move(made)) {}
    void timeout(std::chrono::nanoseconds limit) override { operation = std::move(operation).timeout(limit); }
    void cancel_with(std::stop_token token) override { operation = std::move(operation).cancel_with(std::move(token)); }
    void start(const Inbox<Result<void>>& ended) override {
      std::move(operation).start([ended](const Result<T>& result) { ended.push(told(result)); });
    }
    Result<void> get() override { return told(std::move(operation).as_result().get()); }
    Operation<T> operation;
  };

  std::unique_ptr<Base> held_;
};

/// What the calls of a case are made on.
struct Objects {
  /// Empty: the rig's own, on the loop that runs.
  BackendRef backend;
  EventLoop* loop = nullptr;
  std::optional<Client> client;
  std::optional<Scanner> scanner;
  std::optional<Adapter> adapter;
  /// A descriptor that can be read and written.
  Handle descriptor{12};

  [[nodiscard]] ClientOptions client_options() const;
  [[nodiscard]] ScannerOptions scanner_options() const;
  [[nodiscard]] AdapterOptions adapter_options() const;
};

/// What has to be there before a method is called.
enum class Stage : std::uint8_t {
  nothing,
  client,   ///< of the peripheral Spare, without a link
  linked,   ///< a client of the peripheral Gatt, with a link
  scanner,  ///< one that does not scan
  adapter,
};

/// How long a call is under way.
enum class Flight : std::uint8_t {
  none,    ///< every system answers at once
  daemon,  ///< where the system is a program of its own, until that has answered
  device,  ///< until the peripheral answers
  client,  ///< until the peripheral answers, but where the system is a program that knows the answer
  long_,   ///< by itself for longer than anything that a case does meanwhile
};

/// One method, and how to call it. The cases of `driven.cpp` are the same for all of them.
struct Act {
  std::string_view type = {};
  std::string_view method = {};
  int overload = 0;
  Stage stage = Stage::nothing;
  Flight flight = Flight::none;
  /// Makes one call.
  Call (*call)(Objects&) = nullptr;
  /// Make what every single call of it needs; their own results count for nothing.
  Call (*ready)(Objects&) = nullptr;
  Call (*ready_then)(Objects&) = nullptr;
  /// The same call with another name of a characteristic.
  Call (*named)(Objects&, const CharacteristicRef&) = nullptr;
  /// Where that attribute is which a call names.
  std::optional<Uuid> service = std::nullopt;
  /// What it is answered with; empty: success.
  std::optional<ErrorCode> answer = std::nullopt;
  /// What the second of several calls at once may be answered with instead.
  std::optional<ErrorCode> second = std::nullopt;
  /// What it ends with when its link is lost; empty: success.
  std::optional<ErrorCode> lost = ErrorCode::disconnected;
  /// What it ends with when its object is destroyed; empty: success.
  std::optional<ErrorCode> destroyed = ErrorCode::canceled;
  /// Where the rig lacks this, its cases are left out.
  std::optional<Ability> needs = std::nullopt;
};

/// The method's. @throws std::logic_error where there is none
[[nodiscard]] const Act& act_of(std::string_view type, std::string_view method, int overload);

/// Makes what the act's stage says, on the loop that runs.
[[nodiscard]] Task<> arrange(Objects& objects, const Act& act);
/// The same without a link.
[[nodiscard]] Task<> arrange_unlinked(Objects& objects, const Act& act);
/// What every single call needs.
[[nodiscard]] Task<> make_ready(Objects& objects, const Act& act);

}  // namespace blau::conformance
