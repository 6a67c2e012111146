#pragma once

#include "gatt_client_procedures.hpp"

#include <blau/uuid.hpp>

#include <cstdint>
#include <memory>
#include <vector>

namespace blau::sim::detail {

struct DiscoveredDescriptor {
  std::uint16_t handle = 0;
  Uuid uuid;
};

struct DiscoveredCharacteristic {
  std::uint16_t handle = 0;  ///< of the declaration
  std::uint16_t value_handle = 0;
  std::uint16_t end = 0;  ///< last handle that can belong to it
  std::uint8_t properties = 0;
  Uuid uuid;
  std::vector<DiscoveredDescriptor> descriptors;
};

struct DiscoveredInclude {
  std::uint16_t handle = 0;  ///< of the include declaration
  std::uint16_t first = 0;   ///< handles of the included service
  std::uint16_t last = 0;
  Uuid uuid;
};

struct DiscoveredService {
  std::uint16_t handle = 0;
  std::uint16_t end = 0;
  Uuid uuid;
  bool primary = true;
  std::vector<DiscoveredInclude> includes;
  std::vector<DiscoveredCharacteristic> characteristics;
};

/// Services of one kind over all handles (Core Vol 3 Part G 4.4.1).
class DiscoverServices final : public RequestProcedure {
 public:
  explicit DiscoverServices(bool primary = true) : primary_(primary) {}
  [[nodiscard]] std::vector<DiscoveredService>& services() noexcept { return services_; }

 private:
  Next first() override;
  Next on_response(PduReader& in) override;
  Next on_error(AttError error, std::uint16_t handle) override;

  bool primary_;
  std::uint16_t from_ = 1;
  std::vector<DiscoveredService> services_;
};

/// Primary services of one UUID (Core Vol 3 Part G 4.4.2).
class DiscoverServicesByUuid final : public RequestProcedure {
 public:
  explicit DiscoverServicesByUuid(const Uuid& uuid) : uuid_(uuid) {}
  [[nodiscard]] std::vector<DiscoveredService>& services() noexcept { return services_; }

 private:
  Next first() override;
  Next on_response(PduReader& in) override;
  Next on_error(AttError error, std::uint16_t handle) override;

  Uuid uuid_;
  std::uint16_t from_ = 1;
  std::vector<DiscoveredService> services_;
};

/// Included services (Core Vol 3 Part G 4.5.1). The UUID of one that has no 16-bit number is read from its declaration.
class DiscoverIncludes final : public RequestProcedure {
 public:
  DiscoverIncludes(std::uint16_t first, std::uint16_t last) : from_(first), last_(last) {}
  [[nodiscard]] std::vector<DiscoveredInclude>& includes() noexcept { return includes_; }

 private:
  Next first() override;
  Next on_response(PduReader& in) override;
  Next on_error(AttError error, std::uint16_t handle) override;
  Next on_declaration(PduReader& in);
  Next next();

  std::uint32_t from_;
  std::uint16_t last_;
  std::size_t unnamed_ = 0;  ///< includes before this position have a UUID
  bool reading_ = false;     ///< a declaration's UUID
  bool listed_ = false;      ///< the list is complete
  std::vector<DiscoveredInclude> includes_;
};

/// Characteristics of a service (Core Vol 3 Part G 4.6.1).
class DiscoverCharacteristics final : public RequestProcedure {
 public:
  DiscoverCharacteristics(std::uint16_t first, std::uint16_t last) : from_(first), last_(last) {}
  [[nodiscard]] std::vector<DiscoveredCharacteristic>& characteristics() noexcept { return characteristics_; }

 private:
  Next first() override;
  Next on_response(PduReader& in) override;
  Next on_error(AttError error, std::uint16_t handle) override;
  Next next();
  void fill_ends();

  std::uint32_t from_;
  std::uint16_t last_;
  std::vector<DiscoveredCharacteristic> characteristics_;
};

/// Descriptors of a characteristic (Core Vol 3 Part G 4.7.1): of the handles after its value.
class DiscoverDescriptors final : public RequestProcedure {
 public:
  DiscoverDescriptors(std::uint16_t first, std::uint16_t last) : from_(first), last_(last) {}
  [[nodiscard]] std::vector<DiscoveredDescriptor>& descriptors() noexcept { return descriptors_; }

 private:
  Next first() override;
  Next on_response(PduReader& in) override;
  Next on_error(AttError error, std::uint16_t handle) override;

  std::uint32_t from_;
  std::uint16_t last_;
  std::vector<DiscoveredDescriptor> descriptors_;
};

/// The whole database, as a central does it after connecting: primary and secondary services, then includes,
/// characteristics and descriptors of each.
class DiscoverDatabase final : public Procedure {
 public:
  /// In the order of their handles.
  [[nodiscard]] std::vector<DiscoveredService>& services() noexcept { return services_; }

  Next begin(ProcedureContext& context) override;
  Next consume(ByteView response) override;

 private:
  enum class Step : std::uint8_t { primary, secondary, includes, characteristics, descriptors, done };

  Next go_on(Next next);
  void collect();
  void enter(Step step);
  void enter_service(std::size_t service);
  void enter_descriptors(std::size_t characteristic);
  void take_services(DiscoverServices& found);

  ProcedureContext* context_ = nullptr;
  Step step_ = Step::primary;
  std::size_t service_ = 0;
  std::size_t characteristic_ = 0;
  std::unique_ptr<Procedure> running_;
  std::vector<DiscoveredService> services_;
};

}  // namespace blau::sim::detail
