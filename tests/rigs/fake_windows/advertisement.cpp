// BluetoothLEAdvertisement, and what it and its filters are made of.

#include "advertisement.hpp"

#include "factory.hpp"
#include "values.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace fake_windows {
namespace {

using namespace advertising;
using foundation::Collections::IVector;
using foundation::Collections::IVectorView;

class DataSection : public winrt::implements<DataSection, IBluetoothLEAdvertisementDataSection> {
 public:
  DataSection() = default;
  DataSection(std::uint8_t type, streams::IBuffer data) : type_(type), data_(std::move(data)) {}
  std::uint8_t DataType() const noexcept { return type_; }
  void DataType(std::uint8_t type) noexcept { type_ = type; }
  streams::IBuffer Data() const { return data_; }
  void Data(const streams::IBuffer& data) { data_ = data; }

 private:
  std::uint8_t type_ = 0;
  streams::IBuffer data_ = buffer_of({});
};

class ManufacturerData : public winrt::implements<ManufacturerData, IBluetoothLEManufacturerData> {
 public:
  ManufacturerData() = default;
  ManufacturerData(std::uint16_t company, streams::IBuffer data) : company_(company), data_(std::move(data)) {}
  std::uint16_t CompanyId() const noexcept { return company_; }
  void CompanyId(std::uint16_t company) noexcept { company_ = company; }
  streams::IBuffer Data() const { return data_; }
  void Data(const streams::IBuffer& data) { data_ = data; }

 private:
  std::uint16_t company_ = 0;
  streams::IBuffer data_ = buffer_of({});
};

class BytePattern : public winrt::implements<BytePattern, IBluetoothLEAdvertisementBytePattern> {
 public:
  BytePattern() = default;
  BytePattern(std::uint8_t type, std::int16_t offset, streams::IBuffer data)
      : type_(type), offset_(offset), data_(std::move(data)) {}
  std::uint8_t DataType() const noexcept { return type_; }
  void DataType(std::uint8_t type) noexcept { type_ = type; }
  std::int16_t Offset() const noexcept { return offset_; }
  void Offset(std::int16_t offset) noexcept { offset_ = offset; }
  streams::IBuffer Data() const { return data_; }
  void Data(const streams::IBuffer& data) { data_ = data; }

 private:
  std::uint8_t type_ = 0;
  std::int16_t offset_ = 0;
  streams::IBuffer data_ = buffer_of({});
};

class Advertisement : public winrt::implements<Advertisement, IBluetoothLEAdvertisement> {
 public:
  Advertisement() = default;
  explicit Advertisement(const std::vector<Section>& sections) {
    for (const auto& section : sections) take(section);
  }

  foundation::IReference<BluetoothLEAdvertisementFlags> Flags() const { return flags_; }
  void Flags(const foundation::IReference<BluetoothLEAdvertisementFlags>& flags) { flags_ = flags; }
  winrt::hstring LocalName() const { return name_; }
  void LocalName(const winrt::hstring& name) { name_ = name; }
  IVector<winrt::guid> ServiceUuids() const { return uuids_; }
  IVector<BluetoothLEManufacturerData> ManufacturerData() const { return manufacturers_; }
  IVector<BluetoothLEAdvertisementDataSection> DataSections() const { return sections_; }
  IVectorView<BluetoothLEManufacturerData> GetManufacturerDataByCompanyId(std::uint16_t company) const {
    auto found = winrt::single_threaded_vector<BluetoothLEManufacturerData>();
    for (const auto& data : manufacturers_)
      if (data.CompanyId() == company) found.Append(data);
    return found.GetView();
  }
  IVectorView<BluetoothLEAdvertisementDataSection> GetSectionsByType(std::uint8_t type) const {
    auto found = winrt::single_threaded_vector<BluetoothLEAdvertisementDataSection>();
    for (const auto& section : sections_)
      if (section.DataType() == type) found.Append(section);
    return found.GetView();
  }

 private:
  void take(const Section& section);
  void take_uuids(const blau::Bytes& data, std::size_t size);

  foundation::IReference<BluetoothLEAdvertisementFlags> flags_;
  winrt::hstring name_;
  IVector<winrt::guid> uuids_ = winrt::single_threaded_vector<winrt::guid>();
  IVector<BluetoothLEManufacturerData> manufacturers_ = winrt::single_threaded_vector<BluetoothLEManufacturerData>();
  IVector<BluetoothLEAdvertisementDataSection> sections_ =
      winrt::single_threaded_vector<BluetoothLEAdvertisementDataSection>();
};

void Advertisement::take_uuids(const blau::Bytes& data, std::size_t size) {
  for (std::size_t at = 0; at + size <= data.size(); at += size)
    if (const auto uuid = blau::Uuid::from_little_endian(data.data() + at, size)) uuids_.Append(guid_of(*uuid));
}

void Advertisement::take(const Section& section) {
  const auto& data = section.data;
  sections_.Append(winrt::make<DataSection>(section.type, buffer_of(data)).as<BluetoothLEAdvertisementDataSection>());
  switch (section.type) {
    case 0x01:
      if (!data.empty()) flags_ = boxed<BluetoothLEAdvertisementFlags>(BluetoothLEAdvertisementFlags(data[0]));
      return;
    case 0x02:
    case 0x03: return take_uuids(data, 2);
    case 0x04:
    case 0x05: return take_uuids(data, 4);
    case 0x06:
    case 0x07: return take_uuids(data, 16);
    case 0x08:
      if (!name_.empty()) return;
      [[fallthrough]];
    case 0x09: name_ = winrt::to_hstring(std::string(data.begin(), data.end())); return;
    case 0xff: {
      if (data.size() < 2) return;
      const auto company = static_cast<std::uint16_t>(data[0] | data[1] << 8);
      const auto rest = buffer_of(blau::ByteView(data).subspan(2));
      manufacturers_.Append(
          winrt::make<fake_windows::ManufacturerData>(company, rest).as<BluetoothLEManufacturerData>());
      return;
    }
    default: return;
  }
}

class Filter : public winrt::implements<Filter, IBluetoothLEAdvertisementFilter> {
 public:
  BluetoothLEAdvertisement Advertisement() const { return advertisement_; }
  void Advertisement(const BluetoothLEAdvertisement& advertisement) { advertisement_ = advertisement; }
  IVector<BluetoothLEAdvertisementBytePattern> BytePatterns() const { return patterns_; }

 private:
  BluetoothLEAdvertisement advertisement_ = winrt::make<fake_windows::Advertisement>().as<BluetoothLEAdvertisement>();
  IVector<BluetoothLEAdvertisementBytePattern> patterns_ =
      winrt::single_threaded_vector<BluetoothLEAdvertisementBytePattern>();
};

class SignalFilter : public winrt::implements<SignalFilter, bluetooth::IBluetoothSignalStrengthFilter> {
 public:
  using Strength = foundation::IReference<std::int16_t>;
  using Time = foundation::IReference<foundation::TimeSpan>;
  Strength InRangeThresholdInDBm() const { return in_; }
  void InRangeThresholdInDBm(const Strength& value) { in_ = value; }
  Strength OutOfRangeThresholdInDBm() const { return out_; }
  void OutOfRangeThresholdInDBm(const Strength& value) { out_ = value; }
  Time OutOfRangeTimeout() const { return timeout_; }
  void OutOfRangeTimeout(const Time& value) { timeout_ = value; }
  Time SamplingInterval() const { return sampling_; }
  void SamplingInterval(const Time& value) { sampling_ = value; }

 private:
  Strength in_, out_;
  Time timeout_, sampling_;
};

/// A class that is made with arguments, too.
class SectionFactory : public winrt::implements<SectionFactory, foundation::IActivationFactory,
                                                IBluetoothLEAdvertisementDataSectionFactory> {
 public:
  foundation::IInspectable ActivateInstance() const {
    return winrt::make<DataSection>().as<foundation::IInspectable>();
  }
  BluetoothLEAdvertisementDataSection Create(std::uint8_t type, const streams::IBuffer& data) const {
    return winrt::make<DataSection>(type, data).as<BluetoothLEAdvertisementDataSection>();
  }
};

class ManufacturerFactory : public winrt::implements<ManufacturerFactory, foundation::IActivationFactory,
                                                     IBluetoothLEManufacturerDataFactory> {
 public:
  foundation::IInspectable ActivateInstance() const {
    return winrt::make<ManufacturerData>().as<foundation::IInspectable>();
  }
  BluetoothLEManufacturerData Create(std::uint16_t company, const streams::IBuffer& data) const {
    return winrt::make<ManufacturerData>(company, data).as<BluetoothLEManufacturerData>();
  }
};

class PatternFactory : public winrt::implements<PatternFactory, foundation::IActivationFactory,
                                                IBluetoothLEAdvertisementBytePatternFactory> {
 public:
  foundation::IInspectable ActivateInstance() const {
    return winrt::make<BytePattern>().as<foundation::IInspectable>();
  }
  BluetoothLEAdvertisementBytePattern Create(std::uint8_t type, std::int16_t offset,
                                             const streams::IBuffer& data) const {
    return winrt::make<BytePattern>(type, offset, data).as<BluetoothLEAdvertisementBytePattern>();
  }
};

bool holds_section(const std::vector<Section>& sections, std::uint8_t type, const blau::Bytes& data) {
  return std::ranges::any_of(sections, [&](const Section& s) { return s.type == type && s.data == data; });
}

bool holds_pattern(const std::vector<Section>& sections, const BluetoothLEAdvertisementBytePattern& pattern) {
  const auto wanted = bytes_of(pattern.Data());
  const auto offset = static_cast<std::size_t>(pattern.Offset());
  return std::ranges::any_of(sections, [&](const Section& s) {
    if (s.type != pattern.DataType() || s.data.size() < offset + wanted.size()) return false;
    return std::equal(wanted.begin(), wanted.end(), s.data.begin() + static_cast<std::ptrdiff_t>(offset));
  });
}

bool holds_company(const BluetoothLEAdvertisement& packet, const BluetoothLEManufacturerData& wanted) {
  const auto data = bytes_of(wanted.Data());
  for (const auto& found : packet.GetManufacturerDataByCompanyId(wanted.CompanyId()))
    if (data.empty() || bytes_of(found.Data()) == data) return true;
  return false;
}

}  // namespace

std::vector<Section> sections_of(blau::ByteView raw) {
  std::vector<Section> found;
  for (std::size_t at = 0; at < raw.size() && raw[at] != 0; at += 1U + raw[at]) {
    if (at + 1 + raw[at] > raw.size()) break;
    const auto data = raw.subspan(at + 2, raw[at] - 1U);
    found.push_back({raw[at + 1], blau::Bytes(data.begin(), data.end())});
  }
  return found;
}

BluetoothLEAdvertisement advertisement_of(const std::vector<Section>& sections) {
  return winrt::make<Advertisement>(sections).as<BluetoothLEAdvertisement>();
}

bool passes(const std::vector<Section>& sections, const BluetoothLEAdvertisementFilter& filter) {
  if (!filter) return true;
  const auto packet = advertisement_of(sections);
  const auto wanted = filter.Advertisement();
  if (wanted.Flags() && (!packet.Flags() || packet.Flags().Value() != wanted.Flags().Value())) return false;
  if (!wanted.LocalName().empty() && packet.LocalName() != wanted.LocalName()) return false;
  std::uint32_t index = 0;
  for (const auto& uuid : wanted.ServiceUuids())
    if (!packet.ServiceUuids().IndexOf(uuid, index)) return false;
  for (const auto& company : wanted.ManufacturerData())
    if (!holds_company(packet, company)) return false;
  for (const auto& section : wanted.DataSections())
    if (!holds_section(sections, section.DataType(), bytes_of(section.Data()))) return false;
  for (const auto& pattern : filter.BytePatterns())
    if (!holds_pattern(sections, pattern)) return false;
  return true;
}

BluetoothLEAdvertisementFilter make_advertisement_filter() {
  return winrt::make<Filter>().as<BluetoothLEAdvertisementFilter>();
}
bluetooth::BluetoothSignalStrengthFilter make_signal_strength_filter() {
  return winrt::make<SignalFilter>().as<bluetooth::BluetoothSignalStrengthFilter>();
}

foundation::IInspectable advertisement_factory() {
  return winrt::make<PlainFactory<Advertisement>>().as<foundation::IInspectable>();
}
foundation::IInspectable section_factory() { return winrt::make<SectionFactory>().as<foundation::IInspectable>(); }
foundation::IInspectable manufacturer_data_factory() {
  return winrt::make<ManufacturerFactory>().as<foundation::IInspectable>();
}
foundation::IInspectable byte_pattern_factory() { return winrt::make<PatternFactory>().as<foundation::IInspectable>(); }
foundation::IInspectable advertisement_filter_factory() {
  return winrt::make<PlainFactory<Filter>>().as<foundation::IInspectable>();
}
foundation::IInspectable signal_strength_filter_factory() {
  return winrt::make<PlainFactory<SignalFilter>>().as<foundation::IInspectable>();
}

}  // namespace fake_windows
