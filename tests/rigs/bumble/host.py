"""The adapters of the host under test: virtual controllers under /dev/vhci, and what bluetoothd makes of them."""

import asyncio
import os
import struct

from bumble.transport.common import StreamPacketSink, StreamPacketSource
from dbus_fast import BusType, Message, MessageType, Variant
from dbus_fast.aio import MessageBus

import world
from air import Air, HostController

BLUEZ, ADAPTER = "org.bluez", "org.bluez.Adapter1"
PROPERTIES, OBJECTS = "org.freedesktop.DBus.Properties", "org.freedesktop.DBus.ObjectManager"
RFKILL_TYPE_BLUETOOTH, RFKILL_OP_CHANGE_ALL = 2, 3
# Drivers/bluetooth/hci_vhci.c: the packet that makes a controller, and is answered by one with its index.
VENDOR_PACKET, PRIMARY_CONTROLLER = 0xFF, 0x00
# Within this time bluetoothd has taken over a controller, on a slow machine too.
ADAPTER_LIMIT = 60


class Daemon:
    """What bluetoothd says about adapters, over the system bus."""

    def __init__(self):
        self._bus: MessageBus | None = None
        self._changed = asyncio.Condition()
        # Bluetooth address to (object path, powered).
        self._adapters: dict[str, tuple[str, bool]] = {}
        self._refreshing: set[asyncio.Task] = set()

    async def connect(self) -> None:
        self._bus = await MessageBus(bus_type=BusType.SYSTEM).connect()
        self._bus.add_message_handler(self._on_message)
        # Exactly what can change the answer; nothing about devices.
        for rule in (f"type='signal',sender='{BLUEZ}',interface='{OBJECTS}'",
                     f"type='signal',sender='{BLUEZ}',interface='{PROPERTIES}',arg0='{ADAPTER}'",
                     f"type='signal',sender='org.freedesktop.DBus',member='NameOwnerChanged',arg0='{BLUEZ}'"):
            await self._call("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "AddMatch", "s", [rule])
        await self._refresh()

    async def _call(self, name, path, interface, member, signature="", body=()):
        reply = await self._bus.call(Message(destination=name, path=path, interface=interface, member=member,
                                             signature=signature, body=list(body)))
        if reply.message_type == MessageType.ERROR:
            raise RuntimeError(f"{interface}.{member}: {reply.error_name}: {' '.join(map(str, reply.body))}")
        return reply.body

    def _on_message(self, message: Message) -> None:
        if message.message_type != MessageType.SIGNAL:
            return
        if message.interface == OBJECTS and not str(message.body[0]).count("/") == 3:
            return
        task = asyncio.create_task(self._refresh())
        self._refreshing.add(task)
        task.add_done_callback(self._refreshing.discard)

    async def _refresh(self) -> None:
        owned = await self._call("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "NameHasOwner",
                                 "s", [BLUEZ])
        adapters = {}
        if owned[0]:
            objects = (await self._call(BLUEZ, "/", OBJECTS, "GetManagedObjects"))[0]
            for path, interfaces in objects.items():
                if ADAPTER in interfaces:
                    own = interfaces[ADAPTER]
                    adapters[own["Address"].value] = path, own["Powered"].value
        async with self._changed:
            self._adapters = adapters
            self._changed.notify_all()

    async def await_adapters(self, wanted: dict[str, bool]) -> None:
        """Waits until exactly these adapters are there: address to powered."""
        def there() -> bool:
            return {address: powered for address, (_, powered) in self._adapters.items()} == wanted
        async with self._changed:
            try:
                async with asyncio.timeout(ADAPTER_LIMIT):
                    await self._changed.wait_for(there)
            except TimeoutError as error:
                raise RuntimeError(f"bluetoothd has the adapters {self._adapters}, not {wanted}") from error

    async def await_powered(self, address: str) -> None:
        """Waits until bluetoothd knows the adapter and has switched it on."""
        async with self._changed:
            try:
                async with asyncio.timeout(ADAPTER_LIMIT):
                    await self._changed.wait_for(lambda: self._adapters.get(address, ("", False))[1])
            except TimeoutError as error:
                raise RuntimeError(f"bluetoothd did not switch {address} on; it has {self._adapters}") from error

    def is_powered(self, address: str) -> bool:
        return self._adapters[address][1]

    async def set_powered(self, address: str, powered: bool) -> None:
        path, _ = self._adapters[address]
        await self._call(BLUEZ, path, PROPERTIES, "Set", "ssv", [ADAPTER, "Powered", Variant("b", powered)])


def block_bluetooth(blocked: bool) -> None:
    """The radio switch, for all adapters (struct rfkill_event of linux/rfkill.h)."""
    if not os.path.exists("/dev/rfkill"):
        raise RuntimeError("this kernel has no /dev/rfkill")
    with open("/dev/rfkill", "wb", buffering=0) as device:
        device.write(struct.pack("=IBBBB", 0, RFKILL_TYPE_BLUETOOTH, RFKILL_OP_CHANGE_ALL, int(blocked), 0))


class Vhci:
    """A virtual controller's way to the kernel."""

    async def open(self) -> None:
        self._file = open("/dev/vhci", "r+b", buffering=0)
        # At once, unlike Bumble's own transport: after a second the kernel would make a controller by itself, and a busy
        # machine can spend that on what follows.
        self._file.write(bytes([VENDOR_PACKET, PRIMARY_CONTROLLER]))
        self._writer, _ = await asyncio.get_running_loop().connect_write_pipe(asyncio.BaseProtocol, self._file)
        self.sink = StreamPacketSink(self._writer)
        self.source = StreamPacketSource()

    async def start(self) -> None:
        """Begins to read. A controller must listen to `source` by now, or the kernel's first command would be lost."""
        feed = self.source.data_received
        # One read gives one packet.
        self.source.data_received = lambda data: None if data[:1] == bytes([VENDOR_PACKET]) else feed(data)
        self._reader, _ = await asyncio.get_running_loop().connect_read_pipe(lambda: self.source, self._file)

    def close(self) -> None:
        self._reader.close()
        self._writer.close()


class Adapters:
    """The virtual controllers of a world's adapters."""

    def __init__(self, air: Air, daemon: Daemon | None):
        self._air = air
        self._daemon = daemon
        # Name and address to the controller and its way to the kernel.
        self._open: dict[tuple[str, str], tuple[HostController, Vhci]] = {}
        self._blocked = False

    async def become(self, adapters: list[world.Adapter]) -> None:
        """Makes these adapters be there, and no others."""
        wanted = [(adapter.name, adapter.address) for adapter in adapters]
        for key in [key for key in self._open if key not in wanted]:
            self._close(key)
        if self._daemon and self._blocked:
            block_bluetooth(False)
        for adapter, key in zip(adapters, wanted):
            new = key not in self._open
            if new:
                await self._add(key)
            if self._daemon:
                await self._settle(adapter, new)
        self._blocked = any(adapter.blocked for adapter in adapters)
        if self._daemon:
            if self._blocked:
                block_bluetooth(True)
            await self._daemon.await_adapters({a.address: a.powered and not self._blocked for a in adapters})

    async def _settle(self, adapter: world.Adapter, new: bool) -> None:
        """Powered as the world says."""
        if new:
            # bluetoothd powers it by itself (AutoEnable); in the middle of that it would not listen.
            await self._daemon.await_powered(adapter.address)
        if self._daemon.is_powered(adapter.address) == adapter.powered:
            return
        try:
            await self._daemon.set_powered(adapter.address, adapter.powered)
        except RuntimeError as error:
            # After the radio switch bluetoothd powers it by itself. That it gets there is awaited.
            if "org.bluez.Error.Busy" not in str(error):
                raise

    async def _add(self, key: tuple[str, str]) -> None:
        name, address = key
        vhci = Vhci()
        await vhci.open()
        controller = HostController(name, host_source=vhci.source, host_sink=vhci.sink, link=self._air,
                                    public_address=address)
        await vhci.start()
        self._open[key] = controller, vhci

    def _close(self, key: tuple[str, str]) -> None:
        controller, vhci = self._open.pop(key)
        self._air.remove_controller(controller)
        vhci.close()

    async def set_powered(self, name: str, powered: bool) -> None:
        """Switches the adapter of this name."""
        address = next((address for known, address in self._open if known == name), None)
        if address is None or self._daemon is None:
            raise RuntimeError(f"no adapter {name}")
        await self._daemon.set_powered(address, powered)
