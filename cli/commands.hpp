#pragma once

#include <blau/backend.hpp>
#include <blau/task.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "arguments.hpp"
#include "output.hpp"
#include "values.hpp"

namespace blau::cli {

/// The options that every command takes.
struct GlobalOptions {
  std::string backend;
  std::string adapter;
  std::optional<std::chrono::nanoseconds> timeout;
  bool json = false;
  bool verbose = false;

  /// How long a device is looked for, and then how long connecting may take.
  [[nodiscard]] std::chrono::nanoseconds connect_timeout() const { return timeout.value_or(std::chrono::seconds(10)); }
};

struct AdaptersCommand {};

struct ScanCommand {
  std::chrono::nanoseconds time = std::chrono::seconds(5);
  bool passive = false;
  /// What a passive scan listens for; empty: what most devices send.
  std::vector<OrPattern> patterns;
  std::vector<Uuid> services;
  std::string name;
  std::optional<std::int16_t> rssi;
};

struct InfoCommand {
  DeviceArgument device;
  bool values = false;
};

struct ReadCommand {
  DeviceArgument device;
  AttributeArgument characteristic;
  std::optional<AttributeArgument> descriptor;
  Format format;
};

struct WriteCommand {
  DeviceArgument device;
  AttributeArgument characteristic;
  std::optional<AttributeArgument> descriptor;
  Bytes value;
  bool without_response = false;
  bool reliable = false;
};

struct NotifyCommand {
  DeviceArgument device;
  std::vector<AttributeArgument> characteristics;
  std::optional<std::uint64_t> count;
  std::optional<std::chrono::nanoseconds> time;
  Format format;
};

struct PairCommand {
  DeviceArgument device;
  /// What the device shows, or what is typed on it, too; absent: it is asked for.
  std::optional<std::uint32_t> passkey;
  /// Agrees to Just Works, and to nothing else.
  bool yes = false;
};

struct UnpairCommand {
  DeviceArgument device;
};

using Command = std::variant<AdaptersCommand, ScanCommand, InfoCommand, ReadCommand, WriteCommand, NotifyCommand,
                             PairCommand, UnpairCommand>;

/// What all commands work with. Lives as long as the program.
struct Session {
  GlobalOptions options;
  BackendRef backend;
  Output output;
};

// They throw Error, OutputClosed where nobody reads any more, and end with every link down.

[[nodiscard]] Task<void> run_command(const Session& session, AdaptersCommand command);
[[nodiscard]] Task<void> run_command(const Session& session, ScanCommand command);
[[nodiscard]] Task<void> run_command(const Session& session, InfoCommand command);
[[nodiscard]] Task<void> run_command(const Session& session, ReadCommand command);
[[nodiscard]] Task<void> run_command(const Session& session, WriteCommand command);
[[nodiscard]] Task<void> run_command(const Session& session, NotifyCommand command);
[[nodiscard]] Task<void> run_command(const Session& session, PairCommand command);
[[nodiscard]] Task<void> run_command(const Session& session, UnpairCommand command);

}  // namespace blau::cli
