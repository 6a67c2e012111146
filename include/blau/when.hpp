#pragma once

#include <blau/operation.hpp>
#include <blau/stream.hpp>
#include <blau/task.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace blau {
namespace detail {

// What the combinators take, made an operation.

template <class T>
Operation<T> to_operation(Operation<T>&& operation) {
  return std::move(operation);
}
template <class T>
Operation<T> to_operation(Task<T>&& task) {
  return task.as_operation();
}
template <class T>
Operation<std::optional<T>> to_operation(NextValue<T>&& next) {
  return next.as_operation();
}

template <class Awaitable>
using AsOperation = decltype(to_operation(std::declval<Awaitable>()));

template <class Awaitable>
concept Combinable = requires(Awaitable awaitable) { detail::to_operation(std::move(awaitable)); };

template <class O>
struct OperationResultOf;
template <class T>
struct OperationResultOf<Operation<T>> {
  using type = T;
};
/// What awaiting it gives.
template <class Awaitable>
using AwaitResult = typename OperationResultOf<AsOperation<Awaitable>>::type;

/// `void` cannot stand in a tuple.
template <class T>
using Regular = std::conditional_t<std::is_void_v<T>, std::monostate, T>;

/// The result of one child, in the shape that awaiting it would give; errors are thrown.
template <class T>
Regular<T> take_child(OperationNode<typename OperationTraits<T>::Value>& node) {
  if constexpr (OperationTraits<T>::as_result) {
    return node.take();
  } else if constexpr (std::is_void_v<T>) {
    node.take_or_throw();
    return {};
  } else {
    return node.take_or_throw();
  }
}

/// What `when_all` and `when_any` share: children that run on one loop and are all waited for.
template <class Outcome>
class GroupNode : public OperationNode<Outcome> {
 public:
  void add_homes(std::vector<std::shared_ptr<Loop>>& homes) override {
    OperationNode<Outcome>::add_homes(homes);
    for (std::size_t i = 0; i < child_count(); ++i) child(i).add_homes(homes);
  }

 protected:
  GroupNode(const char* name) noexcept : OperationNode<Outcome>(nullptr, name, std::nullopt) {
    this->outlasts_early_end_ = true;
  }

  /// Before the first child.
  void begin_group(std::size_t count) {
    pending_ = count;
    this->on_early_end([this] { cancel_children(); });
    if (count == 0) finish();
  }

  /// A child that is a Task runs inside this call, and what it does may end the group early: the rest then begins canceled.
  void start_child(OperationBase& child, unique_function<void()> on_end) {
    if (this->early_error_) child.cancel_before_start();
    ++started_;
    this->add_ref();  // the child's handler's
    child.start(std::move(on_end), OperationBase::Delivery::loop, this->home()->shared_from_this());
  }

  /// After a child's result was taken.
  void child_ended() {
    if (--pending_ == 0) finish();
    this->release();
  }

  void cancel_children() noexcept {
    for (std::size_t i = 0; i < started_; ++i) child(i).cancel();
  }

  void fail_with(std::exception_ptr failure) noexcept {
    if (failure_) return;
    failure_ = std::move(failure);
    cancel_children();
  }

  void complete_with_failure() noexcept {
    try {
      std::rethrow_exception(failure_);
    } catch (const Error& error) {
      this->complete(error);
    } catch (...) {
      this->complete_with(failure_);
    }
  }

  [[nodiscard]] virtual std::size_t child_count() const noexcept = 0;
  [[nodiscard]] virtual OperationBase& child(std::size_t index) noexcept = 0;
  virtual void finish() noexcept = 0;

  std::exception_ptr failure_;

 private:
  std::size_t started_ = 0;
  std::size_t pending_ = 0;
};

template <class... Ts>
using Children = std::tuple<NodePointer<OperationNode<typename OperationTraits<Ts>::Value>>...>;

template <class Tuple>
OperationBase& child_of(const Tuple& children, std::size_t index) noexcept {
  return std::apply(
      [index](const auto&... nodes) -> OperationBase& {
        OperationBase* const all[] = {nodes.get()...};
        return *all[index];
      },
      children);
}

template <class... Ts>
using AllOutcome = std::conditional_t<(std::is_void_v<Ts> && ...), void, std::tuple<Regular<Ts>...>>;

template <class... Ts>
class WhenAllNode final : public GroupNode<AllOutcome<Ts...>> {
 public:
  explicit WhenAllNode(Operation<Ts>... operations)
      : GroupNode<AllOutcome<Ts...>>("when_all"), children_(operations.node()...) {}

 private:
  void begin() override { begin_all(std::index_sequence_for<Ts...>()); }

  template <std::size_t... I>
  void begin_all(std::index_sequence<I...>) {
    this->begin_group(sizeof...(I));
    (this->start_child(*std::get<I>(children_), [this] { child_done<I>(); }), ...);
  }
  std::size_t child_count() const noexcept override { return sizeof...(Ts); }
  OperationBase& child(std::size_t index) noexcept override { return child_of(children_, index); }

  template <std::size_t I>
  void child_done() noexcept {
    using T = std::tuple_element_t<I, std::tuple<TypeTag<Ts>...>>;
    try {
      std::get<I>(results_).emplace(take_child<typename T::type>(*std::get<I>(children_)));
    } catch (...) {
      this->fail_with(std::current_exception());
    }
    this->child_ended();
  }

  void finish() noexcept override {
    if (this->failure_) return this->complete_with_failure();
    if constexpr ((std::is_void_v<Ts> && ...)) {
      this->complete(Result<void>());
    } else {
      std::apply([this](auto&... results) { this->complete(AllOutcome<Ts...>(std::move(*results)...)); }, results_);
    }
  }

  template <class T>
  struct TypeTag {
    using type = T;
  };

  Children<Ts...> children_;
  std::tuple<std::optional<Regular<Ts>>...> results_;
};

template <class... Ts>
class WhenAnyNode final : public GroupNode<std::variant<Regular<Ts>...>> {
  using Outcome = std::variant<Regular<Ts>...>;

 public:
  explicit WhenAnyNode(Operation<Ts>... operations) : GroupNode<Outcome>("when_any"), children_(operations.node()...) {}

 private:
  void begin() override { begin_all(std::index_sequence_for<Ts...>()); }

  template <std::size_t... I>
  void begin_all(std::index_sequence<I...>) {
    this->begin_group(sizeof...(I));
    (this->start_child(*std::get<I>(children_), [this] { child_done<I>(); }), ...);
  }
  std::size_t child_count() const noexcept override { return sizeof...(Ts); }
  OperationBase& child(std::size_t index) noexcept override { return child_of(children_, index); }

  template <std::size_t I>
  void child_done() noexcept {
    using T = std::tuple_element_t<I, std::tuple<TypeTag<Ts>...>>;
    if (!this->failure_ && !winner_) {
      try {
        winner_.emplace(std::in_place_index<I>, take_child<typename T::type>(*std::get<I>(children_)));
        this->cancel_children();
      } catch (...) {
        this->fail_with(std::current_exception());
      }
    }
    this->child_ended();
  }

  void finish() noexcept override {
    if (this->failure_) return this->complete_with_failure();
    this->complete(std::move(*winner_));
  }

  template <class T>
  struct TypeTag {
    using type = T;
  };

  Children<Ts...> children_;
  std::optional<Outcome> winner_;
};

template <class T>
using AllRangeOutcome = std::conditional_t<std::is_void_v<T>, void, std::vector<Regular<T>>>;

template <class T>
class WhenAllRangeNode final : public GroupNode<AllRangeOutcome<T>> {
 public:
  explicit WhenAllRangeNode(std::vector<Operation<T>> operations) : GroupNode<AllRangeOutcome<T>>("when_all") {
    for (auto& operation : operations) children_.push_back(operation.node());
    results_.resize(children_.size());
  }

 private:
  void begin() override {
    this->begin_group(children_.size());
    for (std::size_t i = 0; i < children_.size(); ++i) this->start_child(*children_[i], [this, i] { child_done(i); });
  }
  std::size_t child_count() const noexcept override { return children_.size(); }
  OperationBase& child(std::size_t index) noexcept override { return *children_[index]; }

  void child_done(std::size_t i) noexcept {
    try {
      results_[i].emplace(take_child<T>(*children_[i]));
    } catch (...) {
      this->fail_with(std::current_exception());
    }
    this->child_ended();
  }

  void finish() noexcept override {
    if (this->failure_) return this->complete_with_failure();
    if constexpr (std::is_void_v<T>) {
      this->complete(Result<void>());
    } else {
      std::vector<T> values;
      values.reserve(results_.size());
      for (auto& result : results_) values.push_back(std::move(*result));
      this->complete(std::move(values));
    }
  }

  std::vector<NodePointer<OperationNode<typename OperationTraits<T>::Value>>> children_;
  std::vector<std::optional<Regular<T>>> results_;
};

}  // namespace detail

/// Which of a range was first, and what it gave.
template <class T>
struct FirstOf {
  std::size_t index = 0;     ///< which one, as it was given
  detail::Regular<T> value;  ///< its result
};

namespace detail {

template <class T>
class WhenAnyRangeNode final : public GroupNode<FirstOf<T>> {
 public:
  explicit WhenAnyRangeNode(std::vector<Operation<T>> operations) : GroupNode<FirstOf<T>>("when_any") {
    for (auto& operation : operations) children_.push_back(operation.node());
  }

 private:
  void begin() override {
    if (children_.empty()) throw Error(ErrorCode::invalid_argument, "when_any needs at least one operation");
    this->begin_group(children_.size());
    for (std::size_t i = 0; i < children_.size(); ++i) this->start_child(*children_[i], [this, i] { child_done(i); });
  }
  std::size_t child_count() const noexcept override { return children_.size(); }
  OperationBase& child(std::size_t index) noexcept override { return *children_[index]; }

  void child_done(std::size_t i) noexcept {
    if (!this->failure_ && !winner_) {
      try {
        winner_.emplace(FirstOf<T>{i, take_child<T>(*children_[i])});
        this->cancel_children();
      } catch (...) {
        this->fail_with(std::current_exception());
      }
    }
    this->child_ended();
  }

  void finish() noexcept override {
    if (this->failure_) return this->complete_with_failure();
    this->complete(std::move(*winner_));
  }

  std::vector<NodePointer<OperationNode<typename OperationTraits<T>::Value>>> children_;
  std::optional<FirstOf<T>> winner_;
};

template <class Node, class Outcome, class... Arguments>
Operation<Outcome> make_group(Arguments&&... arguments) {
  return Operation<Outcome>(
      NodePointer<OperationNode<Outcome>>::adopt(new Node(std::forward<Arguments>(arguments)...)));
}

template <class Awaitable>
auto to_operations(std::vector<Awaitable>&& range) {
  std::vector<AsOperation<Awaitable>> operations;
  operations.reserve(range.size());
  for (auto& awaitable : range) operations.push_back(detail::to_operation(std::move(awaitable)));
  return operations;
}

}  // namespace detail

/// Runs operations, Tasks and `next()`s at once and gives all results: a tuple (`std::monostate` for void), nothing if all are void.
/// The first failure cancels the others and is the result. Ends after all have ended.
template <detail::Combinable... Awaitables>
  requires(sizeof...(Awaitables) > 0)
[[nodiscard]] auto when_all(Awaitables... awaitables) {
  using Node = detail::WhenAllNode<detail::AwaitResult<Awaitables>...>;
  using Outcome = detail::AllOutcome<detail::AwaitResult<Awaitables>...>;
  return detail::make_group<Node, Outcome>(detail::to_operation(std::move(awaitables))...);
}

/// The same for a range: a vector in the same order, nothing for void.
template <detail::Combinable Awaitable>
[[nodiscard]] auto when_all(std::vector<Awaitable> range) {
  using T = detail::AwaitResult<Awaitable>;
  return detail::make_group<detail::WhenAllRangeNode<T>, detail::AllRangeOutcome<T>>(
      detail::to_operations(std::move(range)));
}

/// Runs operations, Tasks and `next()`s at once and gives the first completion, as a variant (`std::monostate` for void): an error counts, too.
/// The others are canceled. Ends after all have ended.
template <detail::Combinable... Awaitables>
  requires(sizeof...(Awaitables) > 0)
[[nodiscard]] auto when_any(Awaitables... awaitables) {
  using Node = detail::WhenAnyNode<detail::AwaitResult<Awaitables>...>;
  using Outcome = std::variant<detail::Regular<detail::AwaitResult<Awaitables>>...>;
  return detail::make_group<Node, Outcome>(detail::to_operation(std::move(awaitables))...);
}

/// The same for a range. An empty one is `invalid_argument`.
template <detail::Combinable Awaitable>
[[nodiscard]] auto when_any(std::vector<Awaitable> range) {
  using T = detail::AwaitResult<Awaitable>;
  return detail::make_group<detail::WhenAnyRangeNode<T>, FirstOf<T>>(detail::to_operations(std::move(range)));
}

}  // namespace blau
