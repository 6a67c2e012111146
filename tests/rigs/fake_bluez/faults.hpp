#pragma once

#include "bus.hpp"
#include "object.hpp"
#include "sim.hpp"

#include "backend/sim/world_file_reader.hpp"

#include <functional>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace blau::fake {

class Daemon;
class Device;

/// What goes wrong, as data: a list of JSON objects, each with the member `fault`. README.md lists them.
class Faults {
 public:
  explicit Faults(Daemon& daemon);

  /// Adds all of a list, or none.
  /// @throws sim::detail::WorldFault with line and path where one is unknown, contradicts itself or names what is not there
  void add(const sim::Place& list);
  void clear();
  /// How many are armed.
  [[nodiscard]] std::size_t size() const noexcept;

  /// Before a call is handled. True if that is all that becomes of it.
  bool intercept(const Call& call);
  /// True if the link is to be lost at this step of a connect.
  [[nodiscard]] bool at_step(Device& device, std::string_view step);
  [[nodiscard]] bool wants_empty_tree(Device& device);
  /// Services of a device are about to be exported.
  void before_services(Device& device);

 private:
  struct OfReply {
    std::string method;
    std::string path;
    std::uint64_t skip = 0;
    std::uint64_t count = 1;
    ReplyPlan plan;
    bool removes_object = false;
  };
  struct OfProperty {
    std::string path;
    std::string interface;
    std::string property;
    bool missing = false;
    std::string type;
    std::size_t size = 0;
  };
  struct OfStep {
    std::uint64_t address = 0;
    std::string step;
    std::uint64_t count = 1;
    std::uint64_t skip = 0;
  };
  struct OfTree {
    std::uint64_t address = 0;
    bool empty = false;
    nanoseconds late{0};
    std::uint64_t count = 1;
  };
  /// Done when everything in the list has been found good.
  using Effect = std::function<void()>;

  [[nodiscard]] Effect read(const sim::Place& place);
  Effect read_reply(const sim::Place& place);
  Effect read_property(const sim::Place& place);
  Effect read_remove(const sim::Place& place);
  Effect read_name(const sim::Place& place);
  Effect read_restart(const sim::Place& place);
  Effect read_adapter(const sim::Place& place);
  Effect read_socket(const sim::Place& place);
  Effect read_disconnect(const sim::Place& place);
  Effect read_notify(const sim::Place& place);
  Effect read_tree(const sim::Place& place);
  Effect read_link(const sim::Place& place);
  Effect read_services(const sim::Place& place);
  Effect read_cached(const sim::Place& place);
  Effect read_crowd(const sim::Place& place);
  Effect read_access(const sim::Place& place);
  Effect read_bus(const sim::Place& place);
  /// One that worlds have as well.
  Effect read_of_world(const sim::Place& place);
  [[nodiscard]] std::uint64_t read_address(const sim::Members& members) const;

  [[nodiscard]] const OfProperty* property_fault(const Interface& interface, std::string_view property) const;
  bool twist(const Interface& interface, const char* property, Message& to) const;
  bool remove_object(const std::string& path);
  void change_services(std::uint64_t address, std::uint16_t remove, const std::optional<sim::ServiceSpec>& add);

  Daemon& daemon_;
  std::list<OfReply> replies_;
  std::list<OfProperty> properties_;
  std::list<OfStep> steps_;
  std::list<OfTree> trees_;
  struct OfServices {
    OfStep when;
    Effect effect;
  };
  std::list<OfServices> services_;
  std::list<Timer> timers_;
};

/// Faults that a client would tell of the daemon's methods: every method that there is.
[[nodiscard]] bool is_method(std::string_view name);

}  // namespace blau::fake
