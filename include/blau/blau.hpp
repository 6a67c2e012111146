#pragma once

/// @file
/// The public API of Blau but for `blau/sim.hpp` and the adapters in `blau/interop/`.

/// @namespace blau
/// Scans, connects, reads, writes, listens: begin with `Scanner` and `Client`.

#include <blau/adapter.hpp>
#include <blau/address.hpp>
#include <blau/advertisement.hpp>
#include <blau/assigned.hpp>
#include <blau/backend.hpp>
#include <blau/bytes.hpp>
#include <blau/client.hpp>
#include <blau/device.hpp>
#include <blau/disconnection.hpp>
#include <blau/error.hpp>
#include <blau/event_loop.hpp>
#include <blau/executor.hpp>
#include <blau/gatt.hpp>
#include <blau/log.hpp>
#include <blau/modes.hpp>
#include <blau/operation.hpp>
#include <blau/pairing.hpp>
#include <blau/result.hpp>
#include <blau/scan_filter.hpp>
#include <blau/scanner.hpp>
#include <blau/stream.hpp>
#include <blau/task.hpp>
#include <blau/uuid.hpp>
#include <blau/when.hpp>
#include <blau/winrt.hpp>
