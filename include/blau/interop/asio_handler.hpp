#pragma once

#include <blau/error.hpp>
#include <blau/operation.hpp>
#include <blau/result.hpp>

#include <asio/associated_allocator.hpp>
#include <asio/associated_cancellation_slot.hpp>
#include <asio/associated_executor.hpp>
#include <asio/cancellation_type.hpp>
#include <asio/execution.hpp>
#include <asio/execution_context.hpp>
#include <asio/executor_work_guard.hpp>
#include <asio/post.hpp>
#include <asio/query.hpp>

#include <exception>
#include <list>
#include <memory>
#include <mutex>
#include <tuple>
#include <type_traits>
#include <utility>

/// @file
/// Asio handlers that wait for Blau's operations: what `blau::async` is made of. There is no namespace `blau::asio`, so that `asio` means Asio's own everywhere.

namespace blau::detail {

/// The signature of the handler, and its arguments as they are kept until it is called.
template <class T>
struct AsioOutcome {
  using Signature = void(std::exception_ptr, T);
  using Arguments = std::tuple<std::exception_ptr, T>;
};
template <>
struct AsioOutcome<void> {
  using Signature = void(std::exception_ptr);
  using Arguments = std::tuple<std::exception_ptr>;
};
template <class T>
struct AsioOutcome<Result<T>> {
  using Signature = void(Result<T>);
  using Arguments = std::tuple<Result<T>>;
};

template <class T>
[[nodiscard]] typename AsioOutcome<T>::Arguments take_asio_outcome(typename Operation<T>::Node& node) {
  if constexpr (OperationTraits<T>::as_result) {
    return {node.take()};
  } else {
    auto exception = node.exception();
    auto result = node.take();
    if (!result && !exception) exception = std::make_exception_ptr(Error(result.error()));
    if constexpr (std::is_void_v<T>) {
      return {std::move(exception)};
    } else {
      static_assert(std::is_default_constructible_v<T>,
                    "Asio hands a value over beside an error, also if there is none: use operation.as_result()");
      if (!result) return {std::move(exception), T()};
      return {std::exception_ptr(), std::move(*result)};
    }
  }
}

/// One handler that waits.
class AsioWaiting {
 public:
  AsioWaiting() = default;
  AsioWaiting(const AsioWaiting&) = delete;
  AsioWaiting& operator=(const AsioWaiting&) = delete;
  virtual ~AsioWaiting() = default;
  /// Its execution context ends: the operation is of no use any more.
  virtual void abandon() noexcept = 0;
};

/// The handlers that wait on behalf of one execution context. Any thread. Whatever uses that context does so under the lock, since afterwards it may be gone.
struct AsioWaitingList {
  std::mutex mutex;
  std::list<std::unique_ptr<AsioWaiting>> waiting;
  bool closed = false;
};

/// Lets waiting handlers end with their execution context, as those of Asio's own operations do. Blau's operations may go on longer than it lives.
class AsioWaitingService final : public ::asio::execution_context::service {
 public:
  static inline ::asio::execution_context::id id;

  explicit AsioWaitingService(::asio::execution_context& context) : service(context) {}
  [[nodiscard]] const std::shared_ptr<AsioWaitingList>& list() const noexcept { return list_; }

 private:
  void shutdown() override {
    std::list<std::unique_ptr<AsioWaiting>> dropped;  // handlers may use this list when they are destroyed
    {
      const std::lock_guard lock(list_->mutex);
      list_->closed = true;
      dropped.swap(list_->waiting);
    }
    for (auto& waiting : dropped) waiting->abandon();
  }

  std::shared_ptr<AsioWaitingList> list_ = std::make_shared<AsioWaitingList>();
};

/// In place of an executor, for handlers without one: they are called where the operation completes, as the callback of `Operation::start`.
struct AsioInPlace {};

template <class Executor>
[[nodiscard]] std::shared_ptr<AsioWaitingList> asio_waiting_list(const Executor& executor) {
  using Context = ::asio::execution::context_as_t<::asio::execution_context&>;
  if constexpr (::asio::can_query_v<Executor, Context>) {
    ::asio::execution_context& context = ::asio::query(executor, Context());
    return ::asio::use_service<AsioWaitingService>(context).list();
  } else {
    return std::make_shared<AsioWaitingList>();
  }
}

/// What is posted to the handler's executor.
template <class Handler, class Arguments>
class AsioCompletion {
 public:
  using allocator_type = ::asio::associated_allocator_t<Handler>;

  AsioCompletion(Handler&& handler, Arguments&& arguments)
      : handler_(std::move(handler)), arguments_(std::move(arguments)) {}
  [[nodiscard]] allocator_type get_allocator() const noexcept { return ::asio::get_associated_allocator(handler_); }

  void operator()() {
    auto slot = ::asio::get_associated_cancellation_slot(handler_);
    if (slot.is_connected()) slot.clear();  // here, since slots belong to the handler's executor
    auto call = [this](auto&... arguments) { std::move(handler_)(std::move(arguments)...); };
    std::apply(call, arguments_);
  }

 private:
  Handler handler_;
  Arguments arguments_;
};

/// A handler with what keeps its executor at work.
template <class T, class Handler>
class AsioHandler final : public AsioWaiting {
  using Node = typename Operation<T>::Node;
  using Arguments = typename AsioOutcome<T>::Arguments;

 public:
  using Executor = ::asio::associated_executor_t<Handler, AsioInPlace>;
  static constexpr bool is_in_place = std::is_same_v<Executor, AsioInPlace>;

  AsioHandler(Handler&& handler, const Executor& executor, NodePointer<Node> node)
      : handler_(std::move(handler)), work_(executor), node_(std::move(node)) {}

  void complete() {
    AsioCompletion<Handler, Arguments> completion(std::move(handler_), take_asio_outcome<T>(*node_));
    if constexpr (is_in_place) {
      completion();
    } else {
      ::asio::post(work_.get_executor(), std::move(completion));
    }
  }
  void abandon() noexcept override { node_->cancel(); }

 private:
  struct NoWork {
    explicit NoWork(const AsioInPlace&) noexcept {}
  };
  using Work = typename std::conditional_t<is_in_place, std::type_identity<NoWork>,
                                           std::type_identity<::asio::executor_work_guard<Executor>>>::type;

  Handler handler_;
  Work work_;
  NodePointer<Node> node_;
};

/// What the operation calls when it ends. Destroyed uncalled, it destroys the handler.
template <class T, class Handler>
class AsioDelivery {
  using Waiting = AsioHandler<T, Handler>;
  using List = std::list<std::unique_ptr<AsioWaiting>>;

 public:
  AsioDelivery(std::shared_ptr<AsioWaitingList> list, std::unique_ptr<Waiting> waiting) {
    const std::lock_guard lock(list->mutex);
    if (list->closed) return;  // begun by a handler that its context destroys: so is this one, outside the lock
    place_ = list->waiting.insert(list->waiting.end(), std::move(waiting));
    list_ = std::move(list);
  }
  AsioDelivery(AsioDelivery&& other) noexcept : list_(std::move(other.list_)), place_(other.place_) {}
  AsioDelivery& operator=(AsioDelivery&&) = delete;
  ~AsioDelivery() {
    List mine;
    if (const auto list = std::move(list_)) {
      const std::lock_guard lock(list->mutex);
      take(*list, mine);
    }
  }

  [[nodiscard]] bool is_wanted() const noexcept { return list_ != nullptr; }

  void operator()() {
    const auto list = std::move(list_);
    List mine;
    std::unique_lock lock(list->mutex);
    if (!take(*list, mine)) return;
    if constexpr (Waiting::is_in_place) lock.unlock();
    static_cast<Waiting&>(*mine.front()).complete();
    mine.clear();  // its work, too, while the context cannot go
  }

 private:
  bool take(AsioWaitingList& list, List& mine) noexcept {
    if (list.closed) return false;
    mine.splice(mine.end(), list.waiting, place_);
    return true;
  }

  std::shared_ptr<AsioWaitingList> list_;
  List::iterator place_;
};

/// Starts an operation for a handler.
template <class T>
struct AsioInitiation {
  template <class Handler>
  void operator()(Handler&& given, Operation<T> operation) const {
    using Decayed = std::decay_t<Handler>;
    using Waiting = AsioHandler<T, Decayed>;
    const auto node = operation.node();
    Decayed handler(std::forward<Handler>(given));
    auto slot = ::asio::get_associated_cancellation_slot(handler);
    const typename Waiting::Executor executor =
        ::asio::associated_executor<Decayed, AsioInPlace>::get(handler, AsioInPlace());
    auto list = std::make_shared<AsioWaitingList>();
    if constexpr (!Waiting::is_in_place) list = asio_waiting_list(executor);
    AsioDelivery<T, Decayed> delivery(std::move(list), std::make_unique<Waiting>(std::move(handler), executor, node));
    if (!delivery.is_wanted()) return;
    if (slot.is_connected()) {  // before the start: afterwards another thread may have called the handler
      slot.assign([node](::asio::cancellation_type type) {
        if (type != ::asio::cancellation_type::none) node->cancel();
      });
    }
    const auto how = node->executor() ? OperationBase::Delivery::executor : OperationBase::Delivery::loop;
    node->start(std::move(delivery), how, nullptr);
  }
};

}  // namespace blau::detail
