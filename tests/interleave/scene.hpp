#pragma once

#include "actors.hpp"
#include "stack.hpp"

#include <blau/sim.hpp>

#include <cstdint>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

namespace blau::interleave {

/// One run: a world of two peripherals, and what a seed does with clients and scanners in it.
class Scene {
 public:
  /// @param make_stack what the library has the world through; empty: the world's own backend
  Scene(std::uint64_t seed, const StackMaker& make_stack);

  /// Does all of it and checks it. What went wrong is in the log's faults.
  void run();
  [[nodiscard]] const Log& log() const noexcept { return *log_; }
  [[nodiscard]] std::size_t operations() const noexcept { return operations_; }

 private:
  Task<> story();
  Task<> begin_connected();
  void meddle();
  void act();
  void act_on_client();
  void pair(ClientActor& client);
  void unpair(ClientActor& client);
  void act_on_world();
  void calm();
  Task<> await_return();
  Task<> check_bonds();
  void check_world();
  void add_peripheral(const std::string& address, bool pairs);
  [[nodiscard]] sim::PairingOptions some_pairing();
  void take_write(ByteView value);
  void add_client(const Address& address);
  void act_on_scanner();
  [[nodiscard]] std::uint64_t roll(std::uint64_t sides) { return dice_() % sides; }
  [[nodiscard]] sim::Peripheral& some_peripheral() { return *world_.peripherals().at(roll(2)); }
  [[nodiscard]] BackendRef backend() const { return stack_ ? stack_->backend() : BackendRef(); }
  [[nodiscard]] std::chrono::nanoseconds some_time();

  std::mt19937_64 dice_;
  sim::World world_;
  std::shared_ptr<Log> log_;
  Ledger ledger_;
  std::unique_ptr<Stack> stack_;
  std::vector<std::unique_ptr<ClientActor>> clients_;
  std::unique_ptr<ScannerActor> scanner_;
  std::vector<std::shared_ptr<User>> users_;
  std::map<std::string, std::shared_ptr<Bond>> bonds_;  // by address; only where there are pairings
  std::size_t operations_ = 0;
  std::map<std::uint8_t, std::uint32_t> last_write_;  // by client
  int made_ = 0;
  bool meddles_ = false;
};

}  // namespace blau::interleave
