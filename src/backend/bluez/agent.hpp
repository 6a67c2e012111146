#pragma once

#include "daemon.hpp"

#include <blau/backend.hpp>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace blau::detail::bluez {

class Session;

/// Answers what bluetoothd asks about one device (org.bluez.Agent1), by a session's user.
class Agent : public std::enable_shared_from_this<Agent> {
 public:
  using Kind = backend::PairingQuestion::Kind;

  /// @param answers the questions that somebody will answer
  Agent(std::weak_ptr<Daemon> daemon, std::string device, std::vector<Kind> answers, std::shared_ptr<Session> user)
      : daemon_(std::move(daemon)), device_(std::move(device)), answers_(std::move(answers)), user_(std::move(user)) {}

  /// What bluetoothd is told that the user can do (Core Vol 3 Part H 2.3.2), by what will be answered.
  [[nodiscard]] const char* capability() const noexcept;
  [[nodiscard]] const std::string& device() const noexcept { return device_; }
  [[nodiscard]] const std::shared_ptr<Session>& user() const noexcept { return user_; }
  /// @param call called when this side refuses to pair; `awaited`: bluetoothd waits for that answer
  void on_refusal(unique_function<void(const Error& why, bool awaited)> call) { on_refusal_ = std::move(call); }
  /// Takes a question about its device. @param reader at what comes after the device
  void called(const Message& call, Reader& reader);
  /// bluetoothd does not wait for an answer any more.
  void withdraw();
  /// Drops the question that is open.
  /// @return true if a question was open
  bool retire() noexcept;
  /// What this side refused, and why.
  [[nodiscard]] const std::optional<Error>& refusal() const noexcept { return refusal_; }

 private:
  void ask(const Message& call, Kind kind, std::uint32_t passkey = 0);
  void show(const Message& call, std::uint32_t passkey);
  void answered(unsigned number, const Result<backend::PairingAnswer>& answer);
  void refuse(const Message& call, Error why);
  void send(Message message);

  std::weak_ptr<Daemon> daemon_;
  std::string device_;
  std::vector<Kind> answers_;
  std::shared_ptr<Session> user_;
  unique_function<void(const Error&, bool)> on_refusal_;
  std::optional<Error> refusal_;
  // The call that the user's answer is for; empty: no question is open.
  Message open_;
  Kind open_kind_ = Kind::confirm;
  std::optional<std::uint32_t> shown_;
  // Answers to older questions are of no interest.
  unsigned question_ = 0;
};

}  // namespace blau::detail::bluez
