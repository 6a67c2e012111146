#pragma once

#include "client_core.hpp"
#include "request_queue.hpp"

#include <blau/backend.hpp>
#include <blau/detail/operation_node.hpp>
#include <blau/operation.hpp>

#include <memory>
#include <utility>

namespace blau::detail {

/// An operation on one attribute: arguments, place in the queue and result in one node.
///
/// `Call` has `Key prepare(ClientCore&)`, which checks and gives the attribute's handle; where the services changed while it waited it is asked again, for the attribute that it found first. And it has `void issue(ClientCore&, Done<T>&)`, which
/// moves the `Done` to the backend. Both may throw `Error`, `issue` only as long as it has not moved the `Done`.
template <class T, class Call>
class RequestNode final : public OperationNode<T>, private QueuedRequest {
 public:
  RequestNode(std::shared_ptr<ClientCore> core, const char* name, std::chrono::nanoseconds timeout, Call call)
      : OperationNode<T>(core->loop(), name, timeout), core_(std::move(core)), call_(std::move(call)) {}

 private:
  void begin() override {
    attribute_ = call_.prepare(*core_);
    tree_version_ = core_->tree_version();
    this->on_early_end([this] { give_up(); });
    core_->queues().submit(attribute_, *this);
  }

  void issue() override {
    backend::Done<T> done(Answer(core_, NodePointer<OperationNode<T>>::share(this), core_->queues().ticket(*this)));
    try {
      check_again();
      call_.issue(*core_, done);
    } catch (const Error& error) {
      done(error);
    }
  }

  void check_again() {
    if (tree_version_ == core_->tree_version() || call_.prepare(*core_) == attribute_) return;
    throw Error(ErrorCode::attribute_gone,
                "the device's services changed while the request waited; look the attribute up again");
  }

  void give_up() {
    if (is_issued()) core_->abandon_pairing_for(attribute_);
    core_->queues().withdraw(*this);
    if constexpr (requires { call_.abandoned(*core_); }) call_.abandoned(*core_);
  }

  void fail(const Error& error) noexcept override { this->complete(error); }

  /// What the backend calls. One that is dropped uncalled answers all the same, so that nobody waits for ever.
  class Answer {
   public:
    Answer(std::shared_ptr<ClientCore> core, NodePointer<OperationNode<T>> node, RequestQueues::Ticket ticket) noexcept
        : core_(std::move(core)), node_(std::move(node)), ticket_(ticket) {}
    Answer(Answer&&) noexcept = default;
    Answer& operator=(Answer&&) = delete;
    ~Answer() {
      if (!core_) return;
      node_->answer_dropped();
      core_->queues().ended(ticket_);
    }
    void operator()(Result<T> result) {
      const auto core = std::move(core_);
      node_->complete(std::move(result));
      core->queues().ended(ticket_);
    }

   private:
    std::shared_ptr<ClientCore> core_;
    NodePointer<OperationNode<T>> node_;
    RequestQueues::Ticket ticket_;
  };

  std::shared_ptr<ClientCore> core_;
  Call call_;
  RequestQueues::Key attribute_ = 0;
  std::uint32_t tree_version_ = 0;
};

/// The characteristic or descriptor that `ref` names. @throws Error as `GattTree::find`, `not_connected`, and `access_denied` where the system keeps its service to itself.
template <class Ref>
[[nodiscard]] auto find_usable(const ClientCore& core, const Ref& ref) {
  auto found = GattTree::find(core.require_tree(), ref).value();
  GattTree::check_access(found);
  return found;
}

template <class T, class Call>
[[nodiscard]] Operation<T> make_request(std::shared_ptr<ClientCore> core, const char* name,
                                        std::chrono::nanoseconds timeout, Call call) {
  auto* node = new RequestNode<T, Call>(std::move(core), name, timeout, std::move(call));
  return Operation<T>(NodePointer<OperationNode<T>>::adopt(node));
}

/// The same, limited as GATT operations are.
template <class T, class Call>
[[nodiscard]] Operation<T> make_request(std::shared_ptr<ClientCore> core, const char* name, Call call) {
  const auto timeout = core->options().operation_timeout;
  return make_request<T>(std::move(core), name, timeout, std::move(call));
}

}  // namespace blau::detail
