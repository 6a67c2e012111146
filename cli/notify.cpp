#include <blau/event_loop.hpp>

#include <exception>
#include <stop_token>

#include "clock_text.hpp"
#include "commands.hpp"
#include "device.hpp"
#include "json_lines.hpp"
#include "progress.hpp"
#include "text.hpp"

namespace blau::cli {
namespace {

/// Prints values as they come, and knows when to stop.
class Listener {
 public:
  Listener(const Session& session, const NotifyCommand& command) : session_(&session), command_(&command) {}

  void on_value(const Characteristic& characteristic, ByteView value) noexcept {
    if (is_over()) return;
    try {
      print(characteristic, value);
    } catch (...) {
      return stop(std::current_exception());
    }
    if (++seen_ == command_->count) stop(nullptr);
  }

  void on_disconnected(const Disconnection& disconnection) {
    if (is_over()) return;
    const std::string reason(to_string(disconnection.reason));
    stop(std::make_exception_ptr(
        Error(ErrorCode::disconnected,
              "the device is gone after " + values_so_far() + " (" + reason + "): come nearer and try again",
              disconnection.native)));
  }

  /// Waits until it is over. Errors: `timed_out` where the time was up before there were enough values; what printing and the link gave.
  Task<void> wait() {
    constexpr auto for_ever = std::chrono::hours(24 * 365);
    const auto limit = command_->time.value_or(for_ever);
    const auto waited = co_await sleep_for(limit).cancel_with(stop_.get_token()).as_result();
    if (failure_) std::rethrow_exception(failure_);
    if (!waited && !is_over()) throw Error(waited.error());
    if (waited && command_->count && seen_ < *command_->count)
      throw Error(ErrorCode::timed_out, "only " + values_so_far() + " came in " + to_text(limit) + ", not " +
                                            std::to_string(*command_->count) + ": give it longer with --seconds");
    stop(nullptr);
  }

 private:
  [[nodiscard]] bool is_over() const noexcept { return stop_.stop_requested(); }
  [[nodiscard]] std::string values_so_far() const { return counted(seen_, "value", "values"); }

  void stop(std::exception_ptr failure) noexcept {
    failure_ = std::move(failure);
    stop_.request_stop();
  }

  void print(const Characteristic& characteristic, ByteView value) const {
    const auto now = std::chrono::system_clock::now();
    const auto& output = session_->output;
    if (output.json()) return output.line(value_to_json(characteristic.uuid(), characteristic.handle(), value, now));
    auto line = output.styled(local_time_of_day(now), Style::dim);
    if (command_->characteristics.size() > 1)
      line.append("  ").append(output.styled(full_name(characteristic), Style::cyan));
    output.line(line.append("  ").append(format_value(value, command_->format)));
  }

  const Session* session_;
  const NotifyCommand* command_;
  std::uint64_t seen_ = 0;
  std::exception_ptr failure_;
  std::stop_source stop_;
};

Task<void> listen(const Session& session, const NotifyCommand& command, Listener& listener, Client& client) {
  std::vector<Characteristic> characteristics;
  for (const auto& wanted : command.characteristics) characteristics.push_back(find_characteristic(client, wanted));
  Progress progress("Subscribing", !session.options.verbose);
  auto on_value = [&listener](const Characteristic& from, ByteView value) { listener.on_value(from, value); };
  for (const auto& characteristic : characteristics) co_await client.start_notify(characteristic, on_value);
  progress.end();
  co_await listener.wait();
}

}  // namespace

Task<void> run_command(const Session& session, NotifyCommand command) {
  Listener listener(session, command);
  auto options = client_options(session);
  options.on_disconnected = [&listener](const Disconnection& disconnection) {
    listener.on_disconnected(disconnection);
  };
  UseDevice use = [&](Client& client) { return listen(session, command, listener, client); };
  co_await with_device(session, command.device, std::move(options), std::move(use));
}

}  // namespace blau::cli
