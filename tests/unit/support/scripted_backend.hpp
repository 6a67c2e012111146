#pragma once

#include <blau/backend.hpp>

#include <algorithm>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace blau::test {

/// What a port was asked for and has not answered.
template <class T, class Answer = Result<T>>
struct Request {
  std::uint16_t handle = 0;
  Bytes value;
  unique_function<void(Answer)> done;
  /// Answers; the request is gone then.
  void answer(Answer result) { std::exchange(done, nullptr)(std::move(result)); }
};

/// A queue of requests of one kind.
template <class T, class Answer = Result<T>>
class Requests {
 public:
  using Done = unique_function<void(Answer)>;

  void add(std::uint16_t handle, Bytes value, Done done) {
    waiting_.push_back({handle, std::move(value), std::move(done)});
    ++count_;
  }
  void add(Done done) { add(0, {}, std::move(done)); }
  [[nodiscard]] std::size_t waiting() const noexcept { return waiting_.size(); }
  /// All that ever came.
  [[nodiscard]] int count() const noexcept { return count_; }
  /// Takes the oldest out, to be answered now or later.
  Request<T, Answer> take() {
    auto first = std::move(waiting_.at(0));
    waiting_.pop_front();
    return first;
  }
  void answer(Answer result) { take().answer(std::move(result)); }
  /// The port is gone: nobody is answered any more.
  void drop() { std::exchange(waiting_, {}); }

 private:
  std::deque<Request<T, Answer>> waiting_;
  int count_ = 0;
};

/// What the test sees of one client's port, also after the port is gone.
struct ClientScript {
  backend::ClientEvents* events = nullptr;
  backend::ClientRequest request;
  Requests<void, backend::ConnectResult> connects;
  Requests<void> disconnects;
  std::vector<backend::ReleaseKind> disconnect_kinds;
  Requests<backend::GattDatabase> discoveries;
  Requests<Bytes> reads;
  Requests<void> writes;
  std::vector<backend::WriteKind> write_kinds;
  Requests<void> subscribes;
  std::vector<backend::SubscribeKind> subscribe_kinds;
  std::vector<NotifyPath> subscribe_paths;
  Requests<void> unsubscribes;
  Requests<void> pairs;
  std::vector<backend::PairRequest> pair_requests;
  int pair_cancels = 0;
  Requests<void> unpairs;
  int aborts = 0;
  int releases = 0;
  bool alive = true;
  std::string adapter;
  std::uint16_t mtu = 247;
  std::string discovery_waits_for;

  void end() {
    alive = false;
    connects.drop();
    disconnects.drop();
    discoveries.drop();
    reads.drop();
    writes.drop();
    subscribes.drop();
    unsubscribes.drop();
    pairs.drop();
    unpairs.drop();
  }
};

class ScriptedClient final : public backend::ClientPort {
 public:
  explicit ScriptedClient(std::shared_ptr<ClientScript> script) : script_(std::move(script)) {}
  ~ScriptedClient() override { script_->end(); }

  [[nodiscard]] std::string adapter() const override { return script_->adapter; }
  void connect(backend::ConnectDone done) override { script_->connects.add(std::move(done)); }
  void abort_connect() override { ++script_->aborts; }
  void disconnect(backend::ReleaseKind kind, backend::Done<void> done) override {
    script_->disconnect_kinds.push_back(kind);
    script_->disconnects.add(std::move(done));
  }
  void release() noexcept override { ++script_->releases; }
  void discover(const backend::DiscoverRequest&, backend::Done<backend::GattDatabase> done) override {
    script_->discoveries.add(std::move(done));
  }
  [[nodiscard]] std::string discovery_waits_for() const override { return script_->discovery_waits_for; }
  [[nodiscard]] std::uint16_t mtu() const noexcept override { return script_->mtu; }
  void read_characteristic(std::uint16_t handle, bool, backend::Done<Bytes> done) override {
    script_->reads.add(handle, {}, std::move(done));
  }
  void write_characteristic(std::uint16_t handle, Bytes value, backend::WriteKind kind,
                            backend::Done<void> done) override {
    script_->write_kinds.push_back(kind);
    script_->writes.add(handle, std::move(value), std::move(done));
  }
  void read_descriptor(std::uint16_t handle, bool, backend::Done<Bytes> done) override {
    script_->reads.add(handle, {}, std::move(done));
  }
  void write_descriptor(std::uint16_t handle, Bytes value, backend::Done<void> done) override {
    script_->writes.add(handle, std::move(value), std::move(done));
  }
  void subscribe(std::uint16_t handle, const backend::SubscribeRequest& request, backend::Done<void> done) override {
    script_->subscribe_kinds.push_back(request.kind);
    script_->subscribe_paths.push_back(request.path);
    script_->subscribes.add(handle, {}, std::move(done));
  }
  void unsubscribe(std::uint16_t handle, backend::Done<void> done) override {
    script_->unsubscribes.add(handle, {}, std::move(done));
  }
  void pair(const backend::PairRequest& request, backend::Done<void> done) override {
    script_->pair_requests.push_back(request);
    script_->pairs.add(std::move(done));
  }
  void cancel_pair() override { ++script_->pair_cancels; }
  void unpair(backend::Done<void> done) override { script_->unpairs.add(std::move(done)); }

 private:
  std::shared_ptr<ClientScript> script_;
};

/// What the test sees of one scanner's port, also after the port is gone.
struct ScannerScript {
  backend::ScannerEvents* events = nullptr;
  std::optional<backend::ScanRequest> request;
  Requests<void> starts;
  Requests<void> stops;
  bool alive = true;
};

class ScriptedScanner final : public backend::ScannerPort {
 public:
  explicit ScriptedScanner(std::shared_ptr<ScannerScript> script) : script_(std::move(script)) {}
  ~ScriptedScanner() override {
    script_->alive = false;
    script_->starts.drop();
    script_->stops.drop();
  }
  void start(const backend::ScanRequest& request, backend::Done<void> done) override {
    script_->request = request;
    script_->starts.add(std::move(done));
  }
  void stop(backend::Done<void> done) override { script_->stops.add(std::move(done)); }

 private:
  std::shared_ptr<ScannerScript> script_;
};

/// A Bluetooth system that does what the test says. It outlives its loops; hand `ref()` to the options.
class ScriptedBackend {
 public:
  struct State {
    std::vector<std::shared_ptr<ClientScript>> clients;
    std::vector<std::shared_ptr<ScannerScript>> scanners;
    std::optional<Device> known;
    int known_queries = 0;
    Result<std::vector<Device>> device_lists = std::vector<Device>{};
    std::vector<backend::AdapterState> adapters;
    backend::AdapterEvents* adapter_events = nullptr;
  };

  [[nodiscard]] BackendRef ref() const {
    return {"scripted", [state = state_](EventLoop&) { return std::make_shared<Instance>(state); }};
  }
  [[nodiscard]] ClientScript& client(std::size_t index = 0) { return *state_->clients.at(index); }
  [[nodiscard]] std::size_t client_count() const noexcept { return state_->clients.size(); }
  [[nodiscard]] ScannerScript& scanner(std::size_t index = 0) { return *state_->scanners.at(index); }
  [[nodiscard]] std::size_t scanner_count() const noexcept { return state_->scanners.size(); }
  [[nodiscard]] State& state() noexcept { return *state_; }

 private:
  class Watch final : public backend::AdapterWatch {
   public:
    explicit Watch(std::shared_ptr<State> state) : state_(std::move(state)) {}
    ~Watch() override { state_->adapter_events = nullptr; }

   private:
    std::shared_ptr<State> state_;
  };

  class Instance final : public backend::Backend {
   public:
    explicit Instance(std::shared_ptr<State> state) : state_(std::move(state)) {}
    [[nodiscard]] std::string_view name() const noexcept override { return "scripted"; }
    void list_adapters(backend::Done<std::vector<backend::AdapterState>> done) override { done(state_->adapters); }
    [[nodiscard]] std::unique_ptr<backend::AdapterWatch> watch_adapters(backend::AdapterEvents& events) override {
      state_->adapter_events = &events;
      return std::make_unique<Watch>(state_);
    }
    void connected_devices(const std::string&, const std::vector<Uuid>&,
                           backend::Done<std::vector<Device>> done) override {
      done(state_->device_lists);
    }
    void bonded_devices(const std::string&, backend::Done<std::vector<Device>> done) override {
      done(state_->device_lists);
    }
    void find_known_device(const std::string&, const Address&, backend::Done<std::optional<Device>> done) override {
      ++state_->known_queries;
      done(state_->known);
    }
    [[nodiscard]] std::unique_ptr<backend::ScannerPort> make_scanner(backend::ScannerEvents& events) override {
      auto script = std::make_shared<ScannerScript>();
      script->events = &events;
      state_->scanners.push_back(script);
      return std::make_unique<ScriptedScanner>(std::move(script));
    }
    [[nodiscard]] std::unique_ptr<backend::ClientPort> make_client(const backend::ClientRequest& request,
                                                                   backend::ClientEvents& events) override {
      auto script = std::make_shared<ClientScript>();
      script->events = &events;
      script->request = request;
      script->adapter = request.adapter;
      state_->clients.push_back(script);
      return std::make_unique<ScriptedClient>(std::move(script));
    }

   private:
    std::shared_ptr<State> state_;
  };

  std::shared_ptr<State> state_ = std::make_shared<State>();
};

/// Two services: battery level (read, notify) at 2, a control point (write, both ways) at 5, a duplicate UUID at 8 and 10 (read),
/// a descriptor 0x2901 at 12 and 0x2902 at 13 behind the latter.
[[nodiscard]] inline backend::GattDatabase small_database() {
  using backend::CharacteristicRecord;
  CharacteristicRecord battery{2, 3, Uuid{0x2a19}, Property::read | Property::notify, {{4, Uuid{0x2902}}}};
  CharacteristicRecord control{5, 6, Uuid{0xff01}, Property::write | Property::write_without_response, {}};
  CharacteristicRecord first{8, 9, Uuid{0xff02}, Property::read | Property::indicate, {}};
  CharacteristicRecord second{10,
                              11,
                              Uuid{0xff02},
                              Property::read | Property::notify | Property::indicate,
                              {{12, Uuid{0x2901}}, {13, Uuid{0x2902}}}};
  backend::GattDatabase database;
  database.services.push_back({1, Uuid{0x180f}, true, {}, {battery, control}});
  database.services.push_back({7, Uuid{0xff00}, true, {1}, {second, first}});
  return database;
}

/// A device that the system knows, so that connecting needs no scan.
[[nodiscard]] inline Device known_device() { return Device(Address("C0:FF:EE:00:00:01"), "Strap", "id-1", "hci0"); }

}  // namespace blau::test
