#include "features.hpp"

#include "errors.hpp"
#include "interfaces.hpp"

#include <string_view>
#include <utility>

namespace blau::detail::bluez {

Features::Features(Daemon& daemon) : daemon_(daemon) { daemon.add_observer(*this); }

void Features::connect_device(const std::string& adapter_path, backend::Done<bool> done) {
  if (connect_device_) return done(*connect_device_);
  waiting_.push_back(std::move(done));
  if (waiting_.size() > 1) return;
  daemon_.call(adapter_path, introspectable_interface, "Introspect",
               [self = weak_self(), generation = generation_](const Reply& reply) {
                 const auto features = self.lock();
                 if (features && features->generation_ == generation) features->described(reply);
               });
}

/// What the daemon does not have without -E it does not describe either. One that does not describe itself has nothing of the kind.
void Features::described(const Reply& reply) {
  // Of an adapter that has gone, perhaps: the next one is asked anew.
  if (!reply.ok()) return finish(false);
  connect_device_ = Reader(reply.message()).text().find("\"ConnectDevice\"") != std::string_view::npos;
  finish(*connect_device_);
}

void Features::daemon_lost(const std::string& native) {
  ++generation_;
  connect_device_.reset();
  finish(lost_error(native));
}

void Features::finish(const Result<bool>& result) {
  for (auto& done : std::exchange(waiting_, {})) done(result);
}

}  // namespace blau::detail::bluez
