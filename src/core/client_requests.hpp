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
/// `Call` has `std::uint16_t prepare(ClientCore&)`, which checks and gives the attribute's handle, and `void issue(ClientCore&, Done<T>&)`, which
/// moves the `Done` to the backend. Both may throw `Error`.
template <class T, class Call>
class RequestNode final : public OperationNode<T>, private QueuedRequest {
 public:
  RequestNode(std::shared_ptr<ClientCore> core, const char* name, Call call)
      : OperationNode<T>(core->loop(), name, core->options().operation_timeout),
        core_(std::move(core)),
        call_(std::move(call)) {}

 private:
  void begin() override {
    const auto attribute = call_.prepare(*core_);
    this->on_early_end([this] { give_up(); });
    core_->queues().submit(attribute, *this);
  }

  void issue() override {
    backend::Done<T> done(Answer(core_, NodePointer<OperationNode<T>>::share(this), core_->queues().ticket(*this)));
    try {
      call_.issue(*core_, done);
    } catch (const Error& error) {
      done(error);
    }
  }

  void give_up() {
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
};

template <class T, class Call>
[[nodiscard]] Operation<T> make_request(std::shared_ptr<ClientCore> core, const char* name, Call call) {
  auto* node = new RequestNode<T, Call>(std::move(core), name, std::move(call));
  return Operation<T>(NodePointer<OperationNode<T>>::adopt(node));
}

}  // namespace blau::detail
