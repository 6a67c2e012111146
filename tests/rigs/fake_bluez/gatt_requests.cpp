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
  Link* link = device_.link();
  if (!link) return call.error(errors::failed("Not connected"));
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
  link->start(std::make_unique<ReadFrom>(handle_, options->offset),
              [this, alive = std::weak_ptr<void>(life_)](sim::Procedure& procedure) {
                if (!alive.expired()) read_done(procedure, static_cast<ReadFrom&>(procedure).value());
              });
}

void Attribute::read_done(const sim::Procedure& procedure, const Bytes& value) {
  // The daemon tries to make the link secure and asks again: without an agent that never ends.
  if (procedure.error() && wants_security(att_of(procedure)) && device_.link()) return;
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

void Attribute::write(const Call& call, std::unique_ptr<sim::Procedure> procedure, bool reliable) {
  write_.emplace();
  write_->calls.push_back(call);
  device_.link()->start(
      std::move(procedure), [this, reliable, alive = std::weak_ptr<void>(life_)](sim::Procedure& ended) {
        if (alive.expired()) return;
        if (ended.error() && wants_security(att_of(ended)) && device_.link()) return;
        const auto done = std::exchange(write_, std::nullopt);
        if (!done) return;
        for (const Call& waiting : done->calls) {
          if (!ended.error())
            waiting.reply();
          else
            waiting.error(reliable ? errors::failed("Reliable write failed") : errors::of_attribute(att_of(ended)));
        }
      });
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
  auto procedure = procedure_for(*options, std::move(value), command);
  if (!procedure) return call.error(errors::not_supported());
  if (!command) return write(call, std::move(procedure), is(options->type, "reliable"));
  if (size + 3 > link->mtu()) return call.error(errors::failed("Failed to initiate write"));
  link->start(std::move(procedure));
  call.reply();
}

/// By the type that was asked for, whatever the properties say: the peripheral is to refuse it. Without one by the
/// properties, in this order.
std::unique_ptr<sim::Procedure> Characteristic::procedure_for(const ValueOptions& options, Bytes value, bool& command) {
  const std::uint16_t handle = Attribute::handle();
  const bool any = options.type.empty();
  if (is(options.type, "reliable") || (any && has(sim::property::reliable_write)))
    return std::make_unique<WriteAt>(handle, std::move(value), options.offset);
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
  if (options->offset > 0)
    return write(call, std::make_unique<WriteAt>(handle(), std::move(value), options->offset), false);
  write(call, std::make_unique<sim::WriteValue>(handle(), std::move(value)), false);
}

}  // namespace blau::fake
