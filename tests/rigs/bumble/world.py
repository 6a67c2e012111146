"""Reads a world file: JSON as docs/world.schema.json describes it, checked, with every default filled in.

A fault is told with the file, the line and the path of the member that is wrong. What the schema cannot say (handles that
do not rise, a service that is included but not there, advertising data too long for the air) is checked here too.
"""

import functools
import json
import re
from dataclasses import dataclass, field
from pathlib import Path

import jsonschema

import advertising
import pairing
import table

SCHEMA = Path(__file__).resolve().parents[3] / "docs/world.schema.json"


class WorldError(Exception):
    """A world file that cannot be used: `file:line: path: what is wrong`."""


@dataclass
class Adapter:
    name: str
    address: str
    powered: bool = True
    blocked: bool = False
    central: bool = True


@dataclass
class Peripheral:
    address: str
    random_address: bool
    name: str | None
    appearance: int
    mtu: int
    rssi: int
    rssi_noise: int
    # None: as fast as it goes. The file's own defaults model a radio; a real stack brings a latency of its own.
    connect_ms: int | None
    latency_ms: int | None
    drop_link_after_ms: int | None
    advertise: bool
    connectable: bool
    interval_ms: int
    advertising_data: bytes
    scan_response: bytes
    pairing: pairing.Pairing
    table: list[table.Attribute]
    services: list[dict] = field(repr=False)


@dataclass
class World:
    seed: int
    adapters: list[Adapter]
    peripherals: list[Peripheral]


@functools.cache
def _validator() -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text()))


def load(path: Path) -> World:
    """The world in the file; WorldError if there is none."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise WorldError(f"{path}: {error}") from error
    return parse(text, str(path))


def parse(text: str, file: str = "world") -> World:
    """The world in the text; `file` is what errors call it."""
    try:
        data = json.loads(text, object_pairs_hook=_no_duplicates)
    except json.JSONDecodeError as error:
        raise WorldError(f"{file}:{error.lineno}: not JSON: {error.msg} (column {error.colno})") from error
    except ValueError as error:
        raise WorldError(f"{file}: {error}") from error
    fault = _schema_fault(data)
    if fault:
        _fail(file, text, *fault)
    try:
        return _build(data)
    except table.Fault as error:
        _fail(file, text, error.path, error.message)


def _no_duplicates(pairs: list) -> dict:
    names = [name for name, _ in pairs]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise ValueError(f"member {twice!r} stands twice in one object")
    return dict(pairs)


def _schema_fault(data) -> tuple[list, str] | None:
    error = jsonschema.exceptions.best_match(_validator().iter_errors(data))
    if error is None:
        return None
    # Of `oneOf` the message repeats the whole value; the name of what was expected says more.
    what = error.message if len(error.message) <= 160 else f"{error.message[:160]}…"
    return list(error.absolute_path), what


def _fail(file: str, text: str, path: list, message: str):
    line = text.count("\n", 0, locate(text, path)) + 1
    raise WorldError(f"{file}:{line}: {path_text(path)}: {message}")


def path_text(path: list) -> str:
    """`peripherals[0].services[1].uuid`; the whole file is `world`."""
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return text.lstrip(".") or "world"


_SPACE = re.compile(r"[ \t\r\n]*")


def locate(text: str, path: list) -> int:
    """The offset in a valid JSON text at which the value at the path begins."""
    def skip(position: int) -> int:
        return _SPACE.match(text, position).end()

    decode = json.JSONDecoder().raw_decode
    position = skip(0)
    for step in path:
        seen = 0
        position = skip(position + 1)
        while True:
            name = seen
            if isinstance(step, str):
                name, position = decode(text, position)
                position = skip(skip(position) + 1)
            if name == step:
                break
            _, position = decode(text, position)
            position = skip(skip(position) + 1)
            seen += 1
    return position


def _build(data: dict) -> World:
    # A world that went well where something is to go wrong would be another one.
    for member in ("faults", "bluez_faults"):
        if data.get(member):
            raise table.Fault([member], "these peripherals play no faults: use the simulator or tests/rigs/fake_bluez")
    adapters = [_adapter(number, item) for number, item in enumerate(data.get("adapters", [{"name": "hci0"}]))]
    peripherals = [_peripheral(item, ["peripherals", number]) for number, item in enumerate(data.get("peripherals", []))]
    _reject_twins([adapter.name for adapter in adapters], "adapters", "name")
    _reject_twins([peripheral.address for peripheral in peripherals], "peripherals", "address",
                  [adapter.address for adapter in adapters])
    return World(data.get("seed", 1), adapters, peripherals)


def _reject_twins(values: list[str], group: str, member: str, others: list[str] | None = None) -> None:
    for number, value in enumerate(values):
        if value in values[:number] or value in (others or []):
            raise table.Fault([group, number, member], f"{value} is there twice")


def normal_address(text: str) -> str:
    return text.upper().replace("-", ":")


def _adapter(number: int, item: dict) -> Adapter:
    # Without an address of its own: one of the locally administered range.
    address = normal_address(item.get("address", f"02:00:00:00:00:{number + 1:02X}"))
    return Adapter(item["name"], address, item.get("powered", True), item.get("blocked", False), item.get("central", True))


def _peripheral(item: dict, path: list) -> Peripheral:
    address = normal_address(item["address"])
    # A random static address has its two highest bits set (Core Vol 6 Part B 1.3.2.1).
    random_address = item.get("address_type", "random" if int(address[:2], 16) >= 0xC0 else "public") == "random"
    _check_generic_services(item, path)
    air = item.get("advertising", {})
    data, scan_response = advertising.payloads(item, path)
    return Peripheral(
        address=address, random_address=random_address, name=item.get("name"), appearance=item.get("appearance", 0),
        mtu=item.get("mtu", 517), rssi=item.get("rssi", -60), rssi_noise=item.get("rssi_noise", 0),
        connect_ms=item.get("connect_ms"), latency_ms=item.get("latency_ms"),
        drop_link_after_ms=item.get("drop_link_after_ms"),
        advertise=air.get("enabled", True), connectable=air.get("connectable", True),
        interval_ms=air.get("interval_ms", 100), advertising_data=data, scan_response=scan_response,
        pairing=pairing.of(item.get("pairing", {})), table=table.build(item, path), services=item.get("services", []))


def _check_generic_services(item: dict, path: list) -> None:
    for number, service in enumerate(item.get("services", []) if item.get("gap_service", True) else []):
        if table.full_uuid(service["uuid"]) in advertising.GENERIC_SERVICES:
            raise table.Fault([*path, "services", number, "uuid"],
                              "this service is made by itself: leave it out, or set gap_service to false")
