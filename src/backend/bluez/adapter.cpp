#include "adapter.hpp"

#include "errors.hpp"

#include "core/text.hpp"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <tuple>
#include <utility>

namespace blau::detail::bluez {

namespace {

bool reads_nonzero(const std::filesystem::path& file) {
  std::ifstream in(file);
  int value = 0;
  return in >> value && value != 0;
}

/// hci2 before hci10.
bool comes_before(const AdapterObject& a, const AdapterObject& b) {
  return std::forward_as_tuple(a.path.size(), a.path) < std::forward_as_tuple(b.path.size(), b.path);
}

bool is_meant(const AdapterObject& adapter, const std::string& wanted) {
  if (adapter_id(adapter.path) == wanted || adapter.path == wanted) return true;
  const auto address = Address::parse(wanted);
  return address && *address == adapter.address;
}

// The bus is looked for again in growing steps.
constexpr Duration first_pause = std::chrono::milliseconds(250);
constexpr Duration longest_pause = std::chrono::seconds(30);

}  // namespace

bool is_blocked(std::string_view id, const std::string& sysfs) {
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(std::filesystem::path(sysfs) / id, error)) {
    if (entry.path().filename().string().rfind("rfkill", 0) != 0) continue;
    if (reads_nonzero(entry.path() / "soft") || reads_nonzero(entry.path() / "hard")) return true;
  }
  return false;
}

std::optional<UnavailableReason> unusable(const AdapterObject& adapter) {
  if (!adapter.powered) {
    const bool blocked = adapter.power_state == "off-blocked" || is_blocked(adapter_id(adapter.path));
    return blocked ? UnavailableReason::blocked : UnavailableReason::powered_off;
  }
  if (!adapter.central) return UnavailableReason::no_central_role;
  return std::nullopt;
}

Adapters::Adapters(Daemon& daemon) : daemon_(daemon) {
  daemon.add_observer(*this);
  daemon.objects().add_observer(*this);
}

const AdapterObject* Adapters::default_adapter() const {
  const AdapterObject* first = nullptr;
  const AdapterObject* usable = nullptr;
  for (const auto& [path, adapter] : daemon_.objects().adapters()) {
    if (!first || comes_before(adapter, *first)) first = &adapter;
    if (adapter.powered && adapter.central && (!usable || comes_before(adapter, *usable))) usable = &adapter;
  }
  return usable ? usable : first;
}

Result<const AdapterObject*> Adapters::find(const std::string& wanted) const {
  if (wanted.empty()) {
    if (const AdapterObject* found = default_adapter()) return found;
    return unavailable_error(UnavailableReason::no_adapter, wanted);
  }
  std::string known;
  for (const auto& [path, adapter] : daemon_.objects().adapters()) {
    if (is_meant(adapter, wanted)) return &adapter;
    known.append(known.empty() ? "" : ", ").append(adapter_id(path));
  }
  return Error(ErrorCode::invalid_argument, "there is no adapter " + detail::quoted(wanted) +
                                                "; there is: " + (known.empty() ? std::string("none") : known));
}

Result<const AdapterObject*> Adapters::choose(const std::string& wanted) const {
  auto found = find(wanted);
  if (!found) return found;
  if (const auto reason = unusable(**found)) return unavailable_error(*reason, std::string(adapter_id((*found)->path)));
  return found;
}

std::vector<backend::AdapterState> Adapters::states() const {
  std::vector<const AdapterObject*> sorted;
  for (const auto& [path, adapter] : daemon_.objects().adapters()) sorted.push_back(&adapter);
  std::sort(sorted.begin(), sorted.end(), [](const auto* a, const auto* b) { return comes_before(*a, *b); });
  const AdapterObject* chosen = default_adapter();
  std::vector<backend::AdapterState> states;
  for (const AdapterObject* adapter : sorted) {
    backend::AdapterState& state = states.emplace_back();
    state.id = adapter_id(adapter->path);
    state.name = adapter->alias;
    state.address = adapter->address;
    state.powered = adapter->powered;
    state.unusable = unusable(*adapter);
    state.is_default = adapter == chosen;
  }
  return states;
}

class Adapters::Watch final : public backend::AdapterWatch {
 public:
  explicit Watch(std::shared_ptr<Watcher> watcher) : watcher_(std::move(watcher)) {}
  ~Watch() override { watcher_->events = nullptr; }

 private:
  std::shared_ptr<Watcher> watcher_;
};

std::unique_ptr<backend::AdapterWatch> Adapters::watch(backend::AdapterEvents& events) {
  auto watcher = std::make_shared<Watcher>(Watcher{&events});
  watchers_.push_back(watcher);
  daemon_.when_ready([](const Result<void>&) {});
  return std::make_unique<Watch>(std::move(watcher));
}

/// A copy: watches may come and go inside the calls.
std::vector<std::shared_ptr<Adapters::Watcher>> Adapters::watchers() {
  std::erase_if(watchers_, [](const auto& watcher) { return !watcher->events; });
  return watchers_;
}

void Adapters::tell_changes() {
  for (const backend::AdapterState& state : states()) {
    const auto known = told_.find(state.id);
    if (known != told_.end() && known->second == state) continue;
    told_[state.id] = state;
    tell_changed(state);
  }
}

void Adapters::tell_changed(const backend::AdapterState& state) {
  for (const auto& watcher : watchers())
    if (watcher->events) watcher->events->on_adapter_changed(state);
}

void Adapters::tell_removed(const std::string& id) {
  told_.erase(id);
  for (const auto& watcher : watchers())
    if (watcher->events) watcher->events->on_adapter_removed(id);
}

void Adapters::adapter_removed(const AdapterObject& adapter) {
  tell_removed(std::string(adapter_id(adapter.path)));
  // Another one may have become the default: told when the object is out of the cache.
  daemon_.loop().post([self = weak_self()] {
    if (const auto adapters = self.lock()) adapters->tell_changes();
  });
}

void Adapters::daemon_ready() {
  pause_.stop();
  last_pause_ = {};
  if (!std::exchange(baseline_, false)) return tell_changes();
  for (backend::AdapterState& state : states()) told_[state.id] = state;
}

void Adapters::daemon_lost(const std::string&) {
  std::vector<std::string> gone;
  for (const auto& [id, state] : told_) gone.push_back(id);
  for (const std::string& id : gone) tell_removed(id);
  look_again_later();
}

void Adapters::daemon_absent() {
  baseline_ = false;
  look_again_later();
}

/// Where bluetoothd ended the bus tells when it is back. Where the bus did nobody does, and somebody waits for an adapter.
void Adapters::look_again_later() {
  if (!daemon_.closed() || watchers().empty() || pause_.running()) return;
  last_pause_ = std::clamp(2 * last_pause_, first_pause, longest_pause);
  pause_.start_after(daemon_.loop(), last_pause_, [this] { daemon_.when_ready([](const Result<void>&) {}); });
}

}  // namespace blau::detail::bluez
