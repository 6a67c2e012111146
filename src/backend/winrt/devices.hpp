#pragma once

#include "async.hpp"

#include <blau/backend.hpp>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace blau::detail::windows {

// `done` is called unless the system ends before. `adapter`: the id that the devices get.

/// Devices that Windows holds a link to; with `services` only those of which it knows that they have one of these.
void list_connected(System& system, const std::string& adapter, const std::vector<Uuid>& services,
                    backend::Done<std::vector<Device>> done);
/// Devices that Windows has a bond with.
void list_paired(System& system, const std::string& adapter, backend::Done<std::vector<Device>> done);
/// The device of this address if it is in Windows' cache: then a connect needs no scan.
void find_cached(System& system, const std::string& adapter, const Address& address,
                 backend::Done<std::optional<Device>> done);

}  // namespace blau::detail::windows
