#include "request_queue.hpp"

#include <utility>

namespace blau::detail {

void RequestQueues::append(Queue& queue, QueuedRequest& request) noexcept {
  request.place_ = QueuedRequest::Place::waiting;
  request.previous_ = queue.last;
  request.next_ = nullptr;
  (queue.last ? queue.last->next_ : queue.first) = &request;
  queue.last = &request;
}

void RequestQueues::unlink(Queue& queue, QueuedRequest& request) noexcept {
  (request.previous_ ? request.previous_->next_ : queue.first) = request.next_;
  (request.next_ ? request.next_->previous_ : queue.last) = request.previous_;
  request.previous_ = request.next_ = nullptr;
  request.place_ = QueuedRequest::Place::none;
}

void RequestQueues::submit(Key attribute, QueuedRequest& request) {
  auto& queue = queues_[attribute];
  request.attribute_ = attribute;
  append(queue, request);
  pump(queue);
}

// A backend may answer inside `issue`; the loop here keeps that from nesting.
void RequestQueues::pump(Queue& queue) {
  if (std::exchange(queue.pumping, true)) return;
  while (!queue.busy && queue.first) {
    auto& request = *queue.first;
    unlink(queue, request);
    request.place_ = QueuedRequest::Place::issued;
    queue.issued = &request;
    queue.busy = true;
    request.issue();
  }
  queue.pumping = false;
}

void RequestQueues::withdraw(QueuedRequest& request) noexcept {
  if (request.place_ == QueuedRequest::Place::none) return;
  auto& queue = queues_.find(request.attribute_)->second;
  if (request.place_ == QueuedRequest::Place::waiting) return unlink(queue, request);
  queue.issued = nullptr;
  request.place_ = QueuedRequest::Place::none;
}

void RequestQueues::ended(Ticket ticket) {
  if (ticket.attribute != bond && ticket.generation != generation_) return;
  auto& queue = queues_.find(ticket.attribute)->second;
  if (auto* request = std::exchange(queue.issued, nullptr)) request->place_ = QueuedRequest::Place::none;
  queue.busy = false;
  pump(queue);
}

void RequestQueues::fail(Queue& queue, const Error& error) noexcept {
  if (auto* request = std::exchange(queue.issued, nullptr)) {
    request->place_ = QueuedRequest::Place::none;
    request->fail(error);
  }
  while (queue.first) {
    auto& request = *queue.first;
    unlink(queue, request);
    request.fail(error);
  }
  queue.busy = false;
}

void RequestQueues::fail_linked(const Error& error) noexcept {
  ++generation_;
  for (auto& [attribute, queue] : queues_)
    if (attribute != bond) fail(queue, error);
}

void RequestQueues::fail_all(const Error& error) noexcept {
  fail_linked(error);
  if (const auto found = queues_.find(bond); found != queues_.end()) fail(found->second, error);
}

}  // namespace blau::detail
