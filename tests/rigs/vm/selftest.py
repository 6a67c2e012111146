#!/usr/bin/env python3
"""Proves the rig itself, inside the machine and without Blau: a small D-Bus client does with bluetoothd what the
conformance suite will do, against the peripherals of selftest.json.

    tests/rigs/vm/run --world tests/rigs/vm/selftest.json -- python3 tests/rigs/vm/selftest.py
"""

import asyncio
import json
import os
import sys
import time
import traceback

from dbus_fast import BusType, Message, MessageType, Variant
from dbus_fast.aio import MessageBus

BLUEZ = "org.bluez"
ADAPTER, DEVICE = "org.bluez.Adapter1", "org.bluez.Device1"
CHARACTERISTIC, DESCRIPTOR = "org.bluez.GattCharacteristic1", "org.bluez.GattDescriptor1"
PROPERTIES, OBJECTS = "org.freedesktop.DBus.Properties", "org.freedesktop.DBus.ObjectManager"
STRAP = "C0:FF:EE:00:00:01"
PUBLIC = "00:1B:DC:00:00:02"


class DBusError(Exception):
    def __init__(self, name: str, text: str):
        super().__init__(f"{name}: {text}")
        self.name = name
        self.text = text


class Objects:
    """bluetoothd's objects, followed by signals."""

    def __init__(self):
        self.all: dict[str, dict[str, dict]] = {}
        self.values: list[tuple[str, bytes]] = []
        self.disconnections: list[str] = []
        self._changed = asyncio.Condition()
        self._tasks = set()

    async def connect(self) -> None:
        self.bus = await MessageBus(bus_type=BusType.SYSTEM).connect()
        self.bus.add_message_handler(self._on_message)
        await self.call("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "AddMatch", "s",
                        f"type='signal',sender='{BLUEZ}'")
        self._merge((await self.call(BLUEZ, "/", OBJECTS, "GetManagedObjects"))[0])

    async def call(self, name, path, interface, member, signature="", *body):
        reply = await self.bus.call(Message(destination=name, path=path, interface=interface, member=member,
                                            signature=signature, body=list(body)))
        if reply.message_type == MessageType.ERROR:
            raise DBusError(reply.error_name, " ".join(map(str, reply.body)))
        return reply.body

    def _merge(self, objects: dict) -> None:
        for path, interfaces in objects.items():
            for interface, properties in interfaces.items():
                self.all.setdefault(path, {}).setdefault(interface, {}).update(
                    {name: variant.value for name, variant in properties.items()})

    def _on_message(self, message: Message) -> None:
        if message.message_type != MessageType.SIGNAL:
            return
        if message.member == "InterfacesAdded":
            self._merge({message.body[0]: message.body[1]})
        elif message.member == "InterfacesRemoved":
            for interface in message.body[1]:
                self.all.get(message.body[0], {}).pop(interface, None)
        elif message.member == "PropertiesChanged":
            self._on_properties(message.path, *message.body[:2])
        task = asyncio.create_task(self._tell())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _on_properties(self, path: str, interface: str, changed: dict) -> None:
        self._merge({path: {interface: changed}})
        if interface == CHARACTERISTIC and "Value" in changed:
            self.values.append((path, bytes(changed["Value"].value)))
        if interface == DEVICE and "Connected" in changed and not changed["Connected"].value:
            self.disconnections.append(path)

    async def _tell(self) -> None:
        async with self._changed:
            self._changed.notify_all()

    async def wait(self, reached, what: str, seconds: float = 30):
        async with self._changed:
            try:
                async with asyncio.timeout(seconds):
                    await self._changed.wait_for(reached)
            except TimeoutError as error:
                raise AssertionError(f"{what}: not within {seconds} s") from error

    def device(self, address: str) -> str | None:
        return next((path for path, interfaces in self.all.items()
                     if interfaces.get(DEVICE, {}).get("Address") == address), None)

    def under(self, device: str, interface: str, uuid: str) -> list[str]:
        return sorted(path for path, interfaces in self.all.items()
                      if path.startswith(device + "/") and interfaces.get(interface, {}).get("UUID") == uuid)


class Control:
    """The rig's control socket."""

    async def connect(self) -> None:
        self._reader, self._writer = await asyncio.open_unix_connection(os.environ["BLAU_RIG_CONTROL"])

    async def __call__(self, command: str, **members) -> dict:
        self._writer.write(json.dumps({"command": command} | members).encode() + b"\n")
        reply = json.loads(await self._reader.readline())
        assert reply["ok"], reply
        return reply


def full(number: str) -> str:
    return f"0000{number}-0000-1000-8000-00805f9b34fb"


def own(number: str) -> str:
    return f"f000{number}-0451-4000-b000-000000000000"


class Checks:
    """Each `check_…` is one case; they build on each other, in this order."""

    def __init__(self, objects: Objects, control: Control):
        self.o = objects
        self.control = control

    async def _scan(self, *addresses: str) -> None:
        adapter = next(path for path, interfaces in self.o.all.items() if ADAPTER in interfaces)
        await self.o.call(BLUEZ, adapter, ADAPTER, "SetDiscoveryFilter", "a{sv}",
                          {"Transport": Variant("s", "le"), "DuplicateData": Variant("b", True)})
        await self.o.call(BLUEZ, adapter, ADAPTER, "StartDiscovery")
        await self.o.wait(lambda: all(self.o.device(address) for address in addresses), f"found {addresses}")
        await self.o.call(BLUEZ, adapter, ADAPTER, "StopDiscovery")

    async def _connect(self, address: str) -> str:
        path = self.o.device(address)
        await self.o.call(BLUEZ, path, DEVICE, "Connect")
        await self.o.wait(lambda: self.o.all[path][DEVICE].get("ServicesResolved"), "services resolved")
        return path

    def _char(self, uuid: str, number: int = 0) -> str:
        return self.o.under(self.o.device(STRAP), CHARACTERISTIC, uuid)[number]

    async def _read(self, path: str, interface: str = CHARACTERISTIC) -> bytes:
        return bytes((await self.o.call(BLUEZ, path, interface, "ReadValue", "a{sv}", {}))[0])

    async def _write(self, path: str, value: bytes, kind: str = "request") -> None:
        await self.o.call(BLUEZ, path, CHARACTERISTIC, "WriteValue", "aya{sv}", value, {"type": Variant("s", kind)})

    async def check_scan(self) -> None:
        await self._scan(STRAP, PUBLIC)
        seen = self.o.all[self.o.device(STRAP)][DEVICE]
        assert seen["Name"] == "Strap" and seen["AddressType"] == "random", seen
        assert seen["UUIDs"] == [full("180d")], seen
        assert bytes(seen["ManufacturerData"][0x02E5].value) == b"\x01\x02", seen
        assert self.o.all[self.o.device(PUBLIC)][DEVICE]["AddressType"] == "public"

    async def check_connect(self) -> None:
        await self._connect(STRAP)
        assert len((await self.control("connections", address=STRAP, count=1))["connections"]) == 1

    async def check_handles(self) -> None:
        # The hexadecimal end of a path is the handle: of a declaration, and of a descriptor.
        assert self._char(own("aa01")).endswith("service0040/char0042"), self._char(own("aa01"))
        assert self._char(own("aa02"), 1).endswith("char0046")
        assert self.o.under(self.o.device(STRAP), DESCRIPTOR, full("2901"))[0].endswith("char0049/desc004b")

    async def check_long_value(self) -> None:
        assert await self._read(self._char(own("aa01"))) == b"\xab" * 512
        value = bytes(range(256)) * 2
        await self._write(self._char(own("aa01")), value)
        assert (await self.control("get_value", address=STRAP, uuid=own("aa01")))["value"] == value.hex()
        assert await self._read(self._char(own("aa01"))) == value

    async def check_write_command(self) -> None:
        await self._write(self._char(own("aa01")), b"\x07", "command")
        writes = (await self.control("writes", address=STRAP, uuid=own("aa01"), count=2))["writes"]
        assert writes[1] == {"handle": 67, "value": "07", "command": True}, writes

    async def check_att_error(self) -> None:
        try:
            await self._read(self._char(own("aa02")))
        except DBusError as error:
            assert "0x80" in error.text, error
        else:
            raise AssertionError("the read of an attribute with an error succeeded")

    async def check_lengths_around_the_mtu(self) -> None:
        for length in (0, 1, 21, 22, 23, 511, 512):
            value = "5a" * length
            await self.control("set_value", address=STRAP, uuid=own("aa01"), value=value)
            assert (await self._read(self._char(own("aa01")))).hex() == value, length

    async def check_descriptor(self) -> None:
        path = self.o.under(self.o.device(STRAP), DESCRIPTOR, full("2901"))[0]
        assert await self._read(path, DESCRIPTOR) == b"echo"

    async def check_schedule(self) -> None:
        rate = self._char(full("2a37"))
        await self.o.call(BLUEZ, rate, CHARACTERISTIC, "StartNotify")
        await self.o.wait(lambda: len(self._values(rate)) >= 3, "three scheduled values")
        assert self._values(rate)[:3] == [b"\x00\x40", b"\x00\x41", b"\x00\x40"], self._values(rate)
        await self.o.call(BLUEZ, rate, CHARACTERISTIC, "StopNotify")

    def _values(self, path: str) -> list[bytes]:
        return [value for where, value in self.o.values if where == path]

    async def check_burst(self) -> None:
        path = self._char(own("aa02"), 1)
        await self.o.call(BLUEZ, path, CHARACTERISTIC, "StartNotify")
        values = [number.to_bytes(2, "big") for number in range(200)]
        begin = time.monotonic()
        reply = await self.control("notify", address=STRAP, handle=71, values=[value.hex() for value in values])
        assert reply["subscribers"] == 1, reply
        await self.o.wait(lambda: len(self._values(path)) >= 200, "200 notifications")
        assert self._values(path) == values
        print(f"  200 notifications in {time.monotonic() - begin:.2f} s")

    async def check_echo(self) -> None:
        await self._write(self._char(own("aa03")), b"hello")
        target = self._char(own("aa02"), 1)
        await self.o.wait(lambda: self._values(target)[-1] == b"hello", "the echo")

    async def check_remote_disconnect(self) -> None:
        path = self.o.device(STRAP)
        await self.control("drop_link", address=STRAP)
        await self.o.wait(lambda: not self.o.all[path][DEVICE]["Connected"], "disconnected")
        assert self.o.disconnections == [path]

    async def check_reconnect_and_vanish(self) -> None:
        path = await self._connect(STRAP)
        begin = time.monotonic()
        await self.control("vanish", address=STRAP)
        await self.o.wait(lambda: not self.o.all[path][DEVICE]["Connected"], "supervision time-out")
        print(f"  link lost after {time.monotonic() - begin:.2f} s")
        await self.control("return", address=STRAP)
        await self._connect(STRAP)

    async def check_local_disconnect(self) -> None:
        await self.o.call(BLUEZ, self.o.device(STRAP), DEVICE, "Disconnect")
        await self.control("connections", address=STRAP, count=0)

    async def check_cancelled_connect(self) -> None:
        await self.control("stop_advertising", address=PUBLIC)
        path = self.o.device(PUBLIC)
        pending = asyncio.create_task(self.o.call(BLUEZ, path, DEVICE, "Connect"))
        await asyncio.sleep(0)
        await self.o.call(BLUEZ, path, DEVICE, "Disconnect")
        try:
            await pending
        except DBusError:
            pass
        else:
            raise AssertionError("connected to a peripheral that does not advertise")
        await self.control("start_advertising", address=PUBLIC)
        await self._connect(PUBLIC)
        await self.o.call(BLUEZ, path, DEVICE, "Disconnect")

    async def check_two_at_once(self) -> None:
        await asyncio.gather(self._connect(STRAP), self._connect(PUBLIC))
        await self.control("connections", address=STRAP, count=1)
        await self.control("connections", address=PUBLIC, count=1)

    async def check_next_world(self) -> None:
        world = {"blau_world": 1, "adapters": [{"name": "hci0"}, {"name": "hci1", "powered": False}],
                 "peripherals": [{"address": "C0:FF:EE:00:00:09", "name": "Next"}]}
        await self.control("load", text=json.dumps(world))
        powered = sorted(i[ADAPTER]["Powered"] for i in self.o.all.values() if ADAPTER in i)
        await self.o.wait(lambda: sorted(i[ADAPTER]["Powered"] for i in self.o.all.values() if ADAPTER in i)
                          == [False, True], f"two adapters, one of them on; there are {powered}")
        await self._scan("C0:FF:EE:00:00:09")


async def main() -> int:
    objects, control = Objects(), Control()
    await objects.connect()
    await control.connect()
    checks = Checks(objects, control)
    failed = 0
    names = [name for name in vars(Checks) if name.startswith("check_")]
    for name in names:
        begin = time.monotonic()
        try:
            await getattr(checks, name)()
            print(f"ok   {name} {time.monotonic() - begin:.2f} s", flush=True)
        except Exception:
            failed += 1
            print(f"FAIL {name}", flush=True)
            traceback.print_exc()
    print(f"{len(names) - failed} passed, {failed} failed, 0 skipped")
    return 1 if failed else 0


sys.exit(asyncio.run(main()))
