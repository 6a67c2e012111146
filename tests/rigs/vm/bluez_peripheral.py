#!/usr/bin/env python3
"""Makes bluetoothd itself play the first peripheral of a world, on the second of btvirt's controllers.

The other side of BlueZ: its GATT server and its advertising, through GattManager1 and LEAdvertisingManager1. bluetoothd
chooses address and handles, knows no delays and only some ATT errors; what a world says about these is not done here.
Writes "ready" when it can be found; the control socket knows connections, notify, set_value, get_value and writes.

btvirt tells of an advertisement once, in the moment when scanning or advertising begins, and the kernel drops what comes
before it takes the scan for begun: four scans of ten heard nothing. A real advertiser repeats itself. This one does so as
long as bluetoothd scans and has not heard it: later, it might be connecting, for which advertising must not be off.
"""

import argparse
import asyncio
import sys
from pathlib import Path

from dbus_fast import BusType, DBusError, Message, MessageType, PropertyAccess, Variant
from dbus_fast.aio import MessageBus
from dbus_fast.service import ServiceInterface, dbus_method, dbus_property

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "bumble"))
import table  # noqa: E402
import world  # noqa: E402
from control import ControlServer, Refused  # noqa: E402

BLUEZ = "org.bluez"
APPLICATION, ADVERTISEMENT = "/blau/application", "/blau/advertisement"
ADAPTER, DEVICE = "org.bluez.Adapter1", "org.bluez.Device1"
# How bluetoothd names properties, Core Vol 3 Part G 3.3.1.1.
FLAG_OF_PROPERTY = {
    "broadcast": "broadcast", "read": "read", "write_without_response": "write-without-response", "write": "write",
    "notify": "notify", "indicate": "indicate", "authenticated_signed_writes": "authenticated-signed-writes",
    "reliable_write": "reliable-write", "writable_auxiliaries": "writable-auxiliaries"}
ADVERTISING_INTERVAL = 0.5
ADAPTER_LIMIT = 60
DEFAULT_TIMEOUT_MS = 10000


class Service(ServiceInterface):
    def __init__(self, path: str, item: dict):
        super().__init__("org.bluez.GattService1")
        self.path, self._item = path, item

    @dbus_property(access=PropertyAccess.READ)
    def UUID(self) -> "s":
        return str(table.full_uuid(self._item["uuid"]))

    @dbus_property(access=PropertyAccess.READ)
    def Primary(self) -> "b":
        return self._item.get("primary", True)


class Attribute(ServiceInterface):
    """What characteristics and descriptors have in common: a value that is read and written."""

    def __init__(self, interface: str, path: str, parent: str, item: dict):
        super().__init__(interface)
        self.path, self.parent, self.item = path, parent, item
        self.value = table.value_bytes(item.get("value", ""))
        self.uuid = table.full_uuid(item["uuid"])
        self.written = lambda value: None

    def read(self, options: dict) -> bytes:
        if "read_error" in self.item:
            raise _as_dbus(self.item["read_error"])
        offset = options["offset"].value if "offset" in options else 0
        if offset > len(self.value):
            raise DBusError("org.bluez.Error.InvalidOffset", "beyond the value")
        return self.value[offset:]

    def write(self, value: bytes, options: dict) -> None:
        if "write_error" in self.item:
            raise _as_dbus(self.item["write_error"])
        offset = options["offset"].value if "offset" in options else 0
        new = self.value[:offset] + value
        if len(new) > self.item.get("max_length", 512):
            raise DBusError("org.bluez.Error.InvalidValueLength", "too long")
        self.value = new
        self.written(new)


def _as_dbus(code: int) -> DBusError:
    """The error that bluetoothd turns into this ATT code (gatt-database.c, dbus_error_to_att_ecode); of application errors
    it reads the number from the text."""
    names = {0x02: "NotPermitted", 0x03: "NotPermitted", 0x06: "NotSupported", 0x07: "InvalidOffset", 0x08: "NotAuthorized",
             0x0D: "InvalidValueLength"}
    return DBusError(f"org.bluez.Error.{names.get(code, 'Failed')}", f"0x{code:02x}")


class Characteristic(Attribute):
    def __init__(self, path: str, parent: str, item: dict):
        super().__init__("org.bluez.GattCharacteristic1", path, parent, item)
        self.notifying = False
        self._schedule: asyncio.Task | None = None

    @dbus_property(access=PropertyAccess.READ)
    def UUID(self) -> "s":
        return str(self.uuid)

    @dbus_property(access=PropertyAccess.READ)
    def Service(self) -> "o":
        return self.parent

    @dbus_property(access=PropertyAccess.READ)
    def Flags(self) -> "as":
        flags = [FLAG_OF_PROPERTY[name] for name in self.item["properties"]]
        security = self.item.get("security", "none")
        if security != "none":
            prefix = "encrypt" if security == "encrypted" else "encrypt-authenticated"
            flags += [f"{prefix}-{flag}" for flag in flags if flag in ("read", "write", "notify", "indicate")]
        return flags

    @dbus_property(access=PropertyAccess.READ)
    def Value(self) -> "ay":
        return self.value

    @dbus_method()
    def ReadValue(self, options: "a{sv}") -> "ay":
        return self.read(options)

    @dbus_method()
    def WriteValue(self, value: "ay", options: "a{sv}"):
        self.write(bytes(value), options)

    @dbus_method()
    def StartNotify(self):
        self.notifying = True
        if "notify" in self.item and self._schedule is None:
            self._schedule = asyncio.create_task(self._notify_on_schedule())

    @dbus_method()
    def StopNotify(self):
        self.notifying = False
        if self._schedule:
            self._schedule.cancel()
            self._schedule = None

    def publish(self, value: bytes) -> None:
        """bluetoothd notifies, or indicates, what it is told has changed."""
        self.value = value
        self.emit_properties_changed({"Value": value})

    async def _notify_on_schedule(self) -> None:
        schedule = self.item["notify"]
        turn = 0
        while True:
            await asyncio.sleep(schedule["interval_ms"] / 1000)
            self.publish(table.value_bytes(schedule["values"][turn % len(schedule["values"])]))
            turn += 1


class Descriptor(Attribute):
    def __init__(self, path: str, parent: str, item: dict):
        super().__init__("org.bluez.GattDescriptor1", path, parent, item)

    @dbus_property(access=PropertyAccess.READ)
    def UUID(self) -> "s":
        return str(self.uuid)

    @dbus_property(access=PropertyAccess.READ)
    def Characteristic(self) -> "o":
        return self.parent

    @dbus_property(access=PropertyAccess.READ)
    def Flags(self) -> "as":
        return ["read", "write"] if self.item.get("writable", False) else ["read"]

    @dbus_method()
    def ReadValue(self, options: "a{sv}") -> "ay":
        return self.read(options)

    @dbus_method()
    def WriteValue(self, value: "ay", options: "a{sv}"):
        self.write(bytes(value), options)


class Advertisement(ServiceInterface):
    def __init__(self, peripheral: world.Peripheral):
        super().__init__("org.bluez.LEAdvertisement1")
        self._peripheral = peripheral

    @dbus_property(access=PropertyAccess.READ)
    def Type(self) -> "s":
        return "peripheral" if self._peripheral.connectable else "broadcast"

    @dbus_property(access=PropertyAccess.READ)
    def LocalName(self) -> "s":
        return self._peripheral.name or "Blau"

    @dbus_property(access=PropertyAccess.READ)
    def ServiceUUIDs(self) -> "as":
        return [str(table.full_uuid(item["uuid"])) for item in self._peripheral.services if item.get("primary", True)]

    @dbus_method()
    def Release(self):
        pass

    def repeat(self) -> None:
        """bluetoothd advertises anew what it is told has changed, even if it has not."""
        self.emit_properties_changed({"LocalName": self.LocalName})


class BluezRig:
    """Registers the application and the advertisement, and does what the control socket asks."""

    def __init__(self, peripheral: world.Peripheral):
        self._peripheral = peripheral
        self._advertisement = Advertisement(peripheral)
        self._characteristics: list[Characteristic] = []
        self._writes: list[dict] = []
        self._scan_begins = asyncio.Event()

    async def start(self) -> None:
        self._bus = await MessageBus(bus_type=BusType.SYSTEM).connect()
        await self._call("/org/freedesktop/DBus", "org.freedesktop.DBus", "AddMatch", "s",
                         f"type='signal',sender='{BLUEZ}'", destination="org.freedesktop.DBus")
        self._central, self._adapter = await self._until(self._two_powered_adapters, ADAPTER_LIMIT)
        self._address = (await self._objects(ADAPTER))[self._adapter]["Address"]
        # A connected central reads the GAP device name, which is the adapter's, and forgets the advertised one.
        await self._call(self._adapter, "org.freedesktop.DBus.Properties", "Set", "ssv", ADAPTER, "Alias",
                         Variant("s", self._peripheral.name or "Blau"))
        self._export()
        await self._call(self._adapter, "org.bluez.GattManager1", "RegisterApplication", "oa{sv}", APPLICATION, {})
        await self._call(self._adapter, "org.bluez.LEAdvertisingManager1", "RegisterAdvertisement", "oa{sv}",
                         ADVERTISEMENT, {})
        self._bus.add_message_handler(self._on_message)
        self._repeater = asyncio.create_task(self._repeat_advertisement())

    def _on_message(self, message: Message) -> None:
        if (message.member == "PropertiesChanged" and message.path == self._central
                and message.body[1].get("Discovering", Variant("b", False)).value):
            self._scan_begins.set()

    async def _repeat_advertisement(self) -> None:
        while True:
            await self._scan_begins.wait()
            self._scan_begins.clear()
            await asyncio.sleep(ADVERTISING_INTERVAL)
            while await self._is_sought():
                self._advertisement.repeat()
                await asyncio.sleep(ADVERTISING_INTERVAL)

    async def _is_sought(self) -> bool:
        """The other adapter scans, and what it has heard in this scan, of which there is an RSSI, is not this peripheral."""
        scanning = (await self._objects(ADAPTER)).get(self._central, {}).get("Discovering", False)
        heard = [device["Address"] for device in (await self._objects(DEVICE)).values()
                 if device["Adapter"] == self._central and "RSSI" in device]
        return scanning and self._address not in heard

    async def _call(self, path, interface, member, signature="", *body, destination=BLUEZ):
        reply = await self._bus.call(Message(destination=destination, path=path, interface=interface, member=member,
                                             signature=signature, body=list(body)))
        if reply.message_type == MessageType.ERROR:
            raise RuntimeError(f"{interface}.{member}: {reply.error_name}: {' '.join(map(str, reply.body))}")
        return reply.body

    async def _until(self, look, seconds: float):
        """What `look` gives once it gives something; it looks again at each signal of bluetoothd."""
        signal = asyncio.Event()

        def on_message(message: Message) -> None:
            if message.message_type == MessageType.SIGNAL:
                signal.set()
        self._bus.add_message_handler(on_message)
        try:
            async with asyncio.timeout(seconds):
                while True:
                    signal.clear()
                    if found := await look():
                        return found
                    await signal.wait()
        finally:
            self._bus.remove_message_handler(on_message)

    async def _objects(self, interface: str) -> dict[str, dict]:
        """The properties of every object that has the interface, by path."""
        try:
            objects = (await self._call("/", "org.freedesktop.DBus.ObjectManager", "GetManagedObjects"))[0]
        except RuntimeError:
            # bluetoothd has no name on the bus yet; its first signal comes when it has adapters.
            return {}
        return {path: {name: value.value for name, value in interfaces[interface].items()}
                for path, interfaces in objects.items() if interface in interfaces}

    async def _two_powered_adapters(self) -> list[str] | None:
        powered = sorted(path for path, adapter in (await self._objects(ADAPTER)).items() if adapter["Powered"])
        return powered if len(powered) == 2 else None

    def _export(self) -> None:
        for number, item in enumerate(self._peripheral.services):
            service = Service(f"{APPLICATION}/service{number}", item)
            self._bus.export(service.path, service)
            of_service = [self._export_characteristic(service.path, index, each)
                          for index, each in enumerate(item.get("characteristics", []))]
            self._connect_echoes(of_service)
        self._bus.export(ADVERTISEMENT, self._advertisement)
        # bluetoothd asks the application's root for its objects; dbus_fast answers for what is exported below it.
        self._bus.export(APPLICATION, ServiceInterface("org.blau.Application"))

    def _export_characteristic(self, service: str, number: int, item: dict) -> Characteristic:
        characteristic = Characteristic(f"{service}/char{number}", service, item)
        characteristic.written = lambda value: self._writes.append(
            {"uuid": str(characteristic.uuid), "value": value.hex()})
        self._bus.export(characteristic.path, characteristic)
        for index, descriptor in enumerate(item.get("descriptors", [])):
            # 0x2902 is bluetoothd's own.
            if table.full_uuid(descriptor["uuid"]) != table.full_uuid("2902"):
                path = f"{characteristic.path}/desc{index}"
                self._bus.export(path, Descriptor(path, characteristic.path, descriptor))
        self._characteristics.append(characteristic)
        return characteristic

    def _connect_echoes(self, characteristics: list[Characteristic]) -> None:
        for source in characteristics:
            if "echo_to" not in source.item:
                continue
            wanted = table.full_uuid(source.item["echo_to"])
            target = next(other for other in characteristics
                          if other.uuid == wanted and {"notify", "indicate"} & set(other.item["properties"]))
            log = source.written
            source.written = lambda value, target=target, log=log: (log(value), target.publish(value))

    # The control socket

    async def do(self, request: dict) -> dict:
        name = request.get("command")
        if name not in ("connections", "notify", "set_value", "get_value", "writes"):
            raise Refused(f"no command {name!r} where bluetoothd is the peripheral")
        return await getattr(self, f"_do_{name}")(request)

    async def _do_connections(self, request: dict) -> dict:
        """The addresses of the centrals that are connected; with `count` once there are so many."""
        async def look() -> dict | None:
            found = [device["Address"] for device in (await self._objects(DEVICE)).values()
                     if device["Adapter"] == self._adapter and device["Connected"]]
            return {"connections": found} if len(found) == request.get("count", len(found)) else None
        try:
            return await self._until(look, request.get("timeout_ms", DEFAULT_TIMEOUT_MS) / 1000)
        except TimeoutError as error:
            raise Refused("connections: not reached within the time") from error

    def _find(self, request: dict) -> Characteristic:
        wanted = table.full_uuid(request["uuid"])
        found = [each for each in self._characteristics if each.uuid == wanted][request.get("index", 0):]
        if not found:
            raise Refused(f"no characteristic {request['uuid']}")
        return found[0]

    async def _do_notify(self, request: dict) -> dict:
        characteristic = self._find(request)
        if characteristic.notifying:
            for value in request["values"]:
                characteristic.publish(bytes.fromhex(value))
        return {"subscribers": int(characteristic.notifying)}

    async def _do_set_value(self, request: dict) -> dict:
        self._find(request).value = bytes.fromhex(request["value"])
        return {}

    async def _do_get_value(self, request: dict) -> dict:
        return {"value": self._find(request).value.hex()}

    async def _do_writes(self, _request: dict) -> dict:
        return {"writes": self._writes}


async def serve(options: argparse.Namespace) -> None:
    peripherals = world.load(options.world).peripherals
    if not peripherals:
        raise world.WorldError(f"{options.world}: holds no peripheral")
    rig = BluezRig(peripherals[0])
    await rig.start()
    server = ControlServer(rig)
    await server.listen(options.control)
    print("ready", flush=True)
    await server.run_until_quit()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--world", type=Path, required=True, metavar="FILE")
    parser.add_argument("--control", type=Path, required=True, metavar="PATH", help="the control socket")
    asyncio.run(serve(parser.parse_args()))


if __name__ == "__main__":
    main()
