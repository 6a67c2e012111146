#pragma once

#include <blau/error.hpp>

#include <cstdint>
#include <unordered_map>

namespace blau::detail {

/// A request to one attribute: waits for its turn, then goes to the backend. Part of the operation's own node, so that queueing costs no allocation.
class QueuedRequest {
 public:
  QueuedRequest(const QueuedRequest&) = delete;
  QueuedRequest& operator=(const QueuedRequest&) = delete;

  /// Its turn has come. `RequestQueues::ended` tells when the backend has answered, also if nobody wants the answer any more.
  virtual void issue() = 0;
  /// It will not be issued, or its answer does not count any more. Called once at most.
  virtual void fail(const Error& error) noexcept = 0;

 protected:
  QueuedRequest() noexcept = default;
  ~QueuedRequest() = default;
  [[nodiscard]] bool is_issued() const noexcept { return place_ == Place::issued; }

 private:
  friend class RequestQueues;
  enum class Place : std::uint8_t { none, waiting, issued };
  Place place_ = Place::none;
  std::uint32_t attribute_ = 0;
  QueuedRequest* previous_ = nullptr;
  QueuedRequest* next_ = nullptr;
};

/// One queue an attribute: one request at a time, in order. The loop's thread only.
///
/// A request whose operation ended early leaves its attribute busy until the backend has answered, or until the link is lost.
class RequestQueues {
 public:
  /// An attribute's handle, or one of those below: discovery and pairing wait in line just as requests to an attribute do.
  using Key = std::uint32_t;
  static constexpr Key discovery = 0x10000;
  static constexpr Key pairing = 0x10001;
  /// Removing a bond: needs no link, so that it outlasts one.
  static constexpr Key bond = 0x10002;

  /// Names a request that was issued; late answers of an earlier link have another generation.
  struct Ticket {
    Key attribute;
    std::uint32_t generation;
  };

  void submit(Key attribute, QueuedRequest& request);
  /// The operation ended early.
  void withdraw(QueuedRequest& request) noexcept;
  /// The backend has answered.
  void ended(Ticket ticket);
  /// The link is lost: what needs it fails, and answers that come late do not count.
  void fail_linked(const Error& error) noexcept;
  /// Everything fails.
  void fail_all(const Error& error) noexcept;
  [[nodiscard]] Ticket ticket(const QueuedRequest& request) const noexcept { return {request.attribute_, generation_}; }

 private:
  struct Queue {
    bool busy = false;
    bool pumping = false;
    QueuedRequest* issued = nullptr;
    QueuedRequest* first = nullptr;
    QueuedRequest* last = nullptr;
  };
  static void append(Queue& queue, QueuedRequest& request) noexcept;
  static void unlink(Queue& queue, QueuedRequest& request) noexcept;
  static void pump(Queue& queue);
  static void fail(Queue& queue, const Error& error) noexcept;

  std::unordered_map<Key, Queue> queues_;
  std::uint32_t generation_ = 0;
};

}  // namespace blau::detail
