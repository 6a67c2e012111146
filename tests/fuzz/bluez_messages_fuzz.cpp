#include "bluez_messages/bluetoothd.hpp"
#include "bluez_messages/users.hpp"
#include "input.hpp"

#include "backend/bluez/bluez.hpp"

#include <unistd.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

/// Whatever may call itself bluetoothd, to the backend on BlueZ, while clients, scanners and watches use it as the core does. The input is a sequence of acts,
/// of users and of bluetoothd; time is virtual.

namespace {

using namespace blau::fuzz;
using namespace std::chrono_literals;
using blau::Address;
using blau::Device;
using blau::Result;
using blau::detail::Duration;
using blau::detail::Loop;
using blau::detail::LoopSettings;
using blau::detail::Timer;

// So many users there are at most, those that were destroyed included.
constexpr std::size_t most_users = 24;

class Scene {
 public:
  explicit Scene(Input& input) : input_(input), daemon_(*loop_, input) {
    const std::uint8_t how = input_.byte();
    daemon_.answer_by_itself((how & 1) == 0);
    if ((how & 2) != 0) daemon_.begin_connected();
    release_only_ = (how & 4) != 0;
    ends_with_backend_ = (how & 8) != 0;
    backend_ = blau::detail::bluez::make_backend(*loop_, [this](sd_bus** bus) { return daemon_.open(bus); });
  }

  void run() {
    begin_users();
    next_.start_after(*loop_, 0ns, [this] { step(); });
    run_to_end();
    lose_bus();
    end_users();
  }

 private:
  static LoopSettings settings() {
    LoopSettings made;
    made.virtual_time = true;
    return made;
  }

  /// One act and then, as it says, the next one in the same turn, or when nothing is left to be done, or later.
  void step() {
    constexpr std::array<Duration, 4> pauses = {1ns, 1ms, 600ms, 10s};
    constexpr int most_in_one_turn = 16;
    for (int acts = 0; acts < most_in_one_turn && !input_.empty(); ++acts) {
      const std::uint8_t what = input_.byte();
      if ((what & 0x3f) == 0x3f) {
        ++plans_;
      } else if ((what & 0x20) != 0) {
        daemon_.act(what & 0x1f);
      } else {
        act(what & 0x1f);
      }
      if ((what & 0x40) == 0) continue;
      return next_.start_after(*loop_, pauses.at(what >> 7 == 0 ? 0 : input_.byte() % pauses.size()),
                               [this] { step(); });
    }
    if (!input_.empty()) return next_.start_after(*loop_, 1ns, [this] { step(); });
    over_ = true;
  }

  void act(std::uint8_t choice) {
    if (choice < 16) return client(input_.byte()).act(choice, input_);
    switch (choice) {
      case 16:
      case 17: return scanner(input_.byte()).start(input_);
      case 18: return scanner(input_.byte()).stop();
      case 19: return scanner(input_.byte()).destroy();
      case 20: return watches_.back()->is_destroyed() ? watch() : watches_.back()->destroy();
      case 21: return ask();
      case 22: return end_backend();
      default: return client(input_.byte()).act(choice, input_);
    }
  }

  /// Called wherever the backend has called a user: an act that was planned comes right there.
  void called() {
    if (plans_ == 0 || depth_ > 3) return;
    --plans_;
    ++depth_;
    act(input_.byte() & 0x1f);
    --depth_;
  }

  void begin_users() {
    for (int i = 0; i < 3; ++i) add_client(i);
    for (int i = 0; i < 2; ++i) scanners_.push_back(std::make_unique<ScannerUser>(ledger_, *backend_));
    watch();
  }

  void add_client(int number) {
    blau::backend::ClientRequest request;
    const bool second = number % 3 == 2;
    request.device = Device(Address(second ? "C0:FF:EE:00:00:02" : "C0:FF:EE:00:00:01"), std::nullopt,
                            second ? std::string() : "/org/bluez/hci0/dev_C0_FF_EE_00_00_01", "hci0");
    request.bluez_release_only = release_only_;
    clients_.push_back(std::make_unique<ClientUser>(ledger_, *backend_, request));
    places_.at(static_cast<std::size_t>(number)) = clients_.size() - 1;
  }

  /// One of three. In the place of one that was destroyed comes a new one.
  ClientUser& client(std::uint8_t choice) {
    const std::size_t number = choice % places_.size();
    const bool is_gone = clients_[places_[number]]->is_destroyed();
    if (is_gone && backend_ && clients_.size() < most_users) add_client(static_cast<int>(number));
    return *clients_[places_[number]];
  }

  ScannerUser& scanner(std::uint8_t choice) {
    auto& chosen = scanners_[scanners_.size() - 1 - choice % 2];
    if (!chosen->is_destroyed() || !backend_ || scanners_.size() >= most_users) return *chosen;
    scanners_.push_back(std::make_unique<ScannerUser>(ledger_, *backend_));
    return *scanners_.back();
  }

  void watch() {
    if (backend_ && watches_.size() < most_users) watches_.push_back(std::make_unique<WatchUser>(ledger_, *backend_));
  }

  /// The backend's own questions.
  void ask() {
    using blau::backend::AdapterState;
    if (!backend_) return;
    const std::string adapter = (input_.byte() & 1) != 0 ? "hci0" : "";
    const auto ignore = [](const auto&) {};
    const auto backend = backend_;
    backend->list_adapters(ledger_.expect<std::vector<AdapterState>>(this, ignore));
    // Each answer may be the occasion to destroy it.
    if (backend_) backend->connected_devices(adapter, {}, ledger_.expect<std::vector<Device>>(this, ignore));
    if (backend_) backend->bonded_devices(adapter, ledger_.expect<std::vector<Device>>(this, ignore));
    if (!backend_) return;
    backend->find_known_device(adapter, Address("C0:FF:EE:00:00:01"),
                               ledger_.expect<std::optional<Device>>(this, ignore));
  }

  /// Before its ports, which answer what they can.
  void end_backend() {
    if (!ends_with_backend_ || !backend_) return;
    ledger_.drop(this);
    for (const auto& user : clients_) user->backend_is_gone();
    has_lost_backend_ = true;
    std::exchange(backend_, nullptr).reset();
  }

  void lose_bus() {
    over_ = false;
    plans_ = 0;
    daemon_.die();
    // Longer than anything waits.
    next_.start_after(*loop_, 1h, [this] { over_ = true; });
    run_to_end();
    if (has_lost_backend_) return;
    ledger_.require_all_ended();
    for (const auto& user : clients_) user->require_down();
    for (const auto& user : scanners_) user->require_down();
  }

  void end_users() {
    for (const auto& user : clients_) user->destroy();
    for (const auto& user : scanners_) user->destroy();
    for (const auto& user : watches_) user->destroy();
    backend_.reset();
    loop_->close();
  }

  void run_to_end() {
    loop_->run_until([this] { return over_; });
  }

  Input& input_;
  std::shared_ptr<Loop> loop_ = Loop::make(settings());
  Bluetoothd daemon_;
  Ledger ledger_{[this] { called(); }};
  std::shared_ptr<blau::backend::Backend> backend_;
  std::vector<std::unique_ptr<ClientUser>> clients_;
  std::array<std::size_t, 3> places_{};
  std::vector<std::unique_ptr<ScannerUser>> scanners_;
  std::vector<std::unique_ptr<WatchUser>> watches_;
  Timer next_;
  bool over_ = false;
  bool release_only_ = false;
  bool ends_with_backend_ = false;
  bool has_lost_backend_ = false;
  int plans_ = 0;
  int depth_ = 0;
};

/// The number that the next descriptor would get.
int next_descriptor() {
  const int next = ::dup(STDERR_FILENO);
  ::close(next);
  return next;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const int before = next_descriptor();
  {
    Input input(data, size);
    Scene(input).run();
  }
  require(next_descriptor() == before, "no descriptor is left open");
  return 0;
}
