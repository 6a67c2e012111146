// ReadValue and WriteValue.

#include "adapter.hpp"
#include "daemon.hpp"
#include "device.hpp"
#include "gatt.hpp"

#include <strings.h>

#include <algorithm>
#include <utility>

namespace blau::fake {

namespace {

bool is(const std::string& type, const char* word) { return strcasecmp(type.c_str(), word) == 0; }

AttError att_of(const sim::Procedure& procedure) { return procedure.error()->att().value_or(AttError::unlikely_error); }

bool wants_security(AttError error) {
  return error == AttError::insufficient_authentication || error == AttError::insufficient_encryption;
}

}  // namespace

bool is_encrypted(const Device& device) { return device.link() && device.link()->security().encrypted; }

bool wants_encryption(const Device& device, const sim::Procedure& procedure, bool was_encrypted) {
  return !was_encrypted && device.link() && procedure.error() && wants_security(att_of(procedure));
}

std::optional<ValueOptions> ValueOptions::read(Reader& reader) {
  ValueOptions options;
  bool valid = true;
  reader.each_property([&](std::string_view name) {
    std::string_view text;
    if (name == "offset") return valid = reader.variant(options.offset) && valid, valid;
    if (name != "type") return false;
    valid = reader.variant(text) && valid;
    options.type = text;
    return valid;
  });
  if (!valid || reader.failed()) return std::nullopt;
  return options;
}

void Attribute::read(const Call& call) {
  if (!device_.link()) return call.error(errors::failed("Not connected"));
  Reader reader = call.reader();
  const auto options = ValueOptions::read(reader);
  if (!options) return call.error(errors::invalid_arguments());
  if (read_) {
    if (read_->offset != options->offset) return call.error(errors::in_progress());
    read_->calls.push_back(call);
    return;
  }
  read_.emplace();
  read_->offset = options->offset;
  read_->calls.push_back(call);
  start_read();
}

void Attribute::start_read() {
  read_->encrypted = is_encrypted(device_);
  device_.link()->start(std::make_unique<ReadFrom>(handle_, read_->offset),
                        [this, alive = std::weak_ptr<void>(life_)](sim::Procedure& procedure) {
                          if (!alive.expired()) read_done(procedure, static_cast<ReadFrom&>(procedure).value());
                        });
}

void Attribute::read_done(const sim::Procedure& procedure, const Bytes& value) {
  if (read_ && wants_encryption(device_, procedure, read_->encrypted)) {
    // It may have been encrypted meanwhile.
    if (is_encrypted(device_)) return start_read();
    read_->refused = true;
    return device_.want_security();
  }
  const auto done = std::exchange(read_, std::nullopt);
  if (!done) return;
  if (procedure.error()) {
    for (const Call& call : done->calls) call.error(errors::of_attribute(att_of(procedure)));
    return;
  }
  // Told as a change of the value first, whoever asked.
  if (done->offset == 0) keep(value);
  for (const Call& call : done->calls) call.reply([&](Message& to) { to.append_bytes(value); });
}

void Attribute::write(const Call& call, std::function<std::unique_ptr<sim::Procedure>()> make, bool reliable) {
  write_.emplace();
  write_->calls.push_back(call);
  write_->make = std::move(make);
  write_->reliable = reliable;
  start_write();
}

void Attribute::start_write() {
  write_->encrypted = is_encrypted(device_);
  device_.link()->start(write_->make(), [this, alive = std::weak_ptr<void>(life_)](sim::Procedure& procedure) {
    if (!alive.expired()) write_done(procedure);
  });
}

void Attribute::write_done(const sim::Procedure& procedure) {
  if (write_ && wants_encryption(device_, procedure, write_->encrypted)) {
    // It may have been encrypted meanwhile.
    if (is_encrypted(device_)) return start_write();
    write_->refused = true;
    return device_.want_security();
  }
  const auto done = std::exchange(write_, std::nullopt);
  if (!done) return;
  // What the peripheral returned was something else.
  const bool differed = done->reliable && procedure.error() && procedure.error()->code() == ErrorCode::failed;
  for (const Call& call : done->calls) {
    if (!procedure.error())
      call.reply();
    else
      call.error(differed ? errors::failed("Reliable write failed") : errors::of_attribute(att_of(procedure)));
  }
}

void Attribute::link_secured() {
  if (read_ && std::exchange(read_->refused, false)) start_read();
  if (write_ && std::exchange(write_->refused, false)) start_write();
}

void Attribute::abandon() {
  life_.reset();
  for (auto* operation : {&read_, &write_}) {
    if (*operation)
      for (const Call& call : (*operation)->calls) call.abandon();
    operation->reset();
  }
}

void Attribute::link_lost() {
  for (auto* operation : {&read_, &write_}) {
    const auto waiting = std::exchange(*operation, std::nullopt);
    if (!waiting) continue;
    for (const Call& call : waiting->calls) call.error(errors::of_attribute(AttError::unlikely_error));
  }
}

void Characteristic::read_value(const Call& call) { read(call); }

void Characteristic::write_value(const Call& call) {
  Link* link = device().link();
  if (!link) return call.error(errors::failed("Not connected"));
  if (service_.is_claimed()) return call.error(errors::not_authorized());
  if (notifier_.write_acquired()) return call.error(errors::not_permitted("Write acquired"));
  if (is_writing()) return call.error(errors::in_progress());
  Reader reader = call.reader();
  const ByteView view = reader.bytes();
  Bytes value(view.begin(), view.end());
  const auto options = ValueOptions::read(reader);
  if (!options) return call.error(errors::invalid_arguments());
  const std::size_t size = value.size();
  bool command = false;
  auto procedure = procedure_for(*options, value, command);
  if (!procedure) return call.error(errors::not_supported());
  // A long write of nothing does not begin either.
  if (size == 0 && is(options->type, "reliable")) return call.error(errors::failed("Failed to initiate write"));
  if (!command) {
    const auto make = [this, options = *options, value = std::move(value)] {
      bool any = false;
      return procedure_for(options, value, any);
    };
    return write(call, make, is(options->type, "reliable"));
  }
  if (size + 3 > link->mtu()) return call.error(errors::failed("Failed to initiate write"));
  link->start(std::move(procedure));
  call.reply();
}

/// By the type that was asked for, whatever the properties say: the peripheral is to refuse it. Without one by the
/// properties, in this order.
std::unique_ptr<sim::Procedure> Characteristic::procedure_for(const ValueOptions& options, Bytes value, bool& command) {
  const std::uint16_t handle = Attribute::handle();
  const bool any = options.type.empty();
  if (is(options.type, "reliable") || (any && has(sim::property::reliable_write))) {
    if (options.offset == 0) return std::make_unique<sim::WriteValue>(handle, std::move(value), true);
    return std::make_unique<WriteAt>(handle, std::move(value), options.offset);
  }
  if (is(options.type, "request") || (any && has(sim::property::write))) {
    if (options.offset == 0) return std::make_unique<sim::WriteValue>(handle, std::move(value));
    return std::make_unique<WriteAt>(handle, std::move(value), options.offset);
  }
  const bool commands = is(options.type, "command") || (any && has(sim::property::write_without_response));
  if (!commands || options.offset != 0) return nullptr;
  command = true;
  return std::make_unique<sim::WriteCommand>(handle, std::move(value));
}

void Descriptor::read_value(const Call& call) { read(call); }

void Descriptor::write_value(const Call& call) {
  if (!device().link()) return call.error(errors::failed("Not connected"));
  if (is_writing()) return call.error(errors::in_progress());
  Reader reader = call.reader();
  const ByteView view = reader.bytes();
  Bytes value(view.begin(), view.end());
  const auto options = ValueOptions::read(reader);
  if (!options) return call.error(errors::invalid_arguments());
  // Subscriptions are made by StartNotify alone.
  if (uuid_ == sim::attribute_type::client_configuration)
    return call.error(errors::not_permitted("Write not permitted"));
  const auto make = [this, value = std::move(value), offset = options->offset]() -> std::unique_ptr<sim::Procedure> {
    if (offset > 0) return std::make_unique<WriteAt>(handle(), value, offset);
    return std::make_unique<sim::WriteValue>(handle(), value);
  };
  write(call, make, false);
}

}  // namespace blau::fake
