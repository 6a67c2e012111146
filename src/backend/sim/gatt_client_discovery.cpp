#include "gatt_client_discovery.hpp"

#include "attribute_spec.hpp"

#include <algorithm>

namespace blau::sim::detail {
namespace {

std::optional<Uuid> uuid_of(ByteView bytes) { return PduReader(bytes).uuid(); }

constexpr std::uint16_t last_handle = 0xffff;

}  // namespace

Procedure::Next DiscoverServices::first() {
  const Uuid& type = primary_ ? attribute_type::primary_service : attribute_type::secondary_service;
  return ask(PduWriter(Opcode::read_by_group_type_request).u16(from_).u16(last_handle).uuid(type).done(),
             Opcode::read_by_group_type_response);
}

Procedure::Next DiscoverServices::on_response(PduReader& in) {
  const std::size_t length = in.u8();
  if ((length != 6 && length != 20) || in.left() == 0 || in.left() % length != 0)
    return malformed("a malformed list of services");
  while (in.left() > 0) {
    DiscoveredService service;
    service.handle = in.u16();
    service.end = in.u16();
    service.uuid = uuid_of(in.take(length - 4)).value_or(Uuid());
    service.primary = primary_;
    // Without this a server could keep a client going for ever.
    if (service.handle < from_ || service.end < service.handle) return malformed("services whose handles do not rise");
    services_.push_back(std::move(service));
    if (services_.back().end == last_handle) return std::nullopt;
    from_ = static_cast<std::uint16_t>(services_.back().end + 1);
  }
  return first();
}

Procedure::Next DiscoverServices::on_error(AttError error, std::uint16_t handle) {
  // Servers without secondary services may not know the type at all.
  if (error == AttError::attribute_not_found) return std::nullopt;
  if (error == AttError::unsupported_group_type && !primary_) return std::nullopt;
  return failed(error, handle);
}

Procedure::Next DiscoverServicesByUuid::first() {
  return ask(PduWriter(Opcode::find_by_type_value_request)
                 .u16(from_)
                 .u16(last_handle)
                 .uuid(attribute_type::primary_service)
                 .uuid(uuid_)
                 .done(),
             Opcode::find_by_type_value_response);
}

Procedure::Next DiscoverServicesByUuid::on_response(PduReader& in) {
  if (in.left() == 0 || in.left() % 4 != 0) return malformed("a malformed list of services");
  while (in.left() > 0) {
    DiscoveredService service;
    service.handle = in.u16();
    service.end = in.u16();
    service.uuid = uuid_;
    if (service.handle < from_ || service.end < service.handle) return malformed("services whose handles do not rise");
    services_.push_back(std::move(service));
    if (services_.back().end == last_handle) return std::nullopt;
    from_ = static_cast<std::uint16_t>(services_.back().end + 1);
  }
  return first();
}

Procedure::Next DiscoverServicesByUuid::on_error(AttError error, std::uint16_t handle) {
  if (error == AttError::attribute_not_found) return std::nullopt;
  return failed(error, handle);
}

Procedure::Next DiscoverIncludes::first() { return next(); }

Procedure::Next DiscoverIncludes::next() {
  if (!listed_ && from_ <= last_)
    return ask(PduWriter(Opcode::read_by_type_request)
                   .u16(static_cast<std::uint16_t>(from_))
                   .u16(last_)
                   .uuid(attribute_type::include)
                   .done(),
               Opcode::read_by_type_response);
  listed_ = true;
  while (unnamed_ < includes_.size() && includes_[unnamed_].uuid != Uuid()) ++unnamed_;
  if (unnamed_ == includes_.size()) return std::nullopt;
  reading_ = true;
  return ask(PduWriter(Opcode::read_request).u16(includes_[unnamed_].first).done(), Opcode::read_response);
}

Procedure::Next DiscoverIncludes::on_response(PduReader& in) {
  if (reading_) return on_declaration(in);
  const std::size_t length = in.u8();
  if ((length != 6 && length != 8) || in.left() == 0 || in.left() % length != 0)
    return malformed("a malformed list of included services");
  while (in.left() > 0) {
    DiscoveredInclude include;
    include.handle = in.u16();
    include.first = in.u16();
    include.last = in.u16();
    if (length == 8) include.uuid = Uuid(in.u16());
    if (include.handle < from_ || include.handle > last_) return malformed("a handle that was not asked for");
    from_ = std::uint32_t{include.handle} + 1;
    includes_.push_back(include);
  }
  return next();
}

Procedure::Next DiscoverIncludes::on_declaration(PduReader& in) {
  reading_ = false;
  const auto uuid = in.uuid();
  if (!uuid) return malformed("a service declaration that is no UUID");
  includes_[unnamed_++].uuid = *uuid;
  return next();
}

Procedure::Next DiscoverIncludes::on_error(AttError error, std::uint16_t handle) {
  if (reading_) {  // the UUID stays unknown
    reading_ = false;
    ++unnamed_;
    return next();
  }
  if (error != AttError::attribute_not_found) return failed(error, handle);
  listed_ = true;
  return next();
}

Procedure::Next DiscoverCharacteristics::first() { return next(); }

Procedure::Next DiscoverCharacteristics::next() {
  if (from_ > last_) return fill_ends(), std::nullopt;
  return ask(PduWriter(Opcode::read_by_type_request)
                 .u16(static_cast<std::uint16_t>(from_))
                 .u16(last_)
                 .uuid(attribute_type::characteristic)
                 .done(),
             Opcode::read_by_type_response);
}

Procedure::Next DiscoverCharacteristics::on_response(PduReader& in) {
  const std::size_t length = in.u8();
  if ((length != 7 && length != 21) || in.left() == 0 || in.left() % length != 0)
    return malformed("a malformed list of characteristics");
  while (in.left() > 0) {
    DiscoveredCharacteristic found;
    found.handle = in.u16();
    found.properties = in.u8();
    found.value_handle = in.u16();
    found.uuid = uuid_of(in.take(length - 5)).value_or(Uuid());
    if (found.handle < from_ || found.value_handle <= found.handle || found.value_handle > last_)
      return malformed("characteristics whose handles do not rise");
    from_ = std::uint32_t{found.handle} + 1;
    characteristics_.push_back(std::move(found));
  }
  return next();
}

Procedure::Next DiscoverCharacteristics::on_error(AttError error, std::uint16_t handle) {
  if (error != AttError::attribute_not_found) return failed(error, handle);
  fill_ends();
  return std::nullopt;
}

void DiscoverCharacteristics::fill_ends() {
  for (std::size_t i = 0; i < characteristics_.size(); ++i) {
    const bool is_last = i + 1 == characteristics_.size();
    characteristics_[i].end = is_last ? last_ : static_cast<std::uint16_t>(characteristics_[i + 1].handle - 1);
  }
}

Procedure::Next DiscoverDescriptors::first() {
  if (from_ > last_) return std::nullopt;
  return ask(PduWriter(Opcode::find_information_request).u16(static_cast<std::uint16_t>(from_)).u16(last_).done(),
             Opcode::find_information_response);
}

Procedure::Next DiscoverDescriptors::on_response(PduReader& in) {
  const std::uint8_t format = in.u8();
  const std::size_t length = format == 1 ? 4 : 18;
  if ((format != 1 && format != 2) || in.left() == 0 || in.left() % length != 0)
    return malformed("a malformed list of descriptors");
  while (in.left() > 0) {
    DiscoveredDescriptor found;
    found.handle = in.u16();
    found.uuid = uuid_of(in.take(length - 2)).value_or(Uuid());
    if (found.handle < from_ || found.handle > last_) return malformed("a handle that was not asked for");
    from_ = std::uint32_t{found.handle} + 1;
    descriptors_.push_back(found);
  }
  return first();
}

Procedure::Next DiscoverDescriptors::on_error(AttError error, std::uint16_t handle) {
  if (error == AttError::attribute_not_found) return std::nullopt;
  return failed(error, handle);
}

Procedure::Next DiscoverDatabase::begin(ProcedureContext& context) {
  context_ = &context;
  enter(Step::primary);
  return go_on(running_->begin(*context_));
}

Procedure::Next DiscoverDatabase::consume(ByteView response) { return go_on(running_->consume(response)); }

/// Begins one part after the other until one has something to ask.
Procedure::Next DiscoverDatabase::go_on(Next next) {
  while (!next) {
    if (running_->error()) {
      stop(*running_->error());
      return std::nullopt;
    }
    collect();
    if (step_ == Step::done) return std::nullopt;
    next = running_->begin(*context_);
  }
  return next;
}

/// Takes what the part that ended has found, and makes the next one ready.
void DiscoverDatabase::collect() {
  switch (step_) {
    case Step::primary: take_services(static_cast<DiscoverServices&>(*running_)); return enter(Step::secondary);
    case Step::secondary:
      take_services(static_cast<DiscoverServices&>(*running_));
      std::ranges::sort(services_, {}, &DiscoveredService::handle);
      return enter_service(0);
    case Step::includes:
      services_[service_].includes = std::move(static_cast<DiscoverIncludes&>(*running_).includes());
      return enter(Step::characteristics);
    case Step::characteristics:
      services_[service_].characteristics =
          std::move(static_cast<DiscoverCharacteristics&>(*running_).characteristics());
      return enter_descriptors(0);
    case Step::descriptors:
      services_[service_].characteristics[characteristic_].descriptors =
          std::move(static_cast<DiscoverDescriptors&>(*running_).descriptors());
      return enter_descriptors(characteristic_ + 1);
    case Step::done: return;
  }
}

void DiscoverDatabase::enter(Step step) {
  step_ = step;
  if (step == Step::primary || step == Step::secondary)
    running_ = std::make_unique<DiscoverServices>(step == Step::primary);
  if (step != Step::includes && step != Step::characteristics) return;
  const DiscoveredService& service = services_[service_];
  const auto first = static_cast<std::uint16_t>(service.handle + 1);
  if (step == Step::includes)
    running_ = std::make_unique<DiscoverIncludes>(first, service.end);
  else
    running_ = std::make_unique<DiscoverCharacteristics>(first, service.end);
}

void DiscoverDatabase::enter_service(std::size_t service) {
  // Declarations stand behind the service's own; a service of one handle holds none.
  while (service < services_.size() && services_[service].handle == services_[service].end) ++service;
  service_ = service;
  enter(service == services_.size() ? Step::done : Step::includes);
}

void DiscoverDatabase::enter_descriptors(std::size_t characteristic) {
  const auto& characteristics = services_[service_].characteristics;
  while (characteristic < characteristics.size() &&
         characteristics[characteristic].value_handle >= characteristics[characteristic].end)
    ++characteristic;
  if (characteristic == characteristics.size()) return enter_service(service_ + 1);
  step_ = Step::descriptors;
  characteristic_ = characteristic;
  const auto first = static_cast<std::uint16_t>(characteristics[characteristic].value_handle + 1);
  running_ = std::make_unique<DiscoverDescriptors>(first, characteristics[characteristic].end);
}

void DiscoverDatabase::take_services(DiscoverServices& found) {
  std::ranges::move(found.services(), std::back_inserter(services_));
}

}  // namespace blau::sim::detail
