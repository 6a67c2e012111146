"""The state of the rig (adapters, peripherals, the air between them) and the commands that change it."""

import asyncio

import advertising
import pairing
import table
import world
from air import Air
from control import Refused
from simulated import Numbered, SimulatedPeripheral

# HCI reasons a peripheral can end a link with, Core Vol 1 Part F 1.3; the default is that its user wanted it.
REMOTE_USER_TERMINATED = 0x13
DEFAULT_TIMEOUT_MS = 10000


class Rig:
    """Everything that the control socket can change. `daemon` false: without bluetoothd, for tests of the rig itself."""

    def __init__(self, with_host: bool = True):
        self._air = Air()
        self._with_host = with_host
        self._adapters = None
        self._changed = asyncio.Condition()
        self.peripherals: dict[str, SimulatedPeripheral] = {}

    @property
    def air(self) -> Air:
        return self._air

    async def start(self) -> None:
        if not self._with_host:
            return
        from host import Adapters, Daemon
        daemon = Daemon()
        await daemon.connect()
        self._adapters = Adapters(self._air, daemon)

    async def load(self, text: str, name: str) -> None:
        """Replaces the world. Links to the old one's peripherals end as if these had vanished."""
        new = world.parse(text, name)
        for adapter in new.adapters:
            if not adapter.central:
                raise Refused(f"adapter {adapter.name}: a controller without the central role cannot be had here")
        for peripheral in self.peripherals.values():
            await peripheral.stop()
        self.peripherals = {}
        if self._adapters:
            await self._adapters.become(new.adapters)
        for model in new.peripherals:
            self.peripherals[model.address] = SimulatedPeripheral(model, self._air, new.seed, self._changed)
        for peripheral in self.peripherals.values():
            await peripheral.start()

    async def do(self, request: dict) -> dict:
        """One command of the control socket; what it answers besides `ok`."""
        name = request.get("command")
        handler = getattr(self, f"_do_{name}", None) if isinstance(name, str) else None
        if handler is None:
            raise Refused(f"no command {name!r}")
        return await handler(request) or {}

    def _peripheral(self, request: dict) -> SimulatedPeripheral:
        address = world.normal_address(request["address"])
        if address not in self.peripherals:
            raise Refused(f"no peripheral {address} in this world")
        return self.peripherals[address]

    async def _wait(self, request: dict, reached) -> None:
        """Until the predicate holds, for at most the request's `timeout_ms`."""
        async with self._changed:
            try:
                async with asyncio.timeout(request.get("timeout_ms", DEFAULT_TIMEOUT_MS) / 1000):
                    await self._changed.wait_for(reached)
            except TimeoutError as error:
                raise Refused(f"{request['command']}: not reached within the time") from error

    # Commands

    async def _do_load(self, request: dict) -> None:
        if "text" in request:
            await self.load(request["text"], request.get("name", "world"))
            return
        with open(request["world"], encoding="utf-8") as file:
            await self.load(file.read(), request["world"])

    async def _do_peripherals(self, _request: dict) -> dict:
        return {"peripherals": list(self.peripherals)}

    async def _do_connections(self, request: dict) -> dict:
        peripheral = self._peripheral(request)
        if "count" in request:
            await self._wait(request, lambda: len(peripheral.connections()) == request["count"])
        return {"connections": peripheral.connections()}

    async def _do_subscriptions(self, request: dict) -> dict:
        peripheral = self._peripheral(request)
        row = peripheral.row(request)

        def found() -> list:
            return [bits for _, bits in peripheral.server.subscribed(row.handle)]
        if "count" in request:
            await self._wait(request, lambda: len(found()) == request["count"])
        return {"subscriptions": found()}

    async def _do_writes(self, request: dict) -> dict:
        peripheral = self._peripheral(request)
        row = peripheral.row(request) if "handle" in request or "uuid" in request else None

        def found() -> list:
            return [write for write in peripheral.writes if row is None or write.handle == row.handle]
        if "count" in request:
            await self._wait(request, lambda: len(found()) >= request["count"])
        writes = [{"handle": w.handle, "value": w.value.hex(), "command": w.command} for w in found()]
        if request.get("clear", False):
            peripheral.writes = [write for write in peripheral.writes if row is not None and write.handle != row.handle]
        return {"writes": writes}

    async def _send(self, request: dict, indicate: bool) -> dict:
        peripheral = self._peripheral(request)
        values = [bytes.fromhex(value) for value in request["values"]]
        return {"subscribers": await peripheral.send(peripheral.row(request), values, indicate)}

    async def _do_notify(self, request: dict) -> dict:
        return await self._send(request, indicate=False)

    async def _do_indicate(self, request: dict) -> dict:
        return await self._send(request, indicate=True)

    async def _do_stream(self, request: dict) -> dict:
        stamp, count = request.get("stamp", False), request["count"]
        numbered = Numbered(request.get("size", 20), request.get("first", 0), stamp)
        if numbered.size < (12 if stamp else 4):
            raise Refused("stream: the size has no room for the number")
        peripheral = self._peripheral(request)
        seconds = await peripheral.stream(peripheral.row(request), numbered, count, request.get("rate", 0))
        return {"sent": count, "seconds": seconds}

    async def _do_set_value(self, request: dict) -> None:
        self._peripheral(request).row(request).value = bytes.fromhex(request["value"])

    async def _do_get_value(self, request: dict) -> dict:
        return {"value": self._peripheral(request).row(request).value.hex()}

    async def _do_set_attribute(self, request: dict) -> None:
        """Changes how any attribute of the table answers, by its own handle."""
        row = self._peripheral(request).server.row(request["handle"])
        if row is None:
            raise Refused(f"no attribute {request['handle']}")
        for member in ("read_error", "write_error", "read_delay_ms", "write_delay_ms", "read_security", "write_security"):
            if member in request:
                setattr(row, member, request[member])

    async def _do_set_pairing(self, request: dict) -> None:
        model = {name: value for name, value in request.items() if name not in ("command", "address")}
        self._peripheral(request).set_pairing(pairing.of(model))

    async def _do_shown_passkey(self, request: dict) -> dict:
        peripheral = self._peripheral(request)
        await self._wait(request, lambda: peripheral.shown_passkey() is not None)
        return {"passkey": peripheral.shown_passkey()}

    async def _do_type_passkey(self, request: dict) -> None:
        self._peripheral(request).type_passkey(request["passkey"])

    async def _do_request_security(self, request: dict) -> None:
        self._peripheral(request).request_security()

    async def _do_forget_bonds(self, request: dict) -> None:
        await self._peripheral(request).forget_bonds()

    async def _do_drop_link(self, request: dict) -> dict:
        return {"links": await self._peripheral(request).drop_link(request.get("reason", REMOTE_USER_TERMINATED))}

    async def _do_stall(self, request: dict) -> None:
        self._peripheral(request).server.stall()

    async def _do_resume(self, request: dict) -> None:
        self._peripheral(request).server.resume()

    async def _do_remove_service(self, request: dict) -> None:
        uuid = table.uuid_bytes(table.full_uuid(request["uuid"]))
        if not await self._peripheral(request).server.remove_service(uuid):
            raise Refused(f"no service {request['uuid']}")

    async def _do_add_service(self, request: dict) -> None:
        await self._peripheral(request).server.add_service(request["service"])

    async def _do_vanish(self, request: dict) -> None:
        self._peripheral(request).vanish()

    async def _do_return(self, request: dict) -> None:
        self._peripheral(request).return_from_nowhere()

    async def _do_start_advertising(self, request: dict) -> None:
        """With `data` and `scan_response` as in a world file, to advertise something else than before."""
        peripheral = self._peripheral(request)
        for member, attribute in (("data", "advertising_data"), ("scan_response", "scan_response_data")):
            if member in request:
                setattr(peripheral.device, attribute, advertising.structures(request[member]))
        await peripheral.start_advertising()

    async def _do_stop_advertising(self, request: dict) -> None:
        await self._peripheral(request).stop_advertising()

    async def _do_power(self, request: dict) -> None:
        if self._adapters is None:
            raise Refused("no host")
        await self._adapters.set_powered(request["adapter"], request["powered"])
