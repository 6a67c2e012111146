#!/usr/bin/env python3
"""Proves the rig's second way: bluetoothd on both sides, by btvirt's two controllers.

    tests/rigs/vm/run --peripherals bluez --world tests/rigs/vm/selftest.json -- python3 tests/rigs/vm/selftest_bluez.py
"""

import asyncio
import sys

from dbus_client import BLUEZ, CHARACTERISTIC, DESCRIPTOR, DEVICE, Client, DBusError, full, own, run_checks


class Checks(Client):
    """On the first peripheral of selftest.json, at an address and with handles of bluetoothd's choice."""

    def _device(self) -> str:
        return next(path for path, interfaces in self.o.all.items()
                    if interfaces.get(DEVICE, {}).get("Name") == "Strap" and path.startswith("/org/bluez/hci0/"))

    def _char(self, uuid: str, number: int = 0) -> str:
        return self.o.under(self._device(), CHARACTERISTIC, uuid)[number]

    async def check_scan(self) -> None:
        await self.scan(lambda device: device.get("Name") == "Strap" and full("180d") in device.get("UUIDs", []))

    async def check_connect(self) -> None:
        await self.connect(self._device())

    async def check_long_value(self) -> None:
        assert await self.read(self._char(own("aa01"))) == b"\xab" * 512
        # 510, not 512: as a server, bluetoothd 5.66 counts the handle of a Write Request to the value's length.
        value = bytes(range(255)) * 2
        await self.write(self._char(own("aa01")), value)
        assert (await self.control("get_value", uuid=own("aa01")))["value"] == value.hex()

    async def check_att_error(self) -> None:
        try:
            await self.read(self._char(own("aa02")))
        except DBusError as error:
            assert "0x80" in error.text, error
        else:
            raise AssertionError("the read of an attribute with an error succeeded")

    async def check_descriptor(self) -> None:
        path = self.o.under(self._device(), DESCRIPTOR, full("2901"))[0]
        assert await self.read(path, DESCRIPTOR) == b"echo"

    async def check_schedule(self) -> None:
        rate = self._char(full("2a37"))
        await self.o.call(BLUEZ, rate, CHARACTERISTIC, "StartNotify")
        await self.o.wait(lambda: len(self.values(rate)) >= 3, "three scheduled values")
        assert self.values(rate)[:3] == [b"\x00\x40", b"\x00\x41", b"\x00\x40"], self.values(rate)
        await self.o.call(BLUEZ, rate, CHARACTERISTIC, "StopNotify")

    async def check_echo(self) -> None:
        target = self._char(own("aa02"), 1)
        await self.o.call(BLUEZ, target, CHARACTERISTIC, "StartNotify")
        await self.write(self._char(own("aa03")), b"hello")
        await self.o.wait(lambda: b"hello" in self.values(target), "the echo")

    async def check_disconnect(self) -> None:
        path = self._device()
        await self.o.call(BLUEZ, path, DEVICE, "Disconnect")
        await self.o.wait(lambda: not self.o.all[path][DEVICE]["Connected"], "disconnected")


sys.exit(asyncio.run(run_checks(Checks)))
