#include "device.hpp"

#include <blau/adapter.hpp>
#include <blau/error.hpp>

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "output.hpp"
#include "progress.hpp"

namespace blau::cli {
namespace {

Error not_found(const std::string& name, std::chrono::nanoseconds time) {
  return Error(ErrorCode::device_not_found, "no device named '" + name + "' was seen in " + to_text(time) +
                                                ": look at `blau scan`, come nearer, or give it longer with --timeout");
}

Task<Device> find_by_name(const Session& session, std::string name) {
  const auto limit = session.options.connect_timeout();
  auto options = scanner_options(session);
  auto search = Scanner::find_device_by_name(name, limit, std::move(options));
  const auto found = co_await search;
  if (!found) throw not_found(name, limit);
  co_return *found;
}

template <class Attribute>
Error ambiguous(const AttributeArgument& wanted, const std::vector<Attribute>& matches) {
  std::string handles;
  for (const auto& match : matches) handles.append(handles.empty() ? "" : ", ").append(to_text(match.handle()));
  return Error(ErrorCode::attribute_ambiguous,
               "several have the UUID " + to_text(wanted) + ": name one by its handle, " + handles);
}

bool is_meant(const Characteristic& characteristic, const AttributeArgument& wanted) {
  if (const auto* const uuid = std::get_if<Uuid>(&wanted)) return characteristic.uuid() == *uuid;
  const auto handle = std::get<Handle>(wanted);
  return characteristic.handle() == handle || characteristic.value_handle() == handle;
}

bool is_meant(const Descriptor& descriptor, const AttributeArgument& wanted) {
  if (const auto* const uuid = std::get_if<Uuid>(&wanted)) return descriptor.uuid() == *uuid;
  return descriptor.handle() == std::get<Handle>(wanted);
}

template <class Attribute>
Attribute the_one(const std::vector<Attribute>& candidates, const AttributeArgument& wanted, const std::string& none) {
  std::vector<Attribute> matches;
  for (const auto& candidate : candidates)
    if (is_meant(candidate, wanted)) matches.push_back(candidate);
  if (matches.empty()) throw Error(ErrorCode::attribute_not_found, none);
  if (matches.size() > 1) throw ambiguous(wanted, matches);
  return matches.front();
}

}  // namespace

ClientOptions client_options(const Session& session) {
  ClientOptions options;
  options.backend = session.backend;
  options.adapter = session.options.adapter;
  options.timeout = session.options.connect_timeout();
  if (session.options.timeout) options.operation_timeout = *session.options.timeout;
  return options;
}

ScannerOptions scanner_options(const Session& session) {
  ScannerOptions options;
  options.backend = session.backend;
  options.adapter = session.options.adapter;
  options.resume = false;  // who looks at a terminal wants to know at once
  return options;
}

namespace {

void note(const Session& session, const std::string& message) {
  if (session.options.verbose) write_log_line(LogLevel::info, "tool", message);
}

/// Tells the log of the link's end before whoever else wants to know.
void note_disconnection(const Session& session, ClientOptions& options) {
  options.on_disconnected = [&session, next = std::move(options.on_disconnected)](const Disconnection& disconnection) {
    note(session, "disconnected from " + disconnection.device.address().to_string() + " (" +
                      std::string(to_string(disconnection.reason)) + ")");
    if (next) next(disconnection);
  };
}

}  // namespace

Task<void> with_device(const Session& session, DeviceArgument device, ClientOptions options, UseDevice use) {
  const auto label = to_text(device);
  Progress progress("Looking for " + label, !session.options.verbose);
  note_disconnection(session, options);
  UseDevice connected = [&](Client& client) {
    progress.end();
    note(session, "connected to " + client.address().to_string());
    return use(client);
  };
  if (const auto* const address = std::get_if<Address>(&device)) {
    progress.now("Connecting to " + label);
    auto work = with_connection(*address, std::move(options), std::move(connected));
    co_await std::move(work);
    co_return;
  }
  auto found = co_await find_by_name(session, std::get<std::string>(device));
  note(session, "found " + label + ", " + found.address().to_string());
  progress.now("Connecting to " + label + ", " + found.address().to_string());
  auto work = with_connection(std::move(found), std::move(options), std::move(connected));
  co_await std::move(work);
}

Characteristic find_characteristic(const Client& client, const AttributeArgument& wanted) {
  return the_one(client.services().characteristics(), wanted,
                 "the device has no characteristic " + to_text(wanted) + ": `blau info " +
                     client.address().to_string() + "` lists what it has");
}

Descriptor find_descriptor(const Characteristic& characteristic, const AttributeArgument& wanted) {
  const auto descriptors = characteristic.descriptors();
  std::string present;
  for (const auto& descriptor : descriptors)
    present.append(present.empty() ? "; it has " : ", ")
        .append(to_text(descriptor.handle()) + " " + full_name(descriptor));
  return the_one(descriptors, wanted, "the characteristic has no descriptor " + to_text(wanted) + present);
}

}  // namespace blau::cli
