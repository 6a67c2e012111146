#include "world_faults.hpp"

#include "adapter.hpp"
#include "battery.hpp"
#include "daemon.hpp"
#include "device.hpp"

#include <utility>
#include <variant>

namespace blau::fake {

namespace {

template <class Fault>
std::chrono::milliseconds time_of(const Fault& fault) {
  if constexpr (requires { fault.at.value_or(std::chrono::milliseconds(0)); })
    return fault.at.value_or(std::chrono::milliseconds(0));
  else
    return fault.at;
}

}  // namespace

void WorldFaults::become(const sim::WorldSpec& world) {
  timers_.clear();
  pulled_out_.clear();
  for (const sim::FaultSpec& fault : world.faults) arm(fault);
}

void WorldFaults::arm(const sim::FaultSpec& fault) {
  std::visit([this](const auto& known) { at_time(time_of(known), [this, known] { start(known); }); }, fault);
}

void WorldFaults::clear() {
  timers_.clear();
  for (const auto& [number, peripheral] : daemon_.radio().peripherals()) peripheral->clear_faults();
}

std::size_t WorldFaults::size() const {
  std::size_t armed = timers_.size();
  for (const auto& [number, peripheral] : daemon_.radio().peripherals()) armed += peripheral->armed_faults();
  return armed;
}

void WorldFaults::at_time(std::chrono::milliseconds time, std::function<void()> call) {
  if (time <= std::chrono::milliseconds(0)) return call();
  timers_.emplace_back();
  const auto timer = std::prev(timers_.end());
  timer->start(daemon_.loop(), time, [this, timer, call = std::move(call)] {
    timers_.erase(timer);
    call();
  });
}

Peripheral* WorldFaults::find(const Address& address) const { return daemon_.radio().find(address); }

void WorldFaults::start(const sim::LinkFaultSpec& fault) {
  Peripheral* peripheral = find(fault.address);
  if (!peripheral) return;
  if (fault.step) return peripheral->link_faults().lose_at(*fault.step, fault.turns);
  if (fault.after) return peripheral->link_faults().lose_after(*fault.after, fault.turns);
  peripheral->end_links(LinkEnd::remote);
}

void WorldFaults::start(const sim::RequestFaultSpec& fault) {
  if (Peripheral* peripheral = find(fault.address))
    if (auto* faults = peripheral->faults_of(fault.characteristic)) faults->add(fault.fault);
}

void WorldFaults::start(const sim::NotifyFaultSpec& fault) {
  if (Peripheral* peripheral = find(fault.address))
    if (auto* faults = peripheral->faults_of(fault.characteristic)) faults->add(fault.fault);
}

void WorldFaults::start(const sim::ServicesFaultSpec& fault) {
  Peripheral* peripheral = find(fault.address);
  if (!peripheral) return;
  if (!fault.step) return peripheral->change_services(fault);
  peripheral->link_faults().call_at(
      *fault.step, [peripheral, fault] { peripheral->change_services(fault); }, blau::sim::FaultTurns());
}

void WorldFaults::start(const sim::AdapterFaultSpec& fault) {
  using Action = sim::AdapterFaultSpec::Action;
  Adapter* adapter = daemon_.adapter(fault.adapter);
  const auto known = pulled_out_.find(fault.adapter);
  if (fault.action == Action::add && !adapter && known != pulled_out_.end()) daemon_.add_adapter(known->second);
  if (!adapter) return;
  if (fault.action == Action::remove) {
    pulled_out_.insert_or_assign(fault.adapter, adapter->spec());
    return daemon_.remove_adapter(fault.adapter);
  }
  if (fault.action != Action::add) adapter->set_powered(fault.action == Action::on);
}

void WorldFaults::start(const sim::PeripheralFaultSpec& fault) {
  using Action = sim::PeripheralFaultSpec::Action;
  Peripheral* peripheral = find(fault.address);
  if (!peripheral) return;
  if (fault.action == Action::vanish || fault.action == Action::appear)
    return peripheral->set_present(fault.action == Action::appear);
  peripheral->set_stalled(fault.action == Action::stall);
}

}  // namespace blau::fake
