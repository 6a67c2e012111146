"""The bytes that a peripheral of a world file advertises."""

import uuid

import table

# Types of AD structures: Core Supplement Part A 1, numbers from Assigned Numbers 2.3.
FLAGS, UUIDS_16, UUIDS_32, UUIDS_128, SHORT_NAME, NAME, TX_POWER = 0x01, 0x03, 0x05, 0x07, 0x08, 0x09, 0x0A
SERVICE_DATA_16, APPEARANCE, SERVICE_DATA_32, SERVICE_DATA_128, MANUFACTURER_DATA = 0x16, 0x19, 0x20, 0x21, 0xFF

# Of the PDUs that every controller knows, Core Vol 6 Part B 2.3.1.
MAX_PAYLOAD = 31
GENERAL_DISCOVERABLE_LE_ONLY = 0x06


def payloads(peripheral: dict, path: list) -> tuple[bytes, bytes]:
    """Advertising data and scan response of a peripheral of the world; `path` leads to it."""
    air = peripheral.get("advertising", {})
    if "data" not in air and "scan_response" not in air:
        return _unasked(peripheral, path)
    data, response = dict(air.get("data", {})), dict(air.get("scan_response", {}))
    if "data" not in air:
        data["flags"] = GENERAL_DISCOVERABLE_LE_ONLY
    # The device name is advertised unless the file says otherwise, where there is room for it.
    parts = [data, response]
    if "name" in peripheral and not any("local_name" in part or "short_name" in part for part in parts):
        fits = next((part for part in parts if len(structures({**part, "local_name": peripheral["name"]})) <= MAX_PAYLOAD),
                    None)
        if fits is not None:
            fits["local_name"] = peripheral["name"]
    return (_checked(structures(data), [*path, "advertising", "data"] if "data" in air else path),
            _checked(structures(response), [*path, "advertising", "scan_response"] if "scan_response" in air else path))


def _unasked(peripheral: dict, path: list) -> tuple[bytes, bytes]:
    """Name and services; what does not fit goes into the scan response."""
    services = [service["uuid"] for service in peripheral.get("services", []) if service.get("primary", True)]
    data = structures({"flags": GENERAL_DISCOVERABLE_LE_ONLY, "service_uuids": services})
    name = structures({"local_name": peripheral["name"]}) if "name" in peripheral else b""
    if len(data) > MAX_PAYLOAD:
        raise table.Fault(path, f"its services do not fit into {MAX_PAYLOAD} bytes of advertising data: "
                                "say in `advertising` what it advertises")
    if len(data) + len(name) <= MAX_PAYLOAD:
        return data + name, b""
    return data, _checked(name, path)


def _checked(payload: bytes, path: list) -> bytes:
    if len(payload) > MAX_PAYLOAD:
        raise table.Fault(path, f"{len(payload)} bytes of advertising data; the air has room for {MAX_PAYLOAD}")
    return payload


def structures(item: dict) -> bytes:
    """The AD structures of an `advertisement` of the schema."""
    parts = []
    if "flags" in item:
        parts.append((FLAGS, bytes([item["flags"]])))
    parts += _uuid_lists([table.full_uuid(text) for text in item.get("service_uuids", [])])
    for company, value in item.get("manufacturer_data", {}).items():
        parts.append((MANUFACTURER_DATA, int(company, 16).to_bytes(2, "little") + table.value_bytes(value)))
    for text, value in item.get("service_data", {}).items():
        form, data = _uuid_form(table.full_uuid(text))
        type_ = {UUIDS_16: SERVICE_DATA_16, UUIDS_32: SERVICE_DATA_32, UUIDS_128: SERVICE_DATA_128}[form]
        parts.append((type_, data + table.value_bytes(value)))
    if "tx_power" in item:
        parts.append((TX_POWER, item["tx_power"].to_bytes(1, "little", signed=True)))
    if "appearance" in item:
        parts.append((APPEARANCE, item["appearance"].to_bytes(2, "little")))
    for member, type_ in (("local_name", NAME), ("short_name", SHORT_NAME)):
        if member in item:
            parts.append((type_, item[member].encode()))
    return b"".join(bytes([len(data) + 1 & 0xFF, type_]) + data for type_, data in parts) + bytes.fromhex(item.get("raw", ""))


def _uuid_lists(uuids: list[uuid.UUID]) -> list[tuple[int, bytes]]:
    lists: dict[int, bytes] = {}
    for full in uuids:
        form, data = _uuid_form(full)
        lists[form] = lists.get(form, b"") + data
    return list(lists.items())


def _uuid_form(full: uuid.UUID) -> tuple[int, bytes]:
    """The list that a UUID belongs to, and its bytes there: unlike ATT, advertising has 32-bit UUIDs."""
    base = table.full_uuid("0000").int
    number = (full.int - base) >> 96
    if full.int - base != number << 96 or number < 0:
        return UUIDS_128, full.bytes[::-1]
    return (UUIDS_16, number.to_bytes(2, "little")) if number <= 0xFFFF else (UUIDS_32, number.to_bytes(4, "little"))
