#include "unseen.hpp"

#include "adapter.hpp"
#include "daemon.hpp"
#include "device.hpp"

#include <utility>

namespace blau::fake {

void UnseenConnects::begin(const Call& call, const Address& address) {
  attempts_.push_back(std::make_shared<Attempt>(call, address));
  const std::shared_ptr<Attempt> attempt = attempts_.back();
  Daemon& daemon = adapter_.daemon();
  attempt->limit.start(daemon.loop(), daemon.pace().absent, [this, weak = std::weak_ptr(attempt)] {
    if (const auto late = weak.lock()) fail(late);
  });
  daemon.radio().at_change([this, weak = std::weak_ptr(attempt)] {
    const auto waiting = weak.lock();
    if (waiting) look(waiting);
    return waiting != nullptr;
  });
  look(attempt);
}

bool UnseenConnects::is_near(const Attempt& attempt) const {
  const Peripheral* peripheral = adapter_.daemon().radio().find(attempt.address);
  return peripheral && peripheral->spec().address == attempt.address && peripheral->takes_connections();
}

void UnseenConnects::look(const std::shared_ptr<Attempt>& attempt) {
  if (!is_near(*attempt)) return attempt->establish.stop();
  if (attempt->establish.running()) return;
  Daemon& daemon = adapter_.daemon();
  attempt->establish.start(daemon.loop(), daemon.radio().find(attempt->address)->spec().connect_time,
                           [this, weak = std::weak_ptr(attempt)] {
                             if (const auto ready = weak.lock()) establish(ready);
                           });
}

void UnseenConnects::establish(const std::shared_ptr<Attempt>& attempt) {
  if (!is_near(*attempt)) return;
  end(attempt);
  adapter_.add_device(attempt->address).establish_for(attempt->call);
}

void UnseenConnects::end(const std::shared_ptr<Attempt>& attempt) {
  attempts_.remove(attempt);
  // Its timer may be what calls this.
  adapter_.daemon().loop().post([attempt] {
    attempt->limit.stop();
    attempt->establish.stop();
  });
}

// The words are the daemon's own (adapter.c, device_connect_cb).
void UnseenConnects::fail(const std::shared_ptr<Attempt>& attempt) {
  end(attempt);
  attempt->call.error({"org.bluez.Failed", ""});
}

void UnseenConnects::fail_all() {
  while (!attempts_.empty()) {
    const auto attempt = attempts_.front();
    fail(attempt);
  }
}

void UnseenConnects::forget() noexcept {
  for (const auto& attempt : std::exchange(attempts_, {})) attempt->call.abandon();
}

}  // namespace blau::fake
