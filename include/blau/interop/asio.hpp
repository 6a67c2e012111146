#pragma once

#include <blau/event_loop.hpp>
#include <blau/interop/asio_handler.hpp>
#include <blau/interop/asio_operation.hpp>
#include <blau/operation.hpp>
#include <blau/stream.hpp>
#include <blau/task.hpp>

#include <asio/async_result.hpp>

#include <type_traits>
#include <utility>

/// @file
/// Blau in programs that have Asio, both ways. Opt-in: `blau.hpp` does not include it. Header-only, on the program's own standalone Asio from 1.22 on; the one inside the library has
/// another name and nothing to do with it. Not for Boost.Asio.

namespace blau {

/// Starts an operation as Asio starts its own, with any completion token: a callback, `use_future`, `use_awaitable`, `deferred`, `as_tuple(…)` and so on.
///
///     blau::Bytes level = co_await blau::async(client.read_gatt_char("2a19"), asio::use_awaitable);
///
/// The handler's signature is `void(std::exception_ptr, T)`, `void(std::exception_ptr)` for `Operation<void>`, and `void(Result<T>)` for `operation.as_result()`. An exception, and no
/// `std::error_code`, since `co_await` then throws the `blau::Error` itself, with its message, `att()` and `native()`. Who wants codes compares `Error::code()` or makes one of it:
/// `ErrorCode` is a `std::error_code`. A `T` without default constructor needs `as_result()`.
///
/// **Threads.** Any. The handler is called by its associated executor, never inside the call that starts the operation or ends it; one without an executor is called where the callback of
/// `Operation::start` would be: on the object's loop. Whoever runs an `io_context` waits in `run` until the operation has ended. One that is destroyed before destroys
/// the handler and cancels the operation; an executor that does not tell its context (a type-erased one made without that property) must outlive the operation instead.
///
/// **Cancellation.** The slot takes all types, and each cancels the operation, which ends with `canceled`. As with Asio's own operations, emit on the handler's executor: bind one if you cancel. `operation.timeout(…)` works as everywhere.
template <class T, class Token>
auto async(Operation<T> operation, Token&& token) {
  return ::asio::async_initiate<Token, typename detail::AsioOutcome<T>::Signature>(detail::AsioInitiation<T>(), token,
                                                                                   std::move(operation));
}

/// Runs a Task, on the background loop unless the call stands on another one. An exception of any type reaches the handler.
template <class T, class Token>
auto async(Task<T> task, Token&& token) {
  return async(task.as_operation(), std::forward<Token>(token));
}

/// The next value of a stream; the handler takes `std::optional<T>`, empty at the end: `co_await blau::async(stream.next(), asio::use_awaitable)`. One that was canceled leaves its value there.
template <class T, class Token>
auto async(detail::NextValue<T>&& next, Token&& token) {
  return async(next.as_operation(), std::forward<Token>(token));
}

/// See `use_operation`.
struct use_operation_t {};

/// A completion token for Asio's operations that makes them `Operation`s, to be awaited in a Task, or with time-outs, combinators and all else:
///
///     co_await timer.async_wait(blau::use_operation);
///     std::size_t count = co_await asio::async_read(socket, asio::buffer(data), blau::use_operation);
///
/// Lazy as every operation: Asio's is initiated when it is awaited, on the loop that awaits it. What follows the error in the handler's signature is the value, several are a tuple. Somebody
/// must run the `io_context`, on another thread than the loop's, and keep it at work meanwhile: `asio::make_work_guard(io)`, or an `asio::thread_pool` in its place.
///
/// **Errors.** `canceled` for Asio's `operation_aborted`; other codes are thrown as `std::system_error` with that code, which `as_result` makes `failed` with its message.
/// `as_tuple(use_operation)` gives the code in place of an exception, for a cancel and a time-out, too. `loop_closed` if Asio dropped the handler, as an `io_context` does that ends.
///
/// **Cancellation.** A cancel or a time-out is emitted into the cancellation slot, and the operation ends when Asio's has ended, since that uses its buffers until then. What Asio cannot
/// cancel is waited for. Only a loop that ends does not wait: buffers should then live elsewhere than in the Task.
///
/// **Threads.** Initiated, canceled and continued on the Blau loop's thread: no other thread may use the same socket or timer meanwhile. Where others do, let a coroutine on
/// their strand do the work: `co_await asio::co_spawn(strand, work(), blau::use_operation)`.
///
/// On virtual time the clock stands still while such an operation is pending: Asio's time is real.
inline constexpr use_operation_t use_operation{};

/// An Asio executor that runs handlers on a Blau loop: `asio::bind_executor(blau::executor_of(loop), handler)`. Any thread. What is posted after the loop has ended is destroyed unrun. It has no
/// execution context, so no timer or socket can be made with it.
[[nodiscard]] inline detail::AsioLoopExecutor executor_of(EventLoop& loop) noexcept {
  return detail::AsioLoopExecutor(loop.loop());
}

}  // namespace blau

/// @cond specialisations
template <class Return, class... Arguments>
class asio::async_result<blau::use_operation_t, Return(Arguments...)> {
  using Value = typename blau::detail::AsioSignature<std::decay_t<Arguments>...>::Type;
  using Answer = blau::detail::AsioAnswer<Value, Arguments...>;

 public:
  using return_type = blau::Operation<Value>;

  template <class Initiation, class... Given>
  static return_type initiate(Initiation&& initiation, blau::use_operation_t /*token*/, Given&&... given) {
    using Starter = blau::detail::AsioStarter<Value, Answer, std::decay_t<Initiation>, std::decay_t<Given>...>;
    auto* node =
        new Starter(std::decay_t<Initiation>(std::forward<Initiation>(initiation)), std::forward<Given>(given)...);
    return return_type(blau::detail::NodePointer<typename return_type::Node>::adopt(node));
  }
};
/// @endcond
