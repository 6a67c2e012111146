// Which Bluetooth system serves a loop.

#include "core/backends.hpp"

#include "null.hpp"
#ifdef BLAU_WITH_BLUEZ
#include "bluez/bluez.hpp"
#endif
#include "sim/sim.hpp"
#ifdef BLAU_WITH_WINRT
#include "winrt/winrt.hpp"
#endif

#include <blau/event_loop.hpp>

#include <cstdlib>
#include <string>
#include <utility>

namespace blau {

BackendRef::BackendRef(std::string name, backend::Factory factory)
    : name_(std::move(name)), factory_(std::move(factory)) {
  if (name_.empty()) throw Error(ErrorCode::invalid_argument, "a backend needs a name");
  if (!factory_) throw Error(ErrorCode::invalid_argument, "the backend " + name_ + " needs a factory");
}

BackendRef backend_from(std::string_view name) {
  const std::string text(name);
  if (name == "null") return {text, detail::null_factory()};
  if (name == "sim") return {text, detail::sim_factory()};
  if (name.starts_with("sim:")) return {text, detail::sim_factory_from_file(text.substr(4))};
#ifdef BLAU_WITH_BLUEZ
  if (name == "bluez") return {text, detail::bluez::bluez_factory()};
#endif
#ifdef BLAU_WITH_WINRT
  if (name == "winrt") return {text, detail::windows::winrt_factory()};
#endif
  if (name == "bluez" || name == "winrt") {
    throw Error(ErrorCode::not_supported, "this build of Blau does not hold the backend " + text);
  }
  throw Error(ErrorCode::invalid_argument,
              "there is no backend '" + text + "'; write bluez, winrt, sim, sim:FILE or null");
}

namespace detail {
namespace {

BackendRef platform_backend() {
#ifdef BLAU_WITH_BLUEZ
  return backend_from("bluez");
#elif defined(BLAU_WITH_WINRT)
  return backend_from("winrt");
#else
  throw Error(ErrorCode::not_supported,
              "this build of Blau holds no backend for this platform; choose sim or give your own");
#endif
}

}  // namespace

std::shared_ptr<backend::Backend> resolve_backend(Loop& loop, const BackendRef& wanted) {
  if (loop.closing())
    throw Error(ErrorCode::loop_closed, "the event loop of this object has ended; ask again on one that runs");
  if (!wanted) {
    if (auto own = loop.find_service(default_backend_service)) return std::static_pointer_cast<backend::Backend>(own);
    const char* chosen = std::getenv("BLAU_BACKEND");
    return resolve_backend(loop, chosen && *chosen ? backend_from(chosen) : platform_backend());
  }
  const auto key = "backend:" + wanted.name();
  if (auto made = loop.find_service(key)) return std::static_pointer_cast<backend::Backend>(made);
  auto instance = wanted.factory()(loop.facade());
  if (!instance) throw Error(ErrorCode::failed, "the factory of the backend " + wanted.name() + " made nothing");
  loop.add_service(key, instance);
  return instance;
}

}  // namespace detail
}  // namespace blau
