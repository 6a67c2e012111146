#include "progress.hpp"

#include <blau/event_loop.hpp>

#include <chrono>
#include <cstdio>
#include <utility>

#include "output.hpp"
#include "terminal.hpp"
#include "text.hpp"

namespace blau::cli {

struct Progress::State {
  std::string what;
  bool shown = false;

  void show(std::chrono::seconds elapsed) {
    const auto line = printable(what) + " … " + std::to_string(elapsed.count()) + " s";
    const auto fitting = cut(line, terminal_size(Channel::errors).columns - 1);
    const auto text = wants_colour(Channel::errors) ? styled(fitting, Style::dim) : fitting;
    std::fprintf(stderr, "\r\033[K%s", text.c_str());
    std::fflush(stderr);
    shown = true;
  }
  void wipe() noexcept {
    if (!std::exchange(shown, false)) return;
    std::fputs("\r\033[K", stderr);
    std::fflush(stderr);
  }

  static Task<void> tick(std::shared_ptr<State> state, std::stop_token stop) {
    for (auto elapsed = std::chrono::seconds(1);; ++elapsed) {
      const auto waited = co_await sleep_for(std::chrono::seconds(1)).cancel_with(stop).as_result();
      if (!waited || stop.stop_requested()) co_return;
      state->show(elapsed);
    }
  }
};

Progress::Progress(std::string what, bool wanted) {
  if (!wanted || !is_terminal(Channel::errors)) return;
  state_ = std::make_shared<State>();
  state_->what = std::move(what);
  EventLoop::current()->spawn(State::tick(state_, stop_.get_token()));
}

void Progress::now(std::string what) {
  if (state_) state_->what = std::move(what);
}

void Progress::end() noexcept {
  stop_.request_stop();
  if (state_) state_->wipe();
}

}  // namespace blau::cli
