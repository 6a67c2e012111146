#pragma once

#include <blau/detail/loop.hpp>
#include <blau/error.hpp>
#include <blau/operation.hpp>
#include <blau/result.hpp>
#include <blau/stream.hpp>

#include <asio/cancellation_signal.hpp>
#include <asio/cancellation_type.hpp>
#include <asio/error.hpp>
#include <asio/execution.hpp>

#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <tuple>
#include <type_traits>
#include <utility>

/// @file
/// Asio's operations as Blau's: what `blau::use_operation` and `blau::executor_of` are made of.

namespace blau::detail {

/// An Asio executor that runs what it is given on a Blau loop, never inside the call. Without an execution context: handlers can be bound to it, but no timer or socket be made with it.
class AsioLoopExecutor {
 public:
  explicit AsioLoopExecutor(std::shared_ptr<Loop> loop) noexcept : loop_(std::move(loop)) {}

  template <class Function>
  void execute(Function&& function) const {
    loop_->post([call = std::decay_t<Function>(std::forward<Function>(function))]() mutable { std::move(call)(); });
  }
  [[nodiscard]] static constexpr ::asio::execution::blocking_t query(::asio::execution::blocking_t /*any*/) noexcept {
    return ::asio::execution::blocking_t::never_t();
  }
  friend bool operator==(const AsioLoopExecutor&, const AsioLoopExecutor&) noexcept = default;

 private:
  std::shared_ptr<Loop> loop_;
};

/// How an Asio operation failed: what an awaiting coroutine gets, and what a `Result` holds.
struct AsioFailure {
  Error error;
  std::exception_ptr exception;  ///< null: the error itself
};

[[nodiscard]] inline AsioFailure asio_failure(const std::error_code& code, std::exception_ptr exception) {
  if (code == ::asio::error::operation_aborted) return {canceled_error(), nullptr};
  if (code.category() == error_category())
    return {Error(static_cast<ErrorCode>(code.value()), code.message()), nullptr};
  const auto native = std::string(code.category().name()) + ":" + std::to_string(code.value());
  return {Error(ErrorCode::failed, code.message(), native), std::move(exception)};
}
[[nodiscard]] inline AsioFailure asio_failure(const std::error_code& code) {
  return asio_failure(code, std::make_exception_ptr(std::system_error(code)));
}
[[nodiscard]] inline AsioFailure asio_failure(const std::exception_ptr& exception) {
  try {
    std::rethrow_exception(exception);
  } catch (const Error& error) {
    return {error, nullptr};
  } catch (const std::system_error& error) {
    return asio_failure(error.code(), exception);
  } catch (const std::exception& error) {
    return {Error(ErrorCode::failed, error.what()), exception};
  } catch (...) {
    return {Error(ErrorCode::failed, "the Asio operation ended with an exception of an unknown type"), exception};
  }
}

/// What a completion signature says: its first argument may tell of a failure, the rest is the value.
template <class... Values>
struct AsioValue {
  using Type = std::tuple<Values...>;
};
template <>
struct AsioValue<> {
  using Type = void;
};
template <class Only>
struct AsioValue<Only> {
  using Type = Only;
};
template <class... Arguments>
struct AsioSignature : AsioValue<Arguments...> {
  static constexpr bool can_fail = false;
};
template <class... Values>
struct AsioSignature<std::error_code, Values...> : AsioValue<Values...> {
  static constexpr bool can_fail = true;
};
template <class... Values>
struct AsioSignature<std::exception_ptr, Values...> : AsioValue<Values...> {
  static constexpr bool can_fail = true;
};

/// An operation that an Asio operation does. A cancel or a time-out is passed on, and ends it when Asio's has ended: buffers are in use until then.
template <class T>
class AsioNode : public OperationNode<T> {
 public:
  AsioNode() noexcept : OperationNode<T>(nullptr, "the Asio operation", std::nullopt) {
    this->outlasts_early_end_ = true;
  }
  [[nodiscard]] ::asio::cancellation_slot slot() noexcept { return signal_.slot(); }

  // The home loop's thread.

  void succeed(Result<T> result) noexcept {
    slot().clear();
    this->forget_cancel();
    this->complete(std::move(result));
  }
  void fail(AsioFailure failure) noexcept {
    slot().clear();
    if (failure.error.code() != ErrorCode::canceled) this->forget_cancel();
    if (!failure.exception) return this->complete(failure.error);
    as_error_ = std::move(failure.error);
    this->complete_with(std::move(failure.exception));
  }

 protected:
  void pass_on_cancels() {
    this->on_early_end([this] { signal_.emit(::asio::cancellation_type::all); });
  }
  void store_exception(std::exception_ptr exception) noexcept override {
    if (!as_error_) as_error_ = asio_failure(exception).error;
    this->result_.emplace(*as_error_);
    this->exception_ = std::move(exception);
  }

 private:
  ::asio::cancellation_signal signal_;
  std::optional<Error> as_error_;
};

/// The handler that Asio calls. Destroyed uncalled, as with an `io_context` that ends, it fails the operation.
template <class T, class... Arguments>
class AsioAnswer {
  using Node = AsioNode<T>;

 public:
  using executor_type = AsioLoopExecutor;
  using cancellation_slot_type = ::asio::cancellation_slot;

  /// On the home loop.
  explicit AsioAnswer(NodePointer<Node> node) noexcept : node_(std::move(node)) {
    if (node_->home()->is_virtual()) node_->home()->hold();  // Asio's time is real
  }
  AsioAnswer(AsioAnswer&&) noexcept = default;
  AsioAnswer& operator=(AsioAnswer&&) = delete;
  ~AsioAnswer() {
    if (!node_) return;
    auto tell = [](Node& node) {
      node.fail({Error(ErrorCode::loop_closed,
                       "Asio dropped this operation; let its io_context live until Blau's operations have ended"),
                 nullptr});
    };
    answer(tell);  // never inside the start, whose exception is the better answer
  }

  [[nodiscard]] executor_type get_executor() const noexcept {
    return AsioLoopExecutor(node_->home()->shared_from_this());
  }
  [[nodiscard]] cancellation_slot_type get_cancellation_slot() const noexcept { return node_->slot(); }

  void operator()(Arguments... arguments) {
    if constexpr (AsioSignature<std::decay_t<Arguments>...>::can_fail) {
      split(std::move(arguments)...);
    } else {
      succeed(std::move(arguments)...);
    }
  }

 private:
  template <class Failure, class... Values>
  void split(Failure failure, Values... values) {
    if (!failure) return succeed(std::move(values)...);
    answer([failed = asio_failure(failure)](Node& node) mutable { node.fail(std::move(failed)); });
  }
  template <class... Values>
  void succeed(Values... values) {
    if constexpr (std::is_void_v<T>) {
      answer([](Node& node) { node.succeed(Result<void>()); });
    } else {
      answer([value = T(std::move(values)...)](Node& node) mutable { node.succeed(Result<T>(std::move(value))); });
    }
  }
  /// By the queue, whichever thread this is.
  template <class Tell>
  void answer(Tell tell) {
    const auto node = std::move(node_);
    auto* loop = node->home();
    const bool holds = loop->is_virtual();
    loop->post([node, tell = std::move(tell)]() mutable { tell(*node); });
    if (holds) loop->release();
  }

  NodePointer<Node> node_;
};

/// With what starts it.
template <class T, class Answer, class Initiation, class... Arguments>
class AsioStarter final : public AsioNode<T> {
 public:
  template <class... Given>
  explicit AsioStarter(Initiation&& initiation, Given&&... given)
      : initiation_(std::move(initiation)), arguments_(std::forward<Given>(given)...) {}

 private:
  void begin() override {
    this->pass_on_cancels();
    auto call = [this](auto&... arguments) {
      std::move(initiation_)(Answer(NodePointer<AsioNode<T>>::share(this)), std::move(arguments)...);
    };
    std::apply(call, arguments_);
  }

  Initiation initiation_;
  std::tuple<Arguments...> arguments_;
};

}  // namespace blau::detail
