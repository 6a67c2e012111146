"""One peripheral of a world: a Bumble device on a controller of its own."""

import asyncio
import random
import time
from dataclasses import dataclass

from bumble import hci
from bumble.device import AdvertisingType, Device, DeviceConfiguration
from bumble.host import Host
from bumble.pairing import PairingConfig

import pairing
import table
import world
from air import Air, PeripheralController, WorldAdvertiser
from control import Refused
from gatt import WorldServer


# Of a stream without a rate, until the air has taken them.
STREAMED_AT_ONCE = 16


@dataclass
class Write:
    """What a central wrote."""
    handle: int
    value: bytes
    command: bool


@dataclass
class Numbered:
    """Values that tell which they are and, with `stamp`, when they were sent, by CLOCK_MONOTONIC."""
    size: int
    first: int
    stamp: bool

    def value(self, turn: int) -> bytes:
        number = (self.first + turn).to_bytes(4, "little")
        stamp = time.monotonic_ns().to_bytes(8, "little") if self.stamp else b""
        return (number + stamp).ljust(self.size, b"\0")


class SimulatedPeripheral:
    """Lives from `start` to `stop`."""

    def __init__(self, model: world.Peripheral, air: Air, seed: int, changed: asyncio.Condition):
        self.model = model
        self.writes: list[Write] = []
        self._air = air
        # Told of each new write, subscription, connection and disconnection.
        self._changed = changed
        self._address_type = (hci.Address.RANDOM_DEVICE_ADDRESS if model.random_address
                              else hci.Address.PUBLIC_DEVICE_ADDRESS)
        self._advertiser = WorldAdvertiser(
            None, interval_s=model.interval_ms / 1000, rssi=model.rssi, rssi_noise=model.rssi_noise,
            connectable=model.connectable, connect_ms=model.connect_ms, dice=random.Random(f"{seed} {model.address}"))
        self._controller = PeripheralController(
            model.address, air, None if model.random_address else model.address, self._advertiser)
        self.device = self._make_device()
        self.server = WorldServer(self.device, model.table, model.mtu, model.latency_ms, self._on_write, self._tell)
        self.device.gatt_server = self.server
        self.device.pairing_config_factory = self._begin_pairing
        self.device.smp_session_proxy = pairing.Session
        # Of the pairing that began last.
        self._user: pairing.User | None = None
        self.device.on("connection", self._on_connection)
        self._background: set[asyncio.Task] = set()

    def _make_device(self) -> Device:
        config = DeviceConfiguration(
            name=self.model.name or "", gap_service_enabled=False, gatt_service_enabled=False,
            advertising_data=self.model.advertising_data, scan_response_data=self.model.scan_response)
        if self.model.random_address:
            config.address = hci.Address(self.model.address, self._address_type)
        config.irk = (bytes.fromhex(self.model.address.replace(":", "")) * 3)[:16]
        return Device(config=config, host=Host(self._controller, self._controller))

    def _begin_pairing(self, connection) -> PairingConfig:
        self.server.forget(connection)
        self._user = pairing.User(self.model.pairing, self._changed)
        return self._user.config()

    def set_pairing(self, model: pairing.Pairing) -> None:
        """From the next one on. What was shown before is forgotten."""
        self.model.pairing = model
        self._user = None

    def shown_passkey(self) -> int | None:
        """On its display."""
        return self._user.shown if self._user else None

    def type_passkey(self, passkey: int) -> None:
        """On its keyboard."""
        if self._user is None:
            raise Refused(f"{self.model.address} pairs with nobody")
        self._user.type(passkey)

    async def start(self) -> None:
        await self.device.power_on()
        if self.model.advertise:
            await self.start_advertising()

    async def stop(self) -> None:
        """Gone without a word to whoever is connected."""
        self._advertiser.stop()
        self.vanish()
        for task in self._background:
            task.cancel()
        for connection in list(self.device.connections.values()):
            self.server.on_disconnection(connection)

    async def start_advertising(self) -> None:
        kind = (AdvertisingType.UNDIRECTED_CONNECTABLE_SCANNABLE if self.model.connectable
                else AdvertisingType.UNDIRECTED_SCANNABLE)
        await self.device.start_advertising(
            advertising_type=kind, auto_restart=True,
            own_address_type=hci.OwnAddressType(int(self._address_type)))

    async def stop_advertising(self) -> None:
        await self.device.stop_advertising()

    def connections(self) -> list[dict]:
        return [{"central": str(c.peer_address).split("/")[0], "mtu": c.att_mtu, "encrypted": bool(c.encryption)}
                for c in self.device.connections.values()]

    def request_security(self) -> None:
        """Of each central, by a Security Request."""
        for connection in self.device.connections.values():
            connection.request_pairing()

    async def forget_bonds(self) -> None:
        """As by a reset to factory settings; links go on as they are."""
        await self.device.keystore.delete_all()
        self.server.forget_all()

    async def drop_link(self, reason: int) -> int:
        """Ends every link from this side; how many there were."""
        links = list(self.device.connections.values())
        for connection in links:
            await self.device.disconnect(connection, reason)
        return len(links)

    def vanish(self) -> None:
        """Neither advertises nor answers any more; links end by their supervision time-out."""
        self._air.controllers.discard(self._controller)
        self._air.lose(None, self._advertiser.address)

    def return_from_nowhere(self) -> None:
        """Undoes `vanish`. The links of before are lost on this side, too."""
        for connection in list(self._controller.le_connections.values()):
            self._controller.on_le_disconnected(connection, 0x08)
        self._air.add_controller(self._controller)

    def row(self, where: dict) -> table.Attribute:
        """The characteristic value that a command means: by `handle` (its declaration's or its value's), or by `uuid` and,
        if there are several, `index`."""
        values = [row for row in self.server.rows() if row.kind == "value"]
        if "handle" in where:
            found = [row for row in values if where["handle"] in (row.handle, row.handle - 1)]
        else:
            wanted = table.full_uuid(where["uuid"])
            found = [row for row in values if row.type == wanted][where.get("index", 0):]
        if not found:
            raise Refused(f"{self.model.address} has no characteristic {where.get('handle') or where.get('uuid')}")
        return found[0]

    async def send(self, row: table.Attribute, values: list[bytes], indicate: bool) -> int:
        """Sends the values one behind the other, as fast as it goes; ends when all are on the air, and indications
        confirmed. The number of subscribers."""
        subscribers = [(bearer, bits) for bearer, bits in self.server.subscribed(row.handle) if bits & (2 if indicate else 1)]
        for bearer, bits in subscribers:
            for value in values:
                await self.server.send_to(bearer, bits, row.handle, value, indicate)
            await bearer.drain()
        return len(subscribers)

    async def stream(self, row: table.Attribute, numbered: "Numbered", count: int, rate: float) -> float:
        """Notifies numbered values, so many a second or, if that is 0, as fast as the air takes them; ends when all are on
        the air. The seconds that it took."""
        bearers = [bearer for bearer, bits in self.server.subscribed(row.handle) if bits & 1]
        begin = time.monotonic()
        for turn in range(count):
            if rate:
                # By the clock, not by waits one after the other, whose delays would add up.
                await asyncio.sleep(max(0.0, begin + turn / rate - time.monotonic()))
            for bearer in bearers:
                await self.server.send_to(bearer, 1, row.handle, numbered.value(turn))
                if not rate and turn % STREAMED_AT_ONCE == 0:
                    await bearer.drain()
        for bearer in bearers:
            await bearer.drain()
        return time.monotonic() - begin

    def _on_connection(self, connection) -> None:
        connection.on("disconnection", lambda _reason: self._tell())
        connection.on("connection_encryption_change", lambda: self._on_encryption(connection))
        self._tell()
        if self.model.drop_link_after_ms is not None:
            self._spawn(self._drop_later(connection, self.model.drop_link_after_ms / 1000))

    def _on_encryption(self, connection) -> None:
        if connection.encryption:
            self.server.encrypted(connection)

    async def _drop_later(self, connection, seconds: float) -> None:
        await asyncio.sleep(seconds)
        if connection in self.device.connections.values():
            await self.device.disconnect(connection, hci.HCI_REMOTE_USER_TERMINATED_CONNECTION_ERROR)

    def _on_write(self, _bearer, row: table.Attribute, command: bool) -> None:
        self.writes.append(Write(row.handle, row.value, command))
        self._tell()

    def _tell(self) -> None:
        async def tell() -> None:
            async with self._changed:
                self._changed.notify_all()
        self._spawn(tell())

    def _spawn(self, coroutine) -> None:
        task = asyncio.create_task(coroutine)
        self._background.add(task)
        task.add_done_callback(self._background.discard)
