#include "options.hpp"

#include <CLI/CLI.hpp>

#include <functional>
#include <limits>
#include <optional>
#include <utility>

#include "completion.hpp"
#include "man_page.hpp"
#include "text.hpp"

namespace blau::cli {
namespace {

constexpr const char* general_help =
    "DEVICE is an address (C4:11:22:33:44:55) or a name. CHAR is a UUID (2a19), an assigned name\n"
    "(battery_level) or a handle (#0x13). Text with blanks or # needs quotes in most shells.\n"
    "Global options may stand before or after the command.\n\n"
    "Try it without a radio:\n"
    "  blau --backend sim scan\n"
    "  blau --backend sim read 'Blau Heart' battery_level\n\n"
    "Exit status: 0 done, 1 failed, 2 wrong usage, 3 device or attribute not found, 4 time-out,\n"
    "5 no usable Bluetooth, 130 interrupted.";

constexpr const char* scan_help =
    "Exit status 3 if --name or --service was given and no such device was seen.\n\n"
    "BlueZ scans passively only for given bytes, and needs bluetoothd -E for it. P is the type of an AD structure, an\n"
    "offset in its data, and the bytes there, all but the offset in hexadecimal digits. Without --pattern blau "
    "listens\n"
    "for the flags of devices that can be discovered, which many beacons do not send. Other systems ignore P.\n\n"
    "  blau scan --passive --pattern ff:0:4c00 --pattern 16:0:aafe";

constexpr const char* info_help =
    "VALUE is in hexadecimal digits. DECODED is what it means where the Bluetooth SIG has laid down its format and\n"
    "blau knows it; text in quotes is a guess. --json gives both: value, and decoded, which is null otherwise.\n\n"
    "  blau info 'Blau Heart' --values";

constexpr const char* read_help =
    "F is hex, text, or a type of number: u or i with 8, 16, 24, 32 or 64 bits, f with 32 or 64; with more than\n"
    "8 bits then le (usual in Bluetooth) or be for the byte order. --json gives hexadecimal digits always.\n\n"
    "  blau read 'Blau Heart' battery_level --format u8\n"
    "  blau read C0:FF:EE:00:00:03 '#0x000b' --descriptor 2901 --format text";

constexpr const char* write_help =
    "VALUE is pairs of hexadecimal digits, or F, a colon and the value; numbers may be several, with commas between\n"
    "them. F is hex, text, or a type of number: u or i with 8, 16, 24, 32 or 64 bits, f with 32 or 64; with more than\n"
    "8 bits then le (usual in Bluetooth) or be for the byte order.\n\n"
    "  blau write 'Blau UART' 6e400002-b5a3-f393-e0a9-e50e24dcca9e text:hello\n"
    "  blau write C4:11:22:33:44:55 '#0x13' u16le:300,-5";

constexpr const char* notify_help =
    "Prints each notification or indication until --count or --seconds is reached, the link ends, or Ctrl-C.\n"
    "With both, fewer values than --count in that time are a time-out. For F see `blau read --help`.\n\n"
    "  blau notify 'Blau Heart' heart_rate_measurement battery_level --count 10";

constexpr const char* pair_help =
    "The device decides what is asked, on standard error: the passkey that it shows, whether it shows the same "
    "number,\n"
    "or whether to pair without any check (Just Works). A passkey to type on the device is shown. Where there is no\n"
    "terminal, what would have to be asked or shown is refused; --passkey and --yes answer beforehand.\n\n"
    "  blau pair 'Blau Heart'\n"
    "  blau pair C4:11:22:33:44:55 --passkey 004217";

constexpr const char* unpair_help =
    "DEVICE need not be near. A name is looked for among the paired devices only, of all adapters unless\n"
    "--adapter chooses one. A link to the device ends.\n\n"
    "  blau unpair C4:11:22:33:44:55";

constexpr const char* completion_help =
    "SHELL is bash, zsh or fish. An installed blau brings these scripts along; otherwise\n\n"
    "  source <(blau completion bash)\n"
    "  source <(blau completion zsh)\n"
    "  blau completion fish | source\n\n"
    "in ~/.bashrc, in ~/.zshrc after compinit, or in ~/.config/fish/config.fish.";

/// The texts as they stand on the command line, before anything is made of them.
struct Texts {
  std::string device, characteristic, value, name, shell;
  /// Absent where they were not given; given as empty text they are wrong.
  std::optional<std::string> backend, timeout, descriptor, format, seconds, count, rssi, passkey;
  std::vector<std::string> characteristics, services, patterns;
  bool passive = false, values = false, no_response = false, reliable = false, yes = false;
};

/// The parser with its commands, and where it writes to.
class Parser {
 public:
  Parser() : app_("Scan for Bluetooth Low Energy devices, and read, write and watch their values.", "blau") {
    app_.require_subcommand(1);
    app_.set_help_flag("-h,--help", "Print this help, or that of a command");
    app_.set_version_flag("--version", "blau " BLAU_VERSION, "Print the version");
    app_.footer(general_help);
    add_global_options();
    add_adapters();
    add_scan();
    add_info();
    add_read();
    add_write();
    add_notify();
    add_pair();
    add_documents();
    for (auto* command : app_.get_subcommands({})) command->fallthrough()->get_formatter()->column_width(28);
    app_.get_formatter()->column_width(28);
  }

  CLI::App& app() { return app_; }

  /// After parsing: the text to print, if that is all that was asked for.
  std::optional<std::string> document() {
    const auto* const command = app_.get_subcommands().front();
    if (command == manual_) return man_page(surface_of(app_, choices_));
    if (command != completion_) return std::nullopt;
    return completion_script(surface_of(app_, choices_), texts_.shell);
  }

  /// After parsing.
  Invocation invocation() {
    if (texts_.timeout) options_.timeout = parse_seconds("--timeout", *texts_.timeout);
    options_.backend = texts_.backend.value_or("");
    if (texts_.backend == "")
      throw Error(ErrorCode::invalid_argument, "--backend is empty: write bluez, sim or sim:FILE");
    const auto make = make_.at(app_.get_subcommands().front());
    return Invocation{options_, make()};
  }

 private:
  CLI::App* add_command(const char* name, const char* what, std::function<Command()> make) {
    auto* command = app_.add_subcommand(name, what);
    make_.emplace(command, std::move(make));
    return command;
  }

  CLI::Option* choose(CLI::Option* option, std::vector<std::string> words) {
    choices_.emplace(option, std::move(words));
    return option;
  }

  static CLI::Option* once(CLI::Option* option, const char* value_name) {
    return option->type_name(value_name)->type_size(1);
  }

  void add_global_options() {
    const auto backend = once(
        app_.add_option("--backend", texts_.backend,
                        "bluez, sim, or sim:FILE for a world of your own (default: $BLAU_BACKEND, else this system's)"),
        "NAME");
    choose(backend, {"bluez", "sim", "sim:FILE"});
    once(app_.add_option("--adapter", options_.adapter,
                         "The adapter to use, by name or address (default: the first usable one)"),
         "NAME");
    once(app_.add_option("--timeout", texts_.timeout,
                         "Limits the search for a device, connecting, and each request (default: 10, requests 30)"),
         "SECONDS");
    app_.add_flag("--json", options_.json, "Print one JSON object a line, and nothing else");
    app_.add_flag("-v,--verbose", options_.verbose, "Print the library's log to standard error");
  }

  void add_adapters() {
    add_command("adapters", "List the Bluetooth adapters of this machine", [] { return AdaptersCommand(); });
  }

  void add_scan() {
    auto* scan = add_command("scan", "List the devices that advertise near by", [this] { return scan_command(); });
    once(scan->add_option("--seconds", texts_.seconds, "How long to listen (default: 5)"), "S");
    scan->add_flag("--passive", texts_.passive, "Only listen, do not ask for scan responses");
    once(scan->add_option("--pattern", texts_.patterns,
                          "With --passive: only what holds these bytes, TYPE:OFFSET:HEX; may be given again"),
         "P")
        ->allow_extra_args(false);
    once(scan->add_option("--service", texts_.services,
                          "Only devices that advertise this service, by UUID or name; may be given again"),
         "UUID")
        ->allow_extra_args(false);
    once(scan->add_option("--name", texts_.name, "Only devices whose name contains this text"), "TEXT");
    once(scan->add_option("--rssi", texts_.rssi, "Only devices received at least this strongly, in dBm"), "MIN");
    scan->footer(scan_help);
  }

  void add_device(CLI::App* command) {
    once(command->add_option("DEVICE", texts_.device, "Address or name")->required(), "")->option_text(" ");
  }
  void add_characteristic(CLI::App* command) {
    once(command->add_option("CHAR", texts_.characteristic, "UUID, assigned name or handle (#0x13)")->required(), "")
        ->option_text(" ");
  }
  void add_descriptor(CLI::App* command, const char* what) {
    once(command->add_option("--descriptor", texts_.descriptor, what), "D");
  }
  void add_format(CLI::App* command) {
    const auto format =
        once(command->add_option("--format", texts_.format, "How to print values: hex (default), text, u8, i16le, ..."),
             "F");
    choose(format, Format::all_names());
  }

  void add_info() {
    auto* info = add_command("info", "List the services, characteristics and descriptors of a device",
                             [this] { return info_command(); });
    add_device(info);
    info->add_flag("--values", texts_.values,
                   "Read the values that can be read, too, and decode those of known formats");
    info->footer(info_help);
  }

  void add_read() {
    auto* read = add_command("read", "Read a value", [this] { return read_command(); });
    add_device(read);
    add_characteristic(read);
    add_descriptor(read, "Read this descriptor of the characteristic instead: UUID, assigned name or handle");
    add_format(read);
    read->footer(read_help);
  }

  void add_write() {
    auto* write = add_command("write", "Write a value", [this] { return write_command(); });
    add_device(write);
    add_characteristic(write);
    once(write->add_option("VALUE", texts_.value, "What to write: hexadecimal digits, or F:VALUE in another format")
             ->required(),
         "")
        ->option_text(" ");
    add_descriptor(write, "Write this descriptor of the characteristic instead: UUID, assigned name or handle");
    write->add_flag("--no-response", texts_.no_response, "Do not ask the device to confirm");
    write->add_flag("--reliable", texts_.reliable,
                    "Let the device return what it was sent, and take it if that is right");
    write->footer(write_help);
  }

  void add_notify() {
    auto* notify = add_command("notify", "Print values as the device sends them", [this] { return notify_command(); });
    add_device(notify);
    once(notify->add_option("CHAR", texts_.characteristics, "UUIDs, assigned names or handles (#0x13)")->required(), "")
        ->option_text(" ");
    once(notify->add_option("--count", texts_.count, "End after so many values"), "N");
    once(notify->add_option("--seconds", texts_.seconds, "End after this time"), "S");
    add_format(notify);
    notify->footer(notify_help);
  }

  void add_pair() {
    auto* pair = add_command("pair", "Pair with a device", [this] { return pair_command(); });
    add_device(pair);
    once(pair->add_option("--passkey", texts_.passkey, "The passkey that the device shows, or that is typed on both"),
         "N");
    pair->add_flag("--yes", texts_.yes, "Agree to pair without any check (Just Works); never agrees to a number");
    pair->footer(pair_help);
    auto* unpair = add_command("unpair", "Remove the pairing with a device", [this] { return unpair_command(); });
    add_device(unpair);
    unpair->footer(unpair_help);
  }

  void add_documents() {
    completion_ = app_.add_subcommand("completion", "Print the script that completes commands and options in a shell");
    const auto shell = once(completion_->add_option("SHELL", texts_.shell, "bash, zsh or fish")->required(), "");
    choose(shell->option_text(" "), {"bash", "zsh", "fish"});
    completion_->footer(completion_help);
    manual_ = app_.add_subcommand("manual", "Print the page of the manual, for man")->group("");
  }

  Command scan_command() const {
    ScanCommand scan;
    if (texts_.seconds) scan.time = parse_seconds("--seconds", *texts_.seconds);
    scan.passive = texts_.passive;
    for (const auto& pattern : texts_.patterns) scan.patterns.push_back(parse_pattern(pattern));
    if (!scan.passive && !scan.patterns.empty())
      throw Error(ErrorCode::invalid_argument, "--pattern is for passive scans: add --passive");
    for (const auto& service : texts_.services) scan.services.push_back(parse_service(service));
    scan.name = texts_.name;
    if (texts_.rssi) scan.rssi = static_cast<std::int16_t>(parse_number("--rssi", *texts_.rssi, -127, 20));
    return scan;
  }

  Command info_command() const { return InfoCommand{parse_device(texts_.device), texts_.values}; }

  Command read_command() const {
    return ReadCommand{parse_device(texts_.device), parse_characteristic(texts_.characteristic), descriptor(),
                       format()};
  }

  Command write_command() const {
    if (texts_.no_response && texts_.descriptor)
      throw Error(ErrorCode::invalid_argument, "a descriptor is always written with response: leave out --no-response");
    if (texts_.reliable && (texts_.descriptor || texts_.no_response))
      throw Error(ErrorCode::invalid_argument,
                  "--reliable is for values of characteristics, and always with response: leave out --descriptor and "
                  "--no-response");
    return WriteCommand{parse_device(texts_.device),
                        parse_characteristic(texts_.characteristic),
                        descriptor(),
                        parse_value(texts_.value),
                        texts_.no_response,
                        texts_.reliable};
  }

  Command notify_command() const {
    NotifyCommand notify{parse_device(texts_.device), {}, {}, {}, format()};
    for (const auto& text : texts_.characteristics) notify.characteristics.push_back(parse_characteristic(text));
    constexpr auto most = std::numeric_limits<std::int64_t>::max();
    if (texts_.count) notify.count = static_cast<std::uint64_t>(parse_number("--count", *texts_.count, 1, most));
    if (texts_.seconds) notify.time = parse_seconds("--seconds", *texts_.seconds);
    return notify;
  }

  Command pair_command() const {
    PairCommand pair{parse_device(texts_.device), {}, texts_.yes};
    if (texts_.passkey) pair.passkey = parse_passkey("--passkey", *texts_.passkey);
    return pair;
  }

  Command unpair_command() const { return UnpairCommand{parse_device(texts_.device)}; }

  std::optional<AttributeArgument> descriptor() const {
    if (!texts_.descriptor) return std::nullopt;
    return parse_descriptor(*texts_.descriptor);
  }
  Format format() const { return texts_.format ? Format(*texts_.format) : Format(); }

  CLI::App app_;
  GlobalOptions options_;
  Texts texts_;
  Choices choices_;
  CLI::App *completion_ = nullptr, *manual_ = nullptr;
  std::map<const CLI::App*, std::function<Command()>> make_;
};

/// `adapters, scan or info`.
std::string commands_in_words(const CLI::App& app) {
  const auto commands = surface_of(app, {}).commands;
  std::string words;
  for (const auto& command : commands) {
    const bool last = &command == &commands.back();
    words.append(words.empty() ? "" : last ? " or " : ", ").append(command.name);
  }
  return words;
}

/// CLI11's message with what to do about it.
std::string complaint(CLI::App& app, const CLI::ParseError& error) {
  const auto chosen = app.get_subcommands();
  const std::string help = chosen.empty() ? "`blau --help`" : "`blau " + chosen.front()->get_name() + " --help`";
  const auto extras = app.remaining(true);
  const bool is_extra = dynamic_cast<const CLI::ExtrasError*>(&error) || chosen.empty();
  if (is_extra && !extras.empty()) {
    const bool is_command = chosen.empty() && !extras.front().starts_with('-');
    return in_quotes(extras.front()) + (is_command ? " is no command: " : " is not expected here: ") + help +
           " shows what there is";
  }
  if (chosen.empty() && dynamic_cast<const CLI::RequiredError*>(&error))
    return "say what to do: " + commands_in_words(app) + "; `blau --help` tells more";
  return std::string(error.what()) + ": " + help + " shows how to write it";
}

}  // namespace

std::variant<Invocation, NothingToRun> parse_command_line(int argc, const char* const* argv) {
  Parser parser;
  auto& app = parser.app();
  try {
    app.parse(argc, argv);
    if (auto document = parser.document()) return NothingToRun{std::move(*document), {}, ExitStatus::done};
    return parser.invocation();
  } catch (const CLI::CallForHelp&) {
    return NothingToRun{app.help(), {}, ExitStatus::done};
  } catch (const CLI::CallForVersion& version) {
    return NothingToRun{std::string(version.what()) + "\n", {}, ExitStatus::done};
  } catch (const CLI::ParseError& error) {
    return NothingToRun{{}, complaint(app, error), ExitStatus::usage};
  }
}

}  // namespace blau::cli
