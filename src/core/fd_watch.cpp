#include "fd_watch.hpp"

#include "loop_impl.hpp"

#include <asio/posix/stream_descriptor.hpp>

namespace blau::detail {

// Handlers of Asio that are under way hold the state; `loop` is null once the watch is gone.
struct FdWatch::State : std::enable_shared_from_this<FdWatch::State> {
  State(Loop& wanted, int fd) : loop(&wanted), source(new_source()), descriptor(wanted.impl().io, fd) {}

  void wait_readable() {
    using Wait = asio::posix::descriptor_base;
    descriptor.async_wait(Wait::wait_read, [self = shared_from_this()](const std::error_code& error) {
      if (error || !self->loop) return;
      const SourceScope turn(*self->loop, self->source);
      Rearm rearm{*self, std::move(self->readable)};
      rearm.call();
    });
  }
  /// Waits again after the call, also where that let an exception out; not where it ended the watch. The call may set another one.
  struct Rearm {
    State& state;
    unique_function<void()> call;
    ~Rearm() {
      if (!state.loop) return;
      if (!state.readable) state.readable = std::move(call);
      state.wait_readable();
    }
  };
  void wait_writable() {
    using Wait = asio::posix::descriptor_base;
    descriptor.async_wait(Wait::wait_write, [self = shared_from_this()](const std::error_code& error) {
      if (error || !self->loop) return;
      const SourceScope turn(*self->loop, self->source);
      if (auto call = std::move(self->writable)) call();
    });
  }

  Loop* loop;
  const Source source;
  bool waits_readable = false;
  asio::posix::stream_descriptor descriptor;
  unique_function<void()> readable;
  unique_function<void()> writable;
};

FdWatch::FdWatch(Loop& loop, int fd) : state_(std::make_shared<State>(loop, fd)) {}

FdWatch::~FdWatch() {
  state_->loop = nullptr;
  state_->readable.reset();  // what they hold on to ends now, whenever Asio lets its handlers go
  state_->writable.reset();
  state_->descriptor.release();
}

void FdWatch::on_readable(unique_function<void()> ready) {
  state_->readable = std::move(ready);
  if (!std::exchange(state_->waits_readable, true)) state_->wait_readable();
}

void FdWatch::once_writable(unique_function<void()> ready) {
  const bool waits = static_cast<bool>(state_->writable);
  state_->writable = std::move(ready);
  if (!waits) state_->wait_writable();
}

}  // namespace blau::detail
