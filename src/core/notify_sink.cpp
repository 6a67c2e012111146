#include "notify_sink.hpp"

#include <utility>

namespace blau::detail {
namespace {

class PlainSink final : public NotifySink {
 public:
  PlainSink(Characteristic characteristic, NotifyCallback callback)
      : characteristic_(std::move(characteristic)), callback_(std::move(callback)) {}
  void on_value(ByteView value) override { callback_.call(characteristic_, value); }
  void end(const std::optional<Error>&) noexcept override {}
  void destroy() noexcept override {}

 private:
  Characteristic characteristic_;
  NotifyCallback callback_;
};

class CoroutineSink final : public NotifySink {
 public:
  CoroutineSink(Loop& loop, Characteristic characteristic, NotifyCallback callback, const StreamOptions& options) {
    auto begin = [characteristic = std::move(characteristic), callback = std::move(callback)](
                     const Bytes& value) mutable { return callback.begin(characteristic, value); };
    queue_ = std::make_shared<CallbackQueue<Bytes>>(loop, options, std::move(begin));
  }
  void on_value(ByteView value) override { queue_->push(Bytes(value.begin(), value.end())); }
  void end(const std::optional<Error>& reason) noexcept override {
    if (!reason) queue_->stop();
  }
  void destroy() noexcept override { queue_->destroy(); }
  [[nodiscard]] bool idle() const noexcept override { return queue_->idle(); }
  [[nodiscard]] std::uint64_t dropped() const noexcept override { return queue_->dropped(); }

 private:
  std::shared_ptr<CallbackQueue<Bytes>> queue_;
};

class StreamSink final : public NotifySink {
 public:
  explicit StreamSink(std::shared_ptr<Channel<Bytes>> channel) : channel_(std::move(channel)) {}
  void on_value(ByteView value) override {
    channel_->push_with([value](Bytes& place) { place.assign(value.begin(), value.end()); });
  }
  void end(const std::optional<Error>& reason) noexcept override { channel_->end(reason); }
  void destroy() noexcept override { channel_->end(canceled_error()); }
  [[nodiscard]] std::uint64_t dropped() const noexcept override { return channel_->dropped(); }

 private:
  std::shared_ptr<Channel<Bytes>> channel_;
};

}  // namespace

std::shared_ptr<NotifySink> make_callback_sink(Loop& loop, Characteristic characteristic, NotifyCallback callback,
                                               const StreamOptions& options) {
  if (callback.is_coroutine())
    return std::make_shared<CoroutineSink>(loop, std::move(characteristic), std::move(callback), options);
  return std::make_shared<PlainSink>(std::move(characteristic), std::move(callback));
}

std::shared_ptr<NotifySink> make_stream_sink(std::shared_ptr<Channel<Bytes>> channel) {
  return std::make_shared<StreamSink>(std::move(channel));
}

}  // namespace blau::detail
