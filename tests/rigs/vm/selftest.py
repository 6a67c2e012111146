#!/usr/bin/env python3
"""Proves the rig itself, inside the machine and without Blau: a small D-Bus client does with bluetoothd what the
conformance suite will do, against the peripherals of selftest.json.

    tests/rigs/vm/run --world tests/rigs/vm/selftest.json -- python3 tests/rigs/vm/selftest.py
"""

import asyncio
import json
import sys
import time

from dbus_client import (ADAPTER, BLUEZ, CHARACTERISTIC, DESCRIPTOR, DEVICE, Client, DBusError, full, is_at, own,
                         run_checks)

STRAP = "C0:FF:EE:00:00:01"
PUBLIC = "00:1B:DC:00:00:02"


class Checks(Client):
    """On the peripherals of selftest.json."""

    def _strap(self) -> str:
        return self.o.device(STRAP)

    def _char(self, uuid: str, number: int = 0) -> str:
        return self.o.under(self._strap(), CHARACTERISTIC, uuid)[number]

    async def _disconnect(self, path: str) -> None:
        await self.o.call(BLUEZ, path, DEVICE, "Disconnect")
        # The answer comes two seconds before the link ends (up to 5.78). A Connect in that time may fail with "busy", may
        # succeed and lose the link, and once was never answered.
        await self.o.wait(lambda: not self.o.all[path][DEVICE]["Connected"], "disconnected")

    async def check_scan(self) -> None:
        await self.scan(is_at(STRAP), is_at(PUBLIC))
        seen = self.o.all[self._strap()][DEVICE]
        assert seen["Name"] == "Strap" and seen["AddressType"] == "random", seen
        assert seen["UUIDs"] == [full("180d")], seen
        assert bytes(seen["ManufacturerData"][0x02E5].value) == b"\x01\x02", seen
        assert self.o.all[self.o.device(PUBLIC)][DEVICE]["AddressType"] == "public"

    async def check_connect(self) -> None:
        await self.connect(self._strap())
        assert len((await self.control("connections", address=STRAP, count=1))["connections"]) == 1

    async def check_handles(self) -> None:
        # The hexadecimal end of a path is the handle: of a declaration, and of a descriptor.
        assert self._char(own("aa01")).endswith("service0040/char0042"), self._char(own("aa01"))
        assert self._char(own("aa02"), 1).endswith("char0046")
        assert self.o.under(self._strap(), DESCRIPTOR, full("2901"))[0].endswith("char0049/desc004b")

    async def check_long_value(self) -> None:
        assert await self.read(self._char(own("aa01"))) == b"\xab" * 512
        value = bytes(range(256)) * 2
        await self.write(self._char(own("aa01")), value)
        assert (await self.control("get_value", address=STRAP, uuid=own("aa01")))["value"] == value.hex()
        assert await self.read(self._char(own("aa01"))) == value

    async def check_write_command(self) -> None:
        await self.write(self._char(own("aa01")), b"\x07", "command")
        writes = (await self.control("writes", address=STRAP, uuid=own("aa01"), count=2))["writes"]
        assert writes[1] == {"handle": 67, "value": "07", "command": True}, writes

    async def check_att_error(self) -> None:
        try:
            await self.read(self._char(own("aa02")))
        except DBusError as error:
            assert "0x80" in error.text, error
        else:
            raise AssertionError("the read of an attribute with an error succeeded")

    async def check_lengths_around_the_mtu(self) -> None:
        for length in (0, 1, 21, 22, 23, 511, 512):
            value = "5a" * length
            await self.control("set_value", address=STRAP, uuid=own("aa01"), value=value)
            assert (await self.read(self._char(own("aa01")))).hex() == value, length

    async def check_descriptor(self) -> None:
        path = self.o.under(self._strap(), DESCRIPTOR, full("2901"))[0]
        assert await self.read(path, DESCRIPTOR) == b"echo"

    async def check_schedule(self) -> None:
        rate = self._char(full("2a37"))
        await self.o.call(BLUEZ, rate, CHARACTERISTIC, "StartNotify")
        await self.o.wait(lambda: len(self.values(rate)) >= 3, "three scheduled values")
        assert self.values(rate)[:3] == [b"\x00\x40", b"\x00\x41", b"\x00\x40"], self.values(rate)
        await self.o.call(BLUEZ, rate, CHARACTERISTIC, "StopNotify")

    async def check_burst(self) -> None:
        path = self._char(own("aa02"), 1)
        await self.o.call(BLUEZ, path, CHARACTERISTIC, "StartNotify")
        values = [number.to_bytes(2, "big") for number in range(200)]
        begin = time.monotonic()
        reply = await self.control("notify", address=STRAP, handle=71, values=[value.hex() for value in values])
        assert reply["subscribers"] == 1, reply
        await self.o.wait(lambda: len(self.values(path)) >= 200, "200 notifications")
        assert self.values(path) == values
        print(f"  200 notifications in {time.monotonic() - begin:.2f} s")

    async def check_echo(self) -> None:
        await self.write(self._char(own("aa03")), b"hello")
        target = self._char(own("aa02"), 1)
        await self.o.wait(lambda: self.values(target)[-1] == b"hello", "the echo")

    async def check_remote_disconnect(self) -> None:
        path = self._strap()
        await self.control("drop_link", address=STRAP)
        await self.o.wait(lambda: not self.o.all[path][DEVICE]["Connected"], "disconnected")
        assert self.o.disconnections == [path]

    async def check_reconnect_and_vanish(self) -> None:
        path = await self.connect(self._strap())
        begin = time.monotonic()
        await self.control("vanish", address=STRAP)
        await self.o.wait(lambda: not self.o.all[path][DEVICE]["Connected"], "supervision time-out")
        print(f"  link lost after {time.monotonic() - begin:.2f} s")
        await self.control("return", address=STRAP)
        await self.connect(self._strap())

    async def check_local_disconnect(self) -> None:
        await self._disconnect(self._strap())
        await self.control("connections", address=STRAP, count=0)

    async def check_cancelled_connect(self) -> None:
        await self.control("stop_advertising", address=PUBLIC)
        path = self.o.device(PUBLIC)
        # Sent in this order.
        connected, disconnected = await asyncio.gather(
            self.o.call(BLUEZ, path, DEVICE, "Connect"), self.o.call(BLUEZ, path, DEVICE, "Disconnect"),
            return_exceptions=True)
        assert isinstance(connected, DBusError), "connected to a peripheral that does not advertise"
        assert not isinstance(disconnected, Exception), disconnected
        await self.control("start_advertising", address=PUBLIC)
        await self.connect(path)
        await self._disconnect(path)

    async def check_two_at_once(self) -> None:
        await asyncio.gather(self.connect(self._strap()), self.connect(self.o.device(PUBLIC)))
        await self.control("connections", address=STRAP, count=1)
        await self.control("connections", address=PUBLIC, count=1)

    async def _load(self, **members) -> None:
        await self.control("load", text=json.dumps({"blau_world": 1} | members))

    def _adapters(self) -> dict[str, bool]:
        """Address to powered."""
        return {i[ADAPTER]["Address"]: i[ADAPTER]["Powered"] for i in self.o.all.values() if ADAPTER in i}

    async def _await_adapters(self, wanted: dict[str, bool]) -> None:
        await self.o.wait(lambda: self._adapters() == wanted, f"adapters {wanted}")

    async def check_next_world(self) -> None:
        await self._load(adapters=[{"name": "hci0"}, {"name": "hci1", "powered": False}],
                         peripherals=[{"address": "C0:FF:EE:00:00:09", "name": "Next"}])
        await self._await_adapters({"02:00:00:00:00:01": True, "02:00:00:00:00:02": False})
        await self.scan(is_at("C0:FF:EE:00:00:09"))

    async def check_blocked_adapter(self) -> None:
        await self._load(adapters=[{"name": "hci0", "blocked": True}])
        await self._await_adapters({"02:00:00:00:00:01": False})
        state = next(i[ADAPTER].get("PowerState") for i in self.o.all.values() if ADAPTER in i)
        assert state in (None, "off-blocked"), state

    async def check_no_adapter(self) -> None:
        await self._load(adapters=[])
        await self._await_adapters({})

    async def check_adapter_of_another_address(self) -> None:
        await self._load(adapters=[{"name": "hci0", "address": "00:1B:DC:0F:0F:0F"}])
        await self._await_adapters({"00:1B:DC:0F:0F:0F": True})

    async def check_power(self) -> None:
        for powered in (False, True):
            await self.control("power", adapter="hci0", powered=powered)
            await self._await_adapters({"00:1B:DC:0F:0F:0F": powered})


sys.exit(asyncio.run(run_checks(Checks)))
