#pragma once

#include <blau/bytes.hpp>
#include <blau/uuid.hpp>

#include <optional>
#include <string>

namespace blau::cli {

/// What the value of a characteristic means, as the Bluetooth SIG has laid down its format (GATT Specification Supplement):
/// `87 %` for `57` of Battery Level. One printable line. Empty for characteristics that have no such format or whose format is
/// not known here, and for values that do not keep to it.
[[nodiscard]] std::optional<std::string> decoded(const Uuid& characteristic, ByteView value);

}  // namespace blau::cli
