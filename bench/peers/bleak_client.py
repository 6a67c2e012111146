"""Bleak."""

import asyncio
import sys

from bleak import BleakClient, BleakScanner

from measured import Arguments, Measurement, Repetitions, Values, refuse, say_ready


async def notify(arguments: Arguments) -> None:
    async with BleakClient(arguments.text("address")) as client:
        values = Values(arguments)
        done = asyncio.Event()

        def on_value(_, value: bytearray) -> None:
            if values.take(value):
                done.set()

        by_signals = arguments.text("path") == "signals"
        await client.start_notify(arguments.text("uuid"), on_value, bluez={"use_start_notify": by_signals})
        say_ready()
        await done.wait()
        values.print()


async def read(arguments: Arguments) -> None:
    async with BleakClient(arguments.text("address")) as client:
        characteristic = client.services.get_characteristic(arguments.text("uuid"))
        repetitions = Repetitions(arguments)
        while repetitions.next():
            await client.read_gatt_char(characteristic)
        repetitions.print()


async def write(arguments: Arguments) -> None:
    response = arguments.workload == "write"
    async with BleakClient(arguments.text("address")) as client:
        characteristic = client.services.get_characteristic(arguments.text("uuid"))
        payload = bytes([0x5A] * 20)
        repetitions = Repetitions(arguments)
        while repetitions.next():
            await client.write_gatt_char(characteristic, payload, response=response)
        repetitions.print()


async def advertise(arguments: Arguments) -> None:
    repetitions = Repetitions(arguments)
    done = asyncio.Event()

    def on_detection(_device, _data) -> None:
        if not repetitions.next():
            done.set()

    # What the others have anyway: each advertisement, also one that tells nothing new.
    filters = {"filters": {"DuplicateData": True}}
    async with BleakScanner(detection_callback=on_detection, bluez=filters):
        say_ready()
        await done.wait()
    repetitions.print()


async def connect(arguments: Arguments) -> None:
    devices = await BleakScanner.discover(timeout=1)
    if len(devices) != arguments.number("devices"):
        refuse(f"saw {len(devices)} devices")
    measurement = Measurement()
    clients = [BleakClient(device) for device in devices]
    for number, client in enumerate(clients):
        measured = number >= arguments.number("warm")
        if measured:
            measurement.begin()
        await client.connect()
        found = len(client.services.characteristics)
        if measured:
            measurement.end()
            measurement.count += 1
        if found < 100:
            refuse(f"found {found} characteristics")
    measurement.print()


if __name__ == "__main__":
    asked = Arguments(sys.argv)
    workloads = {"notify": notify, "read": read, "write": write, "write_command": write, "advertise": advertise,
                 "connect": connect}
    asyncio.run(workloads[asked.workload](asked))
