#include "client.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <stdexcept>
#include <utility>

namespace blau::fake_test {

namespace {

using Clock = std::chrono::steady_clock;
/// The virtual machine says where its rig lies, the fake does not.
const bool is_real = std::getenv("BLAU_RIG") != nullptr;
/// The real daemon waits 42 seconds for an absent device; the fake is told to hurry.
const auto patience = std::chrono::seconds(is_real ? 60 : 10);
constexpr const char* properties_interface = "org.freedesktop.DBus.Properties";

void check(int result, const char* what) {
  if (result < 0) throw std::runtime_error(std::string("test: ") + what);
}

std::vector<std::uint8_t> bytes_in(sd_bus_message* message) {
  const void* data = nullptr;
  std::size_t size = 0;
  if (sd_bus_message_read_array(message, 'y', &data, &size) < 0) return {};
  const auto* begin = static_cast<const std::uint8_t*>(data);
  return {begin, begin + size};
}

std::vector<std::string> texts_in(sd_bus_message* message) {
  std::vector<std::string> all;
  const char* text = nullptr;
  if (sd_bus_message_enter_container(message, 'a', "s") < 0) return all;
  while (sd_bus_message_read_basic(message, 's', &text) > 0) all.emplace_back(text);
  sd_bus_message_exit_container(message);
  return all;
}

void read_change(sd_bus_message* message, Signal& signal) {
  const char* name = nullptr;
  if (sd_bus_message_enter_container(message, 'a', "{sv}") < 0) return;
  while (sd_bus_message_enter_container(message, 'e', "sv") > 0) {
    sd_bus_message_read_basic(message, 's', &name);
    signal.names.emplace_back(name);
    const char* type = nullptr;
    sd_bus_message_peek_type(message, nullptr, &type);
    const std::string contents = type;
    sd_bus_message_enter_container(message, 'v', contents.c_str());
    int flag = 0;
    if (contents == "b" && sd_bus_message_read_basic(message, 'b', &flag) > 0)
      signal.flag = flag != 0;
    else if (contents == "ay")
      signal.bytes = bytes_in(message);
    else
      sd_bus_message_skip(message, contents.c_str());
    sd_bus_message_exit_container(message);
    sd_bus_message_exit_container(message);
  }
  sd_bus_message_exit_container(message);
}

struct Waiting {
  std::shared_ptr<Answer> answer;
  const std::vector<Signal>* signals;
};

int on_answer(sd_bus_message* message, void* userdata, sd_bus_error*) {
  const auto* waiting = static_cast<const Waiting*>(userdata);
  Answer& answer = *waiting->answer;
  answer.done = true;
  answer.signals_before = waiting->signals->size();
  if (const sd_bus_error* error = sd_bus_message_get_error(message)) {
    answer.error = error->name;
    answer.text = error->message ? error->message : "";
    return 0;
  }
  const std::string signature = sd_bus_message_get_signature(message, 1);
  if (signature == "ay") answer.bytes = bytes_in(message);
  if (signature == "hq") {
    std::uint16_t mtu = 0;
    int fd = -1;
    sd_bus_message_read(message, "hq", &fd, &mtu);
    answer.fd = ::dup(fd);
    answer.mtu = mtu;
  }
  return 0;
}

// The slot owns what waits: it ends with the answer, or with the bus if none comes.
void forget_waiting(void* userdata) { delete static_cast<Waiting*>(userdata); }

}  // namespace

std::string device_path(const std::string& address) {
  std::string text = address;
  std::replace(text.begin(), text.end(), ':', '_');
  return hci0 + "/dev_" + text;
}

std::string own(unsigned number) {
  char text[40];
  std::snprintf(text, sizeof text, "b1a0%04x-0000-4000-8000-00b1a0b1a0b1", number);
  return text;
}

std::string version() {
  const char* told = std::getenv("BLAU_RIG_BLUEZ");
  return told ? told : "5.66";
}

bool is_old() { return version() == "5.66"; }

bool Signal::tells(const std::string& object, const std::string& property) const {
  return path == object && std::find(names.begin(), names.end(), property) != names.end();
}

Client::Client() {
  check(sd_bus_open_system(&bus_), "no bus: run this by tests/rigs/fake_bluez/run");
  check(sd_bus_add_match(bus_, nullptr, "type='signal',sender='org.bluez'", &Client::on_signal, this), "no match");
}

void Client::leave() {
  sd_bus_message_unref(std::exchange(asked_, nullptr));
  if (sd_bus* bus = std::exchange(bus_, nullptr)) sd_bus_flush_close_unref(bus);
}

int Client::on_signal(sd_bus_message* message, void* self, sd_bus_error*) {
  static_cast<Client*>(self)->take(message);
  return 0;
}

void Client::take(sd_bus_message* message) {
  Signal signal;
  signal.path = sd_bus_message_get_path(message);
  signal.member = sd_bus_message_get_member(message);
  signal.interface = sd_bus_message_get_interface(message);
  const char* text = nullptr;
  if (signal.member == "PropertiesChanged") {
    sd_bus_message_read_basic(message, 's', &text);
    signal.interface = text;
    read_change(message, signal);
    signal.invalidated = texts_in(message);
  } else if (signal.member == "InterfacesRemoved" || signal.member == "InterfacesAdded") {
    sd_bus_message_read_basic(message, 'o', &text);
    signal.path = text;
    if (signal.member == "InterfacesRemoved") signal.names = texts_in(message);
  } else if (sd_bus_message_read_basic(message, 's', &text) > 0) {
    signal.text = text;
  }
  signals_.push_back(std::move(signal));
}

Client::Pending Client::start(const std::string& path, const char* interface, const char* member,
                              const std::function<void(sd_bus_message*)>& fill) {
  sd_bus_message* message = nullptr;
  check(sd_bus_message_new_method_call(bus_, &message, "org.bluez", path.c_str(), interface, member), "no call");
  if (fill) fill(message);
  auto answer = std::make_shared<Answer>();
  auto waiting = std::make_unique<Waiting>(Waiting{answer, &signals_});
  sd_bus_slot* slot = nullptr;
  const int sent = sd_bus_call_async(bus_, &slot, message, &on_answer, waiting.get(), UINT64_MAX);
  sd_bus_message_unref(message);
  check(sent, "a call was not sent");
  sd_bus_slot_set_destroy_callback(slot, &forget_waiting);
  waiting.release();
  sd_bus_slot_set_floating(slot, 1);
  sd_bus_slot_unref(slot);  // now it is the bus's alone
  sd_bus_flush(bus_);
  return answer;
}

Answer Client::call(const std::string& path, const char* interface, const char* member,
                    const std::function<void(sd_bus_message*)>& fill) {
  const auto answer = start(path, interface, member, fill);
  EXPECT_TRUE(until([&] { return answer->done; })) << member << " of " << path << " was not answered";
  return *answer;
}

Answer Client::adapter(const char* member, const std::function<void(sd_bus_message*)>& fill) {
  return call(hci0, "org.bluez.Adapter1", member, fill);
}

Answer Client::device(const std::string& address, const char* member) {
  return call(device_path(address), "org.bluez.Device1", member);
}

Answer Client::read(const std::string& path, unsigned offset) {
  return call(path, "org.bluez.GattCharacteristic1", "ReadValue", [offset](sd_bus_message* message) {
    if (offset == 0)
      sd_bus_message_append(message, "a{sv}", 0);
    else
      sd_bus_message_append(message, "a{sv}", 1, "offset", "q", offset);
  });
}

int Client::property(const std::string& path, const std::string& interface, const std::string& name) {
  sd_bus_message* reply = nullptr;
  const int result = sd_bus_call_method(bus_, "org.bluez", path.c_str(), properties_interface, "Get", nullptr, &reply,
                                        "ss", interface.c_str(), name.c_str());
  if (result < 0) return -1;
  const char* type = nullptr;
  sd_bus_message_peek_type(reply, nullptr, &type);
  const std::string contents = type;
  sd_bus_message_enter_container(reply, 'v', contents.c_str());
  std::int32_t value = 0;  // a boolean is read into an int, a shorter number into its lower bytes
  if (contents == "n" || contents == "q" || contents == "b" || contents == "y")
    sd_bus_message_read_basic(reply, contents[0], &value);
  sd_bus_message_unref(reply);
  return contents == "n" ? static_cast<std::int16_t>(value) : value;
}

std::vector<std::string> Client::objects() {
  sd_bus_message* reply = nullptr;
  std::vector<std::string> paths;
  if (sd_bus_call_method(bus_, "org.bluez", "/", "org.freedesktop.DBus.ObjectManager", "GetManagedObjects", nullptr,
                         &reply, "") < 0)
    return paths;
  sd_bus_message_enter_container(reply, 'a', "{oa{sa{sv}}}");
  const char* path = nullptr;
  while (sd_bus_message_enter_container(reply, 'e', "oa{sa{sv}}") > 0) {
    sd_bus_message_read_basic(reply, 'o', &path);
    paths.emplace_back(path);
    sd_bus_message_skip(reply, "a{sa{sv}}");
    sd_bus_message_exit_container(reply);
  }
  sd_bus_message_unref(reply);
  return paths;
}

std::string Client::characteristic(const std::string& address, const std::string& uuid) {
  for (const std::string& path : objects()) {
    if (path.rfind(device_path(address) + "/", 0) != 0 || path.find("/desc") != std::string::npos) continue;
    char* text = nullptr;
    if (sd_bus_get_property_string(bus_, "org.bluez", path.c_str(), "org.bluez.GattCharacteristic1", "UUID", nullptr,
                                   &text) < 0)
      continue;
    const std::string found = text;
    std::free(text);
    if (found == uuid) return path;
  }
  ADD_FAILURE() << "no characteristic " << uuid;
  return "/none";
}

bool Client::until(const std::function<bool()>& holds) {
  const auto end = Clock::now() + patience;
  while (!holds()) {
    const int handled = sd_bus_process(bus_, nullptr);
    if (handled < 0) return false;
    if (handled > 0) continue;
    const auto left = std::chrono::duration_cast<std::chrono::microseconds>(end - Clock::now());
    if (left.count() <= 0) return false;
    sd_bus_wait(bus_, static_cast<std::uint64_t>(left.count()));
  }
  return true;
}

void Client::settle() { call("/", "org.freedesktop.DBus.ObjectManager", "GetManagedObjects"); }

std::size_t Client::count(const std::string& path, const std::string& property) const {
  return static_cast<std::size_t>(std::count_if(signals_.begin(), signals_.end(),
                                                [&](const Signal& signal) { return signal.tells(path, property); }));
}

void Client::discover(bool duplicates) {
  const auto set = adapter("SetDiscoveryFilter", [duplicates](sd_bus_message* message) {
    sd_bus_message_append(message, "a{sv}", 2, "Transport", "s", "le", "DuplicateData", "b", duplicates ? 1 : 0);
  });
  EXPECT_EQ(set.error, "");
  EXPECT_EQ(adapter("StartDiscovery").error, "");
}

void Client::connect(const std::string& address) {
  const std::string path = device_path(address);
  discover();
  EXPECT_TRUE(until([&] { return count(path, "RSSI") > 0; })) << "not seen";
  EXPECT_EQ(device(address, "Connect").error, "");
  EXPECT_EQ(adapter("StopDiscovery").error, "");
  EXPECT_TRUE(until([&] { return count(path, "ServicesResolved") > 0; })) << "not resolved";
  settle();
  forget();
}

void FakeBluez::SetUp() {
  tell({{"command", "load"}, {"world", BLAU_CONFORMANCE_WORLD}});
  if (is_real) return forget_devices();
  tell({{"command", "clear_faults"}});
  for (const char* action : {"remove", "add"})
    ASSERT_EQ(fault({{"fault", "adapter"}, {"adapter", "hci0"}, {"action", action}}), "");
}

void FakeBluez::forget_devices() {
  Client client;
  for (const std::string& path : client.objects()) {
    if (path.find("/dev_") == std::string::npos || path.find("/service") != std::string::npos) continue;
    const auto removed = client.adapter(
        "RemoveDevice", [&](sd_bus_message* message) { sd_bus_message_append(message, "o", path.c_str()); });
    EXPECT_EQ(removed.error, "");
  }
}

json FakeBluez::tell(json request) const {
  const char* path = std::getenv("BLAU_RIG_CONTROL");
  if (!path) throw std::runtime_error("BLAU_RIG_CONTROL is not set");
  return conformance::Control(path).ask(request);
}

std::string FakeBluez::fault(json fault) const {
  try {
    tell({{"command", "faults"}, {"faults", json::array({std::move(fault)})}});
  } catch (const std::runtime_error& refused) {
    return refused.what();
  }
  return {};
}

}  // namespace blau::fake_test
