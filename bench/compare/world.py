"""The worlds that the clients meet."""

import json
from pathlib import Path

# Not of the conformance suite's numbers, so that nobody mistakes one for the other.
ADDRESS = "C4:BE:00:00:00:01"
NOTIFIES = "b1be0001-0000-4000-8000-00b1a0b1a0b1"
READS = "b1be0002-0000-4000-8000-00b1a0b1a0b1"
WRITES = "b1be0003-0000-4000-8000-00b1a0b1a0b1"


def _peripheral(address: str, name: str, latency_ms: int, services: list) -> dict:
    return {"address": address, "name": name, "connect_ms": 1, "latency_ms": latency_ms,
            "advertising": {"interval_ms": 50}, "services": services}


def values(latency_ms: int) -> dict:
    """One peripheral, with something to listen to, to read and to write."""
    characteristics = [
        {"uuid": NOTIFIES, "properties": ["notify"]},
        {"uuid": READS, "properties": ["read"], "value": {"repeat": "5a", "count": 20}},
        {"uuid": WRITES, "properties": ["write", "write_without_response"]},
    ]
    service = {"uuid": "b1be0000-0000-4000-8000-00b1a0b1a0b1", "characteristics": characteristics}
    return {"blau_world": 1, "peripherals": [_peripheral(ADDRESS, "Bench", latency_ms, [service])]}


def nobody() -> dict:
    """Only an adapter: the crowd comes by command."""
    return {"blau_world": 1, "peripherals": []}


def large(devices: int) -> dict:
    """Peripherals of 20 services with 5 characteristics each."""
    def uuid(service: int, characteristic: int) -> str:
        return f"b1bf{service:02x}{characteristic:02x}-0000-4000-8000-00b1a0b1a0b1"

    def services() -> list:
        return [{"uuid": uuid(s, 0),
                 "characteristics": [{"uuid": uuid(s, c), "properties": ["read", "notify"]} for c in range(1, 6)]}
                for s in range(20)]

    return {"blau_world": 1,
            "peripherals": [_peripheral(f"C4:BE:00:00:01:{i:02X}", f"Large {i}", 0, services()) for i in range(devices)]}


def write(world: dict, path: Path) -> Path:
    path.write_text(json.dumps(world, indent=1))
    return path
