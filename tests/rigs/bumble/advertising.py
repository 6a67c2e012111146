"""The bytes that a peripheral of a world file advertises."""

import uuid

import table

# Types of AD structures: Core Supplement Part A 1, numbers from Assigned Numbers 2.3. A list of UUIDs has the number
# before its own if it is not complete.
FLAGS, UUIDS_16, UUIDS_32, UUIDS_128, SHORT_NAME, NAME, TX_POWER = 0x01, 0x03, 0x05, 0x07, 0x08, 0x09, 0x0A
SERVICE_DATA_16, APPEARANCE, SERVICE_DATA_32, SERVICE_DATA_128, MANUFACTURER_DATA = 0x16, 0x19, 0x20, 0x21, 0xFF

# Of the PDUs that every controller knows, Core Vol 6 Part B 2.3.1.
MAX_PAYLOAD = 31
GENERAL_DISCOVERABLE_LE_ONLY = 0x06
# Its own services are not worth telling: everybody has them.
GENERIC_SERVICES = (table.full_uuid("1800"), table.full_uuid("1801"))


def payloads(peripheral: dict, path: list) -> tuple[bytes, bytes]:
    """Advertising data and scan response of a peripheral of the world; `path` leads to it."""
    air = peripheral.get("advertising", {})
    if air.get("extended", False):
        # See air.py.
        raise table.Fault([*path, "advertising", "extended"], "these controllers have no extended advertising")
    data = structures(air["data"]) if "data" in air else _default_data(peripheral)
    response = structures(air["scan_response"]) if "scan_response" in air else _default_response(peripheral)
    for member, payload in (("data", data), ("scan_response", response)):
        if len(payload) > MAX_PAYLOAD:
            raise table.Fault([*path, "advertising", member],
                              f"this takes {len(payload)} bytes; an advertising packet has room for {MAX_PAYLOAD}")
    if "flags" in air.get("scan_response", {}):
        # Core Supplement Part A 1.3.1.
        raise table.Fault([*path, "advertising", "scan_response", "flags"], "flags belong into data")
    return data, response


def _default_data(peripheral: dict) -> bytes:
    """Flags and services, as many as there is room for."""
    uuids = [table.full_uuid(item["uuid"]) for item in peripheral.get("services", []) if item.get("primary", True)]
    named = [uuid for uuid in dict.fromkeys(uuids) if uuid not in GENERIC_SERVICES]
    flags = structures({"flags": GENERAL_DISCOVERABLE_LE_ONLY})
    return flags + _uuid_lists(named, MAX_PAYLOAD - len(flags))


def _default_response(peripheral: dict) -> bytes:
    """The name, or what there is room for."""
    data = peripheral.get("advertising", {}).get("data", {})
    name = peripheral.get("name", "").encode()
    if not name or "local_name" in data or "short_name" in data:
        return b""
    room = MAX_PAYLOAD - 2
    if len(name) <= room:
        return _structure(NAME, name)
    # Not in the middle of a character.
    return _structure(SHORT_NAME, name[:room].decode(errors="ignore").encode())


def _structure(type_: int, content: bytes) -> bytes:
    # What is too long for one byte of length is too long for the packet as well, and refused there.
    return bytes([min(len(content) + 1, 255), type_]) + content


def structures(item: dict) -> bytes:
    """The AD structures of an `advertisement` of the schema."""
    out = b""
    if "flags" in item:
        out += _structure(FLAGS, bytes([item["flags"]]))
    out += _uuid_lists([table.full_uuid(text) for text in item.get("service_uuids", [])])
    for member, type_ in (("local_name", NAME), ("short_name", SHORT_NAME)):
        if member in item:
            out += _structure(type_, item[member].encode())
    if "tx_power" in item:
        out += _structure(TX_POWER, item["tx_power"].to_bytes(1, "little", signed=True))
    if "appearance" in item:
        out += _structure(APPEARANCE, item["appearance"].to_bytes(2, "little"))
    for company, value in item.get("manufacturer_data", {}).items():
        out += _structure(MANUFACTURER_DATA, int(company, 16).to_bytes(2, "little") + table.value_bytes(value))
    for text, value in item.get("service_data", {}).items():
        form, data = _uuid_form(table.full_uuid(text))
        type_ = {UUIDS_16: SERVICE_DATA_16, UUIDS_32: SERVICE_DATA_32, UUIDS_128: SERVICE_DATA_128}[form]
        out += _structure(type_, data + table.value_bytes(value))
    return out + bytes.fromhex(item.get("raw", ""))


def _uuid_lists(uuids: list[uuid.UUID], room: int | None = None) -> bytes:
    """A list for each length of UUID; what there is no room for is left out, and its list is marked as incomplete."""
    out = b""
    for form in (UUIDS_16, UUIDS_32, UUIDS_128):
        content, complete = b"", True
        for of_form, data in map(_uuid_form, uuids):
            if of_form != form:
                continue
            if room is not None and len(out) + 2 + len(content) + len(data) > room:
                complete = False
                continue
            content += data
        if content:
            out += _structure(form if complete else form - 1, content)
    return out


def _uuid_form(full: uuid.UUID) -> tuple[int, bytes]:
    """The list that a UUID belongs to, and its bytes there: unlike ATT, advertising has 32-bit UUIDs."""
    base = table.full_uuid("0000").int
    number = (full.int - base) >> 96
    if full.int - base != number << 96 or number < 0:
        return UUIDS_128, full.bytes[::-1]
    return (UUIDS_16, number.to_bytes(2, "little")) if number <= 0xFFFF else (UUIDS_32, number.to_bytes(4, "little"))
