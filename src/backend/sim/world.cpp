// The public World: its contents by name, and the loop of its own.

#include "adapter.hpp"
#include "core.hpp"
#include "default_world.hpp"
#include "options.hpp"

#include "core/backends.hpp"
#include "core/event_loop_access.hpp"

#include <blau/sim.hpp>

#include <atomic>
#include <utility>

namespace blau::sim {

namespace detail {

class WorldImpl {
 public:
  explicit WorldImpl(const WorldOptions& options)
      : options_(options), core_(std::make_shared<WorldCore>(options.seed, options.default_adapter)) {}
  ~WorldImpl() {
    loops_.clear();
    // Another loop may still hold it, and its thread may be in the middle of it: from here no hook of the user's is called there any more.
    if (const auto user = core_->retire()) user->run_and_wait([core = core_] { core->end(); });
  }
  WorldImpl(const WorldImpl&) = delete;
  WorldImpl& operator=(const WorldImpl&) = delete;

  [[nodiscard]] WorldCore& core() noexcept { return *core_; }
  [[nodiscard]] EventLoop& loop();
  [[nodiscard]] BackendRef backend();

 private:
  /// A loop that an exception ended, maybe on another thread at this moment, has the world no more.
  void leave(Loop& loop) {
    if (core_->user().get() != &loop) return;
    loop.run_and_wait([&] {
      if (core_->loop() == &loop) core_->detach();
    });
  }

  WorldOptions options_;
  std::shared_ptr<WorldCore> core_;
  std::string name_;                               ///< of its backend; empty until somebody asks
  std::vector<std::unique_ptr<EventLoop>> loops_;  ///< the last one runs; earlier ones ended with an exception
};

EventLoop& WorldImpl::loop() {
  if (!loops_.empty() && !loops_.back()->loop()->closing()) return *loops_.back();
  if (!loops_.empty()) leave(*loops_.back()->loop());
  blau::detail::LoopSettings settings;
  settings.virtual_time = !options_.real_time;
  settings.order_seed = options_.order_seed;
  std::unique_ptr<EventLoop> made(new EventLoop(blau::detail::EventLoopAccess::make(Loop::make(settings))));
  const auto& loop = made->loop();
  loop->set_wants_driver(true);
  const std::shared_ptr<backend::Backend> backend = SimBackend::make(core_, *loop);
  loop->add_service(blau::detail::default_backend_service, backend);
  loops_.push_back(std::move(made));
  return *loops_.back();
}

BackendRef WorldImpl::backend() {
  static std::atomic<unsigned> worlds{0};
  auto factory = [core = core_, real_time = options_.real_time](EventLoop& loop) -> std::shared_ptr<backend::Backend> {
    if (core->user() == loop.loop()) return core->backend();
    if (!real_time) {
      throw Error(
          ErrorCode::invalid_argument,
          "a world on virtual time lives on its own event loop: use World::run or the loop option, or make it with "
          "WorldOptions{.real_time = true}");
    }
    return SimBackend::make(core, *loop.loop());
  };
  // Two worlds on one loop are two backends.
  if (name_.empty()) name_ = "sim#" + std::to_string(++worlds);
  return BackendRef(name_, std::move(factory));
}

}  // namespace detail

World::World(const WorldOptions& options) : impl_(std::make_unique<detail::WorldImpl>(options)) {
  if (!options.real_time) (void)impl_->loop();  // its time begins now
}
World::~World() = default;
World::World(World&&) noexcept = default;
World& World::operator=(World&&) noexcept = default;

World World::made_of(detail::WorldSpec spec, const WorldOptions& options) {
  detail::expect_simulated(spec);
  World world(options);
  world.impl_->core().fill(std::move(spec));
  return world;
}

World World::load(const std::filesystem::path& path, const WorldOptions& options) {
  return made_of(detail::load_world(path).value(), options);
}

World World::from_json(std::string_view json_text, std::string_view file_name, const WorldOptions& options) {
  return made_of(detail::parse_world(json_text, file_name).value(), options);
}

World World::default_world(const WorldOptions& options) { return made_of(detail::default_world(), options); }

Adapter& World::add_adapter(const AdapterOptions& options) {
  detail::AdapterSpec spec;
  spec.name = options.name;
  spec.address = options.address;
  spec.powered = options.powered;
  spec.blocked = options.blocked;
  spec.central = options.central;
  return impl_->core().add_adapter(std::move(spec), options.max_connections).face;
}

Adapter& World::adapter() {
  auto& adapters = impl_->core().adapters();
  if (adapters.empty()) throw Error(UnavailableReason::no_adapter, "this world has no adapter: add one");
  return adapters.front()->face;
}

Adapter& World::adapter(std::string_view name) {
  for (const auto& adapter : impl_->core().adapters())
    if (adapter->spec.name == name) return adapter->face;
  throw Error(ErrorCode::invalid_argument, "this world has no adapter '" + std::string(name) + "': add it first");
}

std::vector<Adapter*> World::adapters() {
  std::vector<Adapter*> all;
  for (const auto& adapter : impl_->core().adapters()) all.push_back(&adapter->face);
  return all;
}

Peripheral& World::peripheral(const AddressArgument& address) {
  if (auto* found = impl_->core().find_peripheral(address.get())) return found->face;
  throw Error(ErrorCode::device_not_found,
              "this world has no peripheral " + address.get().to_string() + ": add it first");
}

std::vector<Peripheral*> World::peripherals() {
  std::vector<Peripheral*> all;
  for (const auto& peripheral : impl_->core().peripherals()) all.push_back(&peripheral->face);
  return all;
}

Peripheral& World::add_peripheral(const PeripheralOptions& options) {
  return detail::add_peripheral(impl_->core(), options).face;
}

void World::after(std::chrono::nanoseconds delay, std::function<void()> call) {
  impl_->core().after(delay, std::move(call));
}

std::chrono::nanoseconds World::elapsed() const { return impl_->core().elapsed(); }

EventLoop& World::loop() { return impl_->loop(); }

void World::advance(std::chrono::nanoseconds time) {
  struct Pause {
    static Task<> of(std::chrono::nanoseconds time) { co_await sleep_for(time); }
  };
  run(Pause::of(time));
}

Hold World::hold() { return Hold(loop().loop()); }

BackendRef World::backend() { return impl_->backend(); }

}  // namespace blau::sim
