#include "loop_impl.hpp"

#include <blau/detail/task_promise.hpp>

namespace blau::detail {

void TaskPromiseBase::cancel() noexcept {
  if (canceled_) return;
  canceled_ = true;
  cancel_pending_ = true;
  await(awaited_);
}

void TaskPromiseBase::resume(std::coroutine_handle<> coroutine) {
  const SourceScope turn(*loop, source);
  coroutine.resume();
}

void TaskPromiseBase::await(Cancelable* awaited) noexcept {
  awaited_ = awaited;
  if (!awaited_ || !take_cancel()) return;
  cancel_forwarded_ = true;
  awaited_->cancel();
}

void TaskPromiseBase::resumed(bool took_cancel) noexcept {
  awaited_ = nullptr;
  if (std::exchange(cancel_forwarded_, false) && !took_cancel) cancel_pending_ = true;
}

std::coroutine_handle<> TaskPromiseBase::finish() noexcept {
  if (root) {
    (void)loop->schedule(*root);
    return std::noop_coroutine();
  }
  finished = true;
  if (starting) return std::noop_coroutine();  // who started it sees `finished` and goes on itself
  return continuation;
}

void TaskRoot::launch(Loop& loop, std::coroutine_handle<> coroutine, TaskPromiseBase& promise) {
  loop_ = &loop;
  promise_ = &promise;
  promise.loop = &loop;
  promise.root = this;
  if (loop.impl().choice) promise.source = new_source();
  registry_previous_ = nullptr;
  registry_next_ = loop.impl().first_root;
  if (registry_next_) registry_next_->registry_previous_ = this;
  loop.impl().first_root = this;
  promise.resume(coroutine);
}

void TaskRoot::leave() noexcept {
  if (!loop_) return;
  auto& impl = loop_->impl();
  (registry_previous_ ? registry_previous_->registry_next_ : impl.first_root) = registry_next_;
  if (registry_next_) registry_next_->registry_previous_ = registry_previous_;
  loop_->unschedule(*this);
  loop_ = nullptr;
  promise_ = nullptr;
}

TaskRoot::~TaskRoot() { leave(); }

}  // namespace blau::detail
