// 9. Windows: the options of the seed documents. On other systems they are ignored.
#include <blau/blau.hpp>

blau::ClientOptions on_windows() {
  blau::ClientOptions options;
  options.winrt.address_type = blau::AddressType::random;
  options.winrt.use_cached_services = false;
  return options;
}
blau::Task<> windows_only(blau::Client& client) {
  co_await client.get_services(blau::DiscoveryOptions{.service_cache_mode = blau::CacheMode::uncached});
  co_await client.read_gatt_char("2a19", blau::ReadOptions{.use_cached = true});
  auto on_value = [](const blau::Characteristic&, blau::ByteView) {};
  co_await client.start_notify("2a05", on_value, blau::NotifyOptions{.force_indicate = true});
  co_await client.pair(blau::PairOptions{.protection_level = blau::ProtectionLevel::encryption_and_authentication});
}
