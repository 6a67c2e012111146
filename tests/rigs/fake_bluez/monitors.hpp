#pragma once

#include "object.hpp"
#include "peripheral.hpp"

#include <cstdint>
#include <list>
#include <string>
#include <vector>

namespace blau::fake {

class Adapter;

/// org.bluez.AdvertisementMonitorManager1 of an adapter: passive scans for what programs describe by patterns. The controller does not match by itself here, so each advertisement is told.
class Monitors final : public InterfaceOf<Monitors> {
 public:
  explicit Monitors(Adapter& adapter);
  [[nodiscard]] static const Description<Monitors>& description();

  /// Somebody has a monitor that the kernel has taken.
  [[nodiscard]] bool listens() const;
  /// Registered, whether the kernel has taken their monitors or not.
  [[nodiscard]] std::size_t applications() const noexcept { return apps_.size(); }
  /// @param active a scan response came, too
  void heard(Peripheral& peripheral, int rssi, bool active);
  void program_gone(const std::string& name);
  /// The adapter goes: programs are told.
  void unexport();

 private:
  struct Pattern {
    std::uint8_t offset = 0;
    std::uint8_t ad_type = 0;
    Bytes content;

    [[nodiscard]] bool is_valid() const noexcept;
    [[nodiscard]] bool matches(ByteView structures) const;
  };
  struct Monitor {
    std::string path;
    std::string type;
    std::vector<Pattern> patterns;
    bool active = false;

    [[nodiscard]] bool is_valid() const;
    [[nodiscard]] bool matches(ByteView structures) const;
  };
  /// What one RegisterMonitor is about.
  struct App {
    App(Monitors& manager, const Call& made);
    App(const App&) = delete;
    App& operator=(const App&) = delete;
    ~App() { sd_bus_slot_unref(question); }

    Monitors& manager;
    Call registration;
    std::string owner;
    std::string path;
    sd_bus_slot* question = nullptr;  ///< GetManagedObjects, not yet answered
    std::vector<Monitor> monitors;
    Timer kernel;  ///< until it has taken them
  };
  using Apps = std::list<App>;

  void register_monitor(const Call& call);
  void unregister_monitor(const Call& call);
  static int on_objects(sd_bus_message* message, void* app, sd_bus_error*) noexcept;
  void take_objects(App& app, const Message& reply);
  static void read_monitor(Reader& reader, Monitor& monitor);
  static bool read_patterns(Reader& reader, std::vector<Pattern>& patterns);
  void add_to_kernel(App& app);
  [[nodiscard]] Apps::iterator find(const std::string& owner, std::string_view path);
  [[nodiscard]] std::size_t count() const;
  void tell(const App& app, const Monitor& monitor, const char* member, const std::string& device = std::string());

  Adapter& adapter_;
  Apps apps_;
};

}  // namespace blau::fake
