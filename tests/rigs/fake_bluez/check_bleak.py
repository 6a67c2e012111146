#!/usr/bin/env python3
"""Bleak 3.1 on the fake bluetoothd: scan, connect, discover, read, write, notify, disconnect.

    python3 -m venv ENV && ENV/bin/pip install bleak==3.1.0
    tests/rigs/fake_bluez/run -- ENV/bin/python tests/rigs/fake_bluez/check_bleak.py

Ends with the line "N checks passed", or with the exception of the first that did not.
"""

import asyncio
import json
import os

from bleak import BleakClient, BleakScanner
from bleak.exc import BleakError

GATT = "C4:B1:A0:00:00:01"
TAG = "C4:B1:A0:00:00:02"
passed = 0


def own(number: int) -> str:
    return f"b1a0{number:04x}-0000-4000-8000-00b1a0b1a0b1"


def check(holds: bool, what: str) -> None:
    global passed
    if not holds:
        raise AssertionError(what)
    passed += 1


async def tell(**request) -> dict:
    """One command of the control socket."""
    reader, writer = await asyncio.open_unix_connection(os.environ["BLAU_RIG_CONTROL"])
    writer.write(json.dumps(request).encode() + b"\n")
    reply = json.loads(await reader.readline())
    writer.close()
    if not reply["ok"]:
        raise RuntimeError(reply["error"])
    return reply


async def scan() -> None:
    found = await BleakScanner.discover(timeout=1.0, return_adv=True)
    device, advertisement = found[TAG]
    check(device.name == "Blau Tag", "the name")
    check(advertisement.rssi == -70, "the strength")
    check(advertisement.manufacturer_data == {0x02E5: bytes([1, 2, 3, 4, 5]), 0xFFFF: bytes([0xA0, 0xA1])}, "companies")
    check(advertisement.tx_power == -4, "the power")
    check(await BleakScanner.find_device_by_address(GATT, timeout=5) is not None, "found by address")


async def read_and_write(client: BleakClient) -> None:
    check(await client.read_gatt_char(own(0x0102)) == b"\x2a", "a short value")
    check(len(await client.read_gatt_char(own(0x0106))) == 512, "a long value")
    await client.write_gatt_char(own(0x0203), bytes(range(200)), response=True)
    check(await client.read_gatt_char(own(0x0203)) == bytes(range(200)), "what was written by request")
    await client.write_gatt_char(own(0x0203), b"\x07", response=False)
    check(await client.read_gatt_char(own(0x0203)) == b"\x07", "what was written by command")
    descriptor = client.services.get_characteristic(own(0x0501)).get_descriptor("2901")
    check(await client.read_gatt_descriptor(descriptor.handle) == b"The first of two", "a descriptor")
    try:
        await client.read_gatt_char(own(0x0401))
        check(False, "an error of the peripheral")
    except BleakError as error:
        check("0x80" in str(error), f"its code, not {error}")


async def notify(client: BleakClient) -> None:
    values = asyncio.Queue()
    await client.start_notify(own(0x0305), lambda _, value: values.put_nowait(bytes(value)))
    sent = [bytes([number]) for number in range(100)]
    reply = await tell(command="notify", address=GATT, uuid=own(0x0305), values=[value.hex() for value in sent])
    check(reply["subscribers"] == 1, "one subscriber")
    got = [await asyncio.wait_for(values.get(), 10) for _ in sent]
    check(got == sent, "a burst of notifications")
    await client.stop_notify(own(0x0305))
    await tell(command="subscriptions", address=GATT, uuid=own(0x0305), count=0)
    indicated = asyncio.Queue()
    await client.start_notify(own(0x0302), lambda _, value: indicated.put_nowait(bytes(value)))
    check(await asyncio.wait_for(indicated.get(), 10) == b"\0", "an indication")


async def main() -> None:
    await scan()
    gone = asyncio.Event()
    async with BleakClient(GATT, disconnected_callback=lambda _: gone.set()) as client:
        # Bleak knows it only by a socket that it acquires for the purpose; its documentation names this way.
        await client._backend._acquire_mtu()
        check(client.mtu_size == 517, f"the MTU, not {client.mtu_size}")
        check(client.services.get_service("180d") is not None, "the services")
        await read_and_write(client)
        await notify(client)
        await tell(command="drop_link", address=GATT)
        await asyncio.wait_for(gone.wait(), 10)
        check(not client.is_connected, "a link that the peripheral ended")
    async with BleakClient(GATT) as client:
        check(await client.read_gatt_char(own(0x0102)) == b"\x2a", "a second link")
    await tell(command="connections", address=GATT, count=0)
    print(f"{passed} checks passed")


asyncio.run(main())
