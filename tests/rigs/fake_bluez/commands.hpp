#pragma once

#include "loop.hpp"
#include "sim.hpp"

#include "backend/sim/world_file_reader.hpp"

#include <nlohmann/json.hpp>

#include <functional>
#include <list>
#include <memory>
#include <string>

namespace blau::fake {

class Daemon;
class Peripheral;

/// What the control socket can be told. README.md lists it.
class Commands {
 public:
  using Reply = std::function<void(const std::string&)>;

  explicit Commands(Daemon& daemon) : daemon_(daemon) {}
  /// Does what a line says, and answers once: maybe later.
  void run(const std::string& line, Reply reply);

 private:
  using Json = nlohmann::json;
  using Answer = std::function<void(Json)>;
  using Place = sim::Place;
  using Members = sim::Members;
  using Known = std::initializer_list<std::string_view>;
  struct Stream;

  void dispatch(const Place& request, const Answer& answer);
  [[nodiscard]] Peripheral& peripheral(const Members& members) const;
  [[nodiscard]] std::uint16_t value_handle(const Place& request, const Members& members) const;
  /// Waits as long as the request says. The world may be another one when `holds` is asked.
  void wait(const Place& request, const Members& members, std::function<bool()> holds, std::function<Json()> found,
            const Answer& answer);

  void load(const Place& request, const Answer& answer);
  void peripherals(const Place& request, const Answer& answer);
  void power(const Place& request, const Answer& answer);
  void connections(const Place& request, const Answer& answer);
  void subscriptions(const Place& request, const Answer& answer);
  void writes(const Place& request, const Answer& answer);
  void notify(const Place& request, const Answer& answer);
  void indicate(const Place& request, const Answer& answer);
  void set_value(const Place& request, const Answer& answer);
  void get_value(const Place& request, const Answer& answer);
  void set_attribute(const Place& request, const Answer& answer);
  void drop_link(const Place& request, const Answer& answer);
  void vanish(const Place& request, const Answer& answer);
  void come_back(const Place& request, const Answer& answer);
  void stall(const Place& request, const Answer& answer);
  void resume(const Place& request, const Answer& answer);
  void remove_service(const Place& request, const Answer& answer);
  void add_service(const Place& request, const Answer& answer);
  void forget_bonds(const Place& request, const Answer& answer);
  void set_pairing(const Place& request, const Answer& answer);
  void shown_passkey(const Place& request, const Answer& answer);
  void type_passkey(const Place& request, const Answer& answer);
  void request_security(const Place& request, const Answer& answer);
  void registered(const Place& request, const Answer& answer);
  void start_advertising(const Place& request, const Answer& answer);
  void stop_advertising(const Place& request, const Answer& answer);
  void quit(const Place& request, const Answer& answer);
  void faults(const Place& request, const Answer& answer);
  void clear_faults(const Place& request, const Answer& answer);
  void stream(const Place& request, const Answer& answer);

  void go_on(const std::shared_ptr<Stream>& stream);
  void send_next(const std::shared_ptr<Stream>& stream);
  void await_readers(const std::shared_ptr<Stream>& stream);

  Daemon& daemon_;
};

}  // namespace blau::fake
