"""A small D-Bus client of bluetoothd, for the self-tests of the rig."""

import asyncio
import json
import os
import time
import traceback

from dbus_fast import BusType, Message, MessageType, Variant
from dbus_fast.aio import MessageBus

BLUEZ = "org.bluez"
ADAPTER, DEVICE = "org.bluez.Adapter1", "org.bluez.Device1"
CHARACTERISTIC, DESCRIPTOR = "org.bluez.GattCharacteristic1", "org.bluez.GattDescriptor1"
PROPERTIES, OBJECTS = "org.freedesktop.DBus.Properties", "org.freedesktop.DBus.ObjectManager"


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
        # Longer than any answer of bluetoothd takes: 42 s for a device that is not there.
        async with asyncio.timeout(90):
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
        async with asyncio.timeout(90):
            reply = json.loads(await self._reader.readline())
        assert reply["ok"], reply
        return reply


def full(number: str) -> str:
    return f"0000{number}-0000-1000-8000-00805f9b34fb"


def is_at(address: str):
    """For `scan`: the device with this address."""
    return lambda device: device.get("Address") == address


def own(number: str) -> str:
    return f"f000{number}-0451-4000-b000-000000000000"


class Client:
    """What a self-test does with one device after the other."""

    def __init__(self, objects: Objects, control: Control):
        self.o = objects
        self.control = control

    async def scan(self, *found) -> None:
        """Until each of the predicates holds for some device's properties."""
        adapter = min(path for path, interfaces in self.o.all.items() if ADAPTER in interfaces)
        await self.o.call(BLUEZ, adapter, ADAPTER, "SetDiscoveryFilter", "a{sv}",
                          {"Transport": Variant("s", "le"), "DuplicateData": Variant("b", True)})
        await self.o.call(BLUEZ, adapter, ADAPTER, "StartDiscovery")
        await self.o.wait(lambda: all(any(predicate(i[DEVICE]) for i in self.o.all.values() if DEVICE in i)
                                      for predicate in found), "found")
        await self.o.call(BLUEZ, adapter, ADAPTER, "StopDiscovery")

    async def connect(self, path: str) -> str:
        await self.o.call(BLUEZ, path, DEVICE, "Connect")
        await self.o.wait(lambda: self.o.all[path][DEVICE].get("ServicesResolved"), "services resolved")
        return path

    async def read(self, path: str, interface: str = CHARACTERISTIC) -> bytes:
        return bytes((await self.o.call(BLUEZ, path, interface, "ReadValue", "a{sv}", {}))[0])

    async def write(self, path: str, value: bytes, kind: str = "request") -> None:
        await self.o.call(BLUEZ, path, CHARACTERISTIC, "WriteValue", "aya{sv}", value, {"type": Variant("s", kind)})

    def values(self, path: str) -> list[bytes]:
        return [value for where, value in self.o.values if where == path]


async def run_checks(checks_type: type) -> int:
    """Each `check_…` is one case; they build on each other, in the order of the class. The exit status."""
    objects, control = Objects(), Control()
    await objects.connect()
    await control.connect()
    checks = checks_type(objects, control)
    names = [name for name in vars(checks_type) if name.startswith("check_")]
    failed = 0
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
