#pragma once

#include "callback_queue.hpp"

#include <blau/client.hpp>
#include <blau/stream.hpp>

#include <cstdint>
#include <memory>
#include <optional>

namespace blau::detail {

/// Where the values of one subscription go. The loop's thread only.
class NotifySink {
 public:
  virtual ~NotifySink() = default;
  virtual void on_value(ByteView value) = 0;
  /// No value comes any more. @param reason absent after a `stop`, when values that wait are not delivered either
  virtual void end(const std::optional<Error>& reason) noexcept = 0;
  /// The client is destroyed: nothing of the user's runs any more.
  virtual void destroy() noexcept = 0;
  /// False while something of the user's may still run after `end`.
  [[nodiscard]] virtual bool idle() const noexcept { return true; }
  [[nodiscard]] virtual std::uint64_t dropped() const noexcept { return 0; }
};

/// For `start_notify`.
[[nodiscard]] std::shared_ptr<NotifySink> make_callback_sink(Loop& loop, Characteristic characteristic,
                                                             NotifyCallback callback, const StreamOptions& options);
/// For `subscribe`.
[[nodiscard]] std::shared_ptr<NotifySink> make_stream_sink(std::shared_ptr<Channel<Bytes>> channel);

}  // namespace blau::detail
