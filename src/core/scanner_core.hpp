#pragma once

#include "adapter_return.hpp"
#include "callback_queue.hpp"
#include "seen_devices.hpp"

#include <blau/backend.hpp>
#include <blau/detail/loop.hpp>
#include <blau/scanner.hpp>
#include <blau/stream.hpp>

#include <atomic>
#include <memory>
#include <mutex>
#include <vector>

namespace blau::detail {

/// The state machine of one scanner. The loop's thread but for the snapshot at the end.
class ScannerCore final : public std::enable_shared_from_this<ScannerCore>,
                          private backend::ScannerEvents,
                          private LoopMember {
 public:
  explicit ScannerCore(ScannerOptions options);
  ~ScannerCore();

  [[nodiscard]] const std::shared_ptr<Loop>& loop() const noexcept { return loop_; }

  void start(Completer<void> done);
  void stop(Completer<void> done);
  /// Waits until the scan ends: done after `stop`, else with the reason. At once where none runs.
  void await_end(Completer<void> done);
  /// The user's object is gone, or the loop ends.
  void shut_down() noexcept;
  [[nodiscard]] Stream<Advertisement> advertisements(const StreamOptions& options);
  void set_filters(std::optional<SignalStrengthFilter> signal_strength,
                   std::optional<AdvertisementFilter> advertisement);

  // Any thread.

  [[nodiscard]] bool is_scanning() const noexcept { return scanning_.load(); }
  [[nodiscard]] std::vector<Advertisement> seen() const;

 private:
  enum class State : std::uint8_t {
    idle,
    starting,  ///< the backend's `start` is pending
    scanning,
    stopping,     ///< the backend's `stop` is pending
    interrupted,  ///< waits for the adapter
    resuming,     ///< the backend's `start` is pending, after an interruption
    renewing,     ///< the backend's `stop` is pending, because nothing is heard
  };
  using Channels = std::vector<std::weak_ptr<Channel<Advertisement>>>;

  void begin();
  [[nodiscard]] backend::ScanRequest request() const;
  void make_coroutine_callback();
  void started(const Result<void>& result);
  void stopped();
  void answer_starters(const Result<void>& result);
  void stop_for_stoppers();
  void end_streams(const std::optional<Error>& reason);

  // scanner_resume.cpp
  void interrupted(const Error& error);
  void begin_instead() noexcept;
  void end_interruption() noexcept;
  void resume();
  void resumed(const Result<void>& result);
  void ended_for_good(const Error& error);
  void tell_interrupted(const Error& error);
  void watch_for_silence();
  void silent();
  void renew();
  [[nodiscard]] bool passes(const AdvertisementData& data) const;
  void remember(const Device& device, const AdvertisementData& data);
  void tell(const Device& device, const AdvertisementData& data);

  void on_advertisement(const Device& device, const AdvertisementData& data) override;
  void on_scan_ended(const Error& error) override;
  void loop_closing() noexcept override { shut_down(); }

  const std::shared_ptr<Loop> loop_;
  ScannerOptions options_;
  State state_ = State::idle;
  bool joined_ = false;
  bool dead_ = false;
  std::shared_ptr<backend::Backend> backend_;
  std::unique_ptr<backend::ScannerPort> port_;
  std::vector<Completer<void>> starters_;
  std::vector<Completer<void>> stoppers_;
  std::vector<Completer<void>> restarters_;  // came after a stop whose turn has not come
  std::vector<Completer<void>> end_waiters_;
  // Why the last scan ended by itself.
  std::optional<Error> ended_by_;
  Channels channels_;
  std::shared_ptr<CallbackQueue<Advertisement>> coroutine_callback_;
  std::vector<std::shared_ptr<CallbackQueue<Advertisement>>> retired_callbacks_;  // of earlier scans, still suspended

  std::unique_ptr<AdapterReturn> adapter_return_;
  Timer silence_;
  TimePoint heard_at_{};
  unsigned silences_ = 0;  // in a row

  std::atomic<bool> scanning_{false};
  mutable std::mutex mutex_;
  SeenDevices seen_;  // guarded by mutex_
};

}  // namespace blau::detail
