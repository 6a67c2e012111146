#include "loop_impl.hpp"

#include <blau/error.hpp>
#include <blau/event_loop.hpp>

#include <asio/signal_set.hpp>

#include <csignal>
#include <memory>
#include <utility>

#ifdef _WIN32
#include "console_events.hpp"

#include <optional>
#endif

namespace blau {
namespace {

/// Held by the handler that Asio has; on the loop's thread.
class SignalWait : public std::enable_shared_from_this<SignalWait> {
 public:
  explicit SignalWait(asio::io_context& io) : signals_(io) {}

  void begin(detail::Completer<int> done) {
    std::error_code refused;
    for (const int signal : {SIGINT, SIGTERM})
      if (!refused) signals_.add(signal, refused);
    if (refused) throw Error(ErrorCode::failed, "signals cannot be waited for: " + refused.message());
    done_ = std::move(done);
    signals_.async_wait([self = shared_from_this()](const std::error_code& error, int signal) {
      if (!error) self->come(signal);
    });
    done_.on_early_end([weak = weak_from_this()] {
      if (const auto self = weak.lock()) self->end();
    });
#ifdef _WIN32
    console_.emplace([weak = weak_from_this(), loop = EventLoop::current()->handle()](int signal) {
      loop.post([weak, signal] {
        if (const auto self = weak.lock()) self->come(signal);
      });
    });
#endif
  }

 private:
  void come(int signal) {
    auto done = std::move(done_);
    end();
    done(signal);
  }
  /// The signals do again what they did before, at once: the loop may not turn any more.
  void end() {
    signals_.clear();
    signals_.cancel();
    done_ = {};
#ifdef _WIN32
    console_.reset();
#endif
  }

  asio::signal_set signals_;
  detail::Completer<int> done_;
#ifdef _WIN32
  std::optional<detail::ConsoleEvents> console_;
#endif
};

}  // namespace

Operation<int> termination_signal() {
  auto begin = [](detail::Completer<int> done) {
    std::make_shared<SignalWait>(detail::Loop::current()->impl().io)->begin(std::move(done));
  };
  return detail::make_operation<int>(nullptr, "termination_signal", std::nullopt, begin);
}

}  // namespace blau
