"""A GATT table with its handles, from a peripheral of a world file. The order of attributes is the one that
docs/world.schema.json tells, so that every reader of the file gives the same handle to the same attribute."""

import uuid
from dataclasses import dataclass, field

PRIMARY_SERVICE, SECONDARY_SERVICE, INCLUDE, CHARACTERISTIC = 0x2800, 0x2801, 0x2802, 0x2803
EXTENDED_PROPERTIES, CLIENT_CONFIGURATION = 0x2900, 0x2902

# Bits of the declaration, Core Vol 3 Part G 3.3.1.1, and above them those of 0x2900, 3.3.3.1.
PROPERTIES = {"broadcast": 0x01, "read": 0x02, "write_without_response": 0x04, "write": 0x08, "notify": 0x10,
              "indicate": 0x20, "authenticated_signed_writes": 0x40, "reliable_write": 0x100, "writable_auxiliaries": 0x200}
NOTIFY, INDICATE = PROPERTIES["notify"], PROPERTIES["indicate"]
HAS_EXTENDED_PROPERTIES = 0x80

_BASE = uuid.UUID("00000000-0000-1000-8000-00805f9b34fb").int
_SECURITY = ("none", "encrypted", "authenticated")


class Fault(Exception):
    """What is wrong in a world, and the path to it."""

    def __init__(self, path: list, message: str):
        super().__init__(message)
        self.path = path
        self.message = message


@dataclass
class Attribute:
    """One row. `kind` is service, include, declaration, value, configuration or descriptor."""
    handle: int
    type: uuid.UUID
    kind: str
    value: bytes = b""
    max_length: int = 512
    readable: bool = True
    writable: bool = False
    # By prepared writes: a long one, or a reliable one.
    preparable: bool = False
    # By Write Command, that is without a response.
    commandable: bool = False
    read_security: str = "none"
    write_security: str = "none"
    read_error: int | None = None
    write_error: int | None = None
    read_delay_ms: int = 0
    write_delay_ms: int = 0
    # A service's last handle, else the attribute's own.
    group_end: int = 0
    # Of what belongs to a characteristic: its value's handle and its properties.
    value_handle: int = 0
    properties: int = 0
    # Of a value: what it notifies by itself, and where what is written to it is notified.
    schedule: tuple[int, list[bytes]] | None = None
    echo_to: int | None = None


def full_uuid(text: str) -> uuid.UUID:
    """From 4, 8 or 36 characters."""
    return uuid.UUID(text) if len(text) > 8 else uuid.UUID(int=_BASE + (int(text, 16) << 96))


def short_number(full: uuid.UUID) -> int | None:
    """The 16-bit number that stands for the UUID, if one does."""
    number = (full.int - _BASE) >> 96
    return number if full.int - _BASE == number << 96 and 0 <= number <= 0xFFFF else None


def uuid_bytes(full: uuid.UUID) -> bytes:
    """As ATT has it: two bytes or sixteen (Core Vol 3 Part F 3.2.1)."""
    number = short_number(full)
    return full.bytes[::-1] if number is None else number.to_bytes(2, "little")


def value_bytes(value) -> bytes:
    """Of a `value` of the schema."""
    if isinstance(value, str):
        return bytes.fromhex(value)
    if "text" in value:
        return value["text"].encode()
    return bytes.fromhex(value["repeat"]) * value["count"]


def property_bits(item: dict) -> int:
    return sum(PROPERTIES[name] for name in item["properties"])


def build(peripheral: dict, path: list) -> list[Attribute]:
    """The peripheral's attributes in the order of their handles. `path` leads to it in the world."""
    builder = _Builder()
    if peripheral.get("gap_service", True):
        builder.add_services(_generic_services(peripheral), path)
    builder.add_services(peripheral.get("services", []), [*path, "services"])
    return builder.rows


def build_service(rows: list[Attribute], free: int, item: dict, path: list) -> list[Attribute]:
    """One more service for a table: at its own handle, where there is room, or from `free` on."""
    builder = _Builder(first=min(item.get("handle", free), free))
    builder.add_services([item], path)
    first, last = builder.rows[0].handle, builder.rows[-1].handle
    if any(row.handle <= last and row.group_end >= first for row in rows if row.kind == "service"):
        raise Fault([*path, "handle"], f"handles {first} to {last} are not free")
    return builder.rows


def _generic_services(peripheral: dict) -> list[dict]:
    """Generic Access and Generic Attribute: nine handles."""
    appearance = peripheral.get("appearance", 0).to_bytes(2, "little").hex()
    return [
        {"uuid": "1800", "characteristics": [
            {"uuid": "2a00", "properties": ["read"], "value": {"text": peripheral.get("name", "")}},
            {"uuid": "2a01", "properties": ["read"], "value": appearance}]},
        {"uuid": "1801", "characteristics": [{"uuid": "2a05", "properties": ["indicate"]}]}]


@dataclass
class _Builder:
    rows: list[Attribute] = field(default_factory=list)
    first: int = 1

    def add_services(self, items: list[dict], path: list) -> None:
        placed = [self._add_service(item, [*path, number]) for number, item in enumerate(items)]
        for number, (row, item) in enumerate(zip(placed, items)):
            for place, position in enumerate(item.get("includes", [])):
                if position >= len(placed) or position == number:
                    raise Fault([*path, number, "includes", place], f"there is no other service at position {position}")
                self._fill_include(self._row(row.handle + 1 + place), placed[position])

    def _row(self, handle: int) -> Attribute:
        return next(row for row in self.rows if row.handle == handle)

    @staticmethod
    def _fill_include(row: Attribute, service: Attribute) -> None:
        row.value = service.handle.to_bytes(2, "little") + service.group_end.to_bytes(2, "little")
        # Core Vol 3 Part G 3.2: the UUID stands there only if it is a 16-bit one.
        if len(service.value) == 2:
            row.value += service.value

    def _add(self, handle: int | None, type_: int | uuid.UUID, kind: str, path: list) -> Attribute:
        free = self.rows[-1].handle + 1 if self.rows else self.first
        given = free if handle is None else handle
        if given < free:
            raise Fault([*path, "handle"], f"handle {given} lies below {free}, the next free one")
        if given > 0xFFFF:
            raise Fault(path, "the table has no handle left")
        type_ = type_ if isinstance(type_, uuid.UUID) else full_uuid(f"{type_:04x}")
        self.rows.append(Attribute(given, type_, kind, group_end=given))
        return self.rows[-1]

    def _add_service(self, item: dict, path: list) -> Attribute:
        row = self._add(item.get("handle"), PRIMARY_SERVICE if item.get("primary", True) else SECONDARY_SERVICE,
                        "service", path)
        row.value = uuid_bytes(full_uuid(item["uuid"]))
        for _ in item.get("includes", []):
            self._add(None, INCLUDE, "include", path)
        first = len(self.rows)
        characteristics = item.get("characteristics", [])
        for number, characteristic in enumerate(characteristics):
            self._add_characteristic(characteristic, [*path, "characteristics", number])
        row.group_end = self.rows[-1].handle
        self._connect_echoes(characteristics, self.rows[first:], [*path, "characteristics"])
        return row

    @staticmethod
    def _connect_echoes(items: list[dict], rows: list[Attribute], path: list) -> None:
        values = [row for row in rows if row.kind == "value"]
        for number, (item, row) in enumerate(zip(items, values)):
            if "echo_to" not in item:
                continue
            target = next((other for other in values if other.type == full_uuid(item["echo_to"])
                           and other.properties & (NOTIFY | INDICATE)), None)
            if target is None:
                raise Fault([*path, number, "echo_to"], "no such characteristic in this service that notifies")
            row.echo_to = target.handle

    def _add_characteristic(self, item: dict, path: list) -> None:
        declaration = self._add(item.get("handle"), CHARACTERISTIC, "declaration", path)
        bits = property_bits(item)
        declared = bits & 0xFF | (HAS_EXTENDED_PROPERTIES if bits >> 8 else 0)
        type_ = full_uuid(item["uuid"])
        row = self._add(None, type_, "value", path)
        declaration.value = bytes([declared]) + row.handle.to_bytes(2, "little") + uuid_bytes(type_)
        row.readable = bool(bits & PROPERTIES["read"])
        row.writable = bool(bits & PROPERTIES["write"])
        row.preparable = bool(bits & (PROPERTIES["write"] | PROPERTIES["reliable_write"]))
        row.commandable = bool(bits & PROPERTIES["write_without_response"])
        _fill(row, item, path)
        row.read_delay_ms, row.write_delay_ms = item.get("read_delay_ms", 0), item.get("write_delay_ms", 0)
        if "notify" in item:
            row.schedule = item["notify"]["interval_ms"], [value_bytes(value) for value in item["notify"]["values"]]
        first = len(self.rows)
        self._add_descriptors(item, bits, path)
        for part in (declaration, *self.rows[first - 1:]):
            part.value_handle, part.properties = row.handle, bits

    def _add_descriptors(self, item: dict, bits: int, path: list) -> None:
        listed = item.get("descriptors", [])
        types = [full_uuid(descriptor["uuid"]) for descriptor in listed]
        if bits & (NOTIFY | INDICATE) and full_uuid("2902") not in types:
            self._add_configuration(item, {}, path)
        if bits >> 8 and full_uuid("2900") not in types:
            self._add(None, EXTENDED_PROPERTIES, "descriptor", path).value = (bits >> 8).to_bytes(2, "little")
        for number, (descriptor, type_) in enumerate(zip(listed, types)):
            place = [*path, "descriptors", number]
            if type_ == full_uuid("2902"):
                self._add_configuration(item, descriptor, place)
                continue
            row = self._add(descriptor.get("handle"), type_, "descriptor", place)
            row.writable = row.preparable = descriptor.get("writable", False)
            _fill(row, descriptor, place)

    def _add_configuration(self, item: dict, descriptor: dict, path: list) -> None:
        row = self._add(descriptor.get("handle"), CLIENT_CONFIGURATION, "configuration", path)
        _fill(row, descriptor, path)
        row.writable, row.preparable, row.max_length = True, True, 2
        # Core Vol 3 Part G 3.3.3.3: always readable; only writing may demand a secure link.
        row.write_security = max(item.get("security", "none"), row.write_security, key=_SECURITY.index)
        row.read_security = "none"


def _fill(row: Attribute, item: dict, path: list) -> None:
    """What characteristics and descriptors have in common."""
    row.value = value_bytes(item.get("value", ""))
    row.max_length = item.get("max_length", 512)
    if len(row.value) > row.max_length:
        raise Fault([*path, "value"], f"{len(row.value)} bytes, more than max_length ({row.max_length})")
    row.read_security = row.write_security = item.get("security", "none")
    row.read_error, row.write_error = item.get("read_error"), item.get("write_error")
