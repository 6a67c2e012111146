#include "scan_view.hpp"

#include <blau/assigned.hpp>

#include <algorithm>
#include <array>
#include <cstdio>
#include <string>
#include <utility>

#include "arguments.hpp"
#include "json_lines.hpp"
#include "text.hpp"

namespace blau::cli {
namespace {

constexpr std::int16_t unknown_strength = -127;
constexpr std::size_t least_live_width = 40;

Cell strength_cell(std::int16_t rssi) {
  constexpr int strong = -65;
  constexpr int weak = -85;
  if (rssi == unknown_strength) return Cell("?", Style::dim);
  return Cell(std::to_string(rssi), rssi >= strong ? Style::green : rssi >= weak ? Style::yellow : Style::red);
}

Cell name_cell(const Advertisement& seen) {
  const auto& name = seen.device.name() ? seen.device.name() : seen.data.local_name;
  return name && !name->empty() ? Cell(*name, Style::bold) : Cell("(no name)", Style::dim);
}

std::string service_label(const Uuid& uuid) {
  const auto name = assigned::service_name(uuid);
  return name ? std::string(*name) : to_text(uuid);
}

std::string company_label(std::uint16_t company) {
  if (const auto name = assigned::company_name(company)) return std::string(*name);
  std::array<char, 8> buffer{};
  std::snprintf(buffer.data(), buffer.size(), "0x%04x", static_cast<unsigned>(company));
  return buffer.data();
}

/// What a device says of itself besides its name: services, then makers of its data.
std::string contents(const AdvertisementData& data) {
  std::vector<std::string> labels;
  for (const auto& uuid : data.service_uuids) labels.push_back(service_label(uuid));
  for (const auto& [uuid, bytes] : data.service_data)
    if (std::ranges::find(data.service_uuids, uuid) == data.service_uuids.end()) labels.push_back(service_label(uuid));
  for (const auto& [company, bytes] : data.manufacturer_data)
    labels.push_back(std::string("[").append(company_label(company)).append("]"));
  std::string text;
  for (const auto& label : labels) text.append(text.empty() ? "" : ", ").append(label);
  return text;
}

Table make_table(const std::vector<const Advertisement*>& devices) {
  Table table({{"ADDRESS"},
               {"RSSI", Column::Align::right},
               {"NAME", Column::Align::left, 12},
               {"SERVICES AND [MAKERS OF DATA]", Column::Align::left, 12}});
  for (const auto* const seen : devices)
    table.add({Cell(seen->device.address().to_string(), Style::cyan), strength_cell(seen->data.rssi), name_cell(*seen),
               contents(seen->data)});
  return table;
}

std::string heading(std::size_t devices, std::chrono::nanoseconds remaining) {
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(std::max(remaining, std::chrono::nanoseconds(0)));
  return "Scanning: " + counted(devices, "device", "devices") + ", " + std::to_string(seconds.count()) +
         " s left (Ctrl-C ends it)";
}

}  // namespace

// A terminal too narrow for the list would wrap its lines, and they could not be drawn over.
ScanView::ScanView(const Output& output)
    : output_(&output), live_(output.on_terminal() && output.width() >= least_live_width) {}

ScanView::~ScanView() {
  try {
    wipe();
  } catch (...) {  // NOLINT: nobody reads any more
  }
}

void ScanView::add(Advertisement seen) {
  changed_ = true;
  const auto [place, is_new] = places_.try_emplace(seen.device.address(), devices_.size());
  if (is_new) {
    devices_.push_back(std::move(seen));
  } else {
    devices_[place->second] = std::move(seen);
  }
}

void ScanView::wipe() {
  if (drawn_lines_ == 0) return;
  output_->write("\r\033[" + std::to_string(std::exchange(drawn_lines_, 0)) + "A\033[J");
}

void ScanView::draw(std::chrono::nanoseconds remaining) {
  const auto width = output_->width();
  std::vector<const Advertisement*> shown;
  for (const auto& device : devices_) shown.push_back(&device);
  // The heading, the titles, the line for the rest and the cursor's own need a line each.
  const auto room = std::max<std::size_t>(output_->height(), 5) - 4;
  const auto hidden = shown.size() > room ? shown.size() - room : 0;
  shown.resize(shown.size() - hidden);

  auto lines = make_table(shown).lines(width, output_->colour());
  lines.insert(lines.begin(), output_->styled(cut(heading(devices_.size(), remaining), width), Style::dim));
  if (hidden != 0) lines.push_back(output_->styled("and " + std::to_string(hidden) + " more", Style::dim));

  std::string picture;
  if (drawn_lines_ != 0) picture = "\r\033[" + std::to_string(drawn_lines_) + "A";
  for (const auto& line : lines) picture.append(line).append("\033[K\n");
  output_->write(picture.append("\033[J"));
  drawn_lines_ = lines.size();
  changed_ = false;
}

std::vector<const Advertisement*> ScanView::by_strength() const {
  std::vector<const Advertisement*> devices;
  for (const auto& device : devices_) devices.push_back(&device);
  // Equally strong ones stay in order of first sighting, which is that of their places in memory.
  std::ranges::sort(devices, {}, [](const auto* seen) { return std::pair(-seen->data.rssi, seen); });
  return devices;
}

void ScanView::finish() {
  wipe();
  if (output_->json()) {
    for (const auto* const seen : by_strength()) output_->line(to_json(*seen));
  } else if (!devices_.empty()) {
    output_->table(make_table(by_strength()));
  }
}

}  // namespace blau::cli
