#pragma once

#include "daemon.hpp"

#include <blau/backend.hpp>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace blau::detail::bluez {

class Session;

/// Answers what bluetoothd asks while one of this program's own pairings runs (org.bluez.Agent1). It knows one device, and does not ask to be the machine's default agent (where there is none bluetoothd, from 5.51 on, takes the first one that comes).
class Agent : public std::enable_shared_from_this<Agent> {
 public:
  using Kind = backend::PairingQuestion::Kind;

  /// Its object path; a program has one agent at a time.
  static constexpr const char* path = "/blau/agent";

  /// @param answers the questions that somebody will answer
  Agent(std::weak_ptr<Daemon> daemon, std::string device, std::vector<Kind> answers, std::shared_ptr<Session> user)
      : daemon_(std::move(daemon)), device_(std::move(device)), answers_(std::move(answers)), user_(std::move(user)) {}

  /// What bluetoothd is told that the user can do (Core Vol 3 Part H 2.3.2), by what will be answered.
  [[nodiscard]] const char* capability() const noexcept;
  /// Takes calls from here on. @param on_refusal called when the user refuses what bluetoothd only shows
  void serve(Daemon& daemon, unique_function<void()> on_refusal);
  /// Takes no call any more, and drops the question that is open.
  void retire() noexcept;
  /// What this side refused, and why.
  [[nodiscard]] const std::optional<Error>& refusal() const noexcept { return refusal_; }

 private:
  void called(const Message& call);
  void ask(const Message& call, Kind kind, std::uint32_t passkey = 0);
  void show(const Message& call, std::uint32_t passkey);
  void answered(unsigned number, const Result<backend::PairingAnswer>& answer);
  void withdrawn(const Message& call);
  void refuse(const Message& call, Error why);
  void send(Message message);

  std::weak_ptr<Daemon> daemon_;
  std::string device_;
  std::vector<Kind> answers_;
  std::shared_ptr<Session> user_;
  std::unique_ptr<Subscription> object_;
  unique_function<void()> on_refusal_;
  std::optional<Error> refusal_;
  // The call that the user's answer is for; empty: no question is open.
  Message open_;
  Kind open_kind_ = Kind::confirm;
  std::optional<std::uint32_t> shown_;
  // Answers to older questions are of no interest.
  unsigned question_ = 0;
};

}  // namespace blau::detail::bluez
