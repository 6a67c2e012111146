#!/usr/bin/env python3
"""The blau command on the real bluetoothd: what `tests/rigs/vm/tool` runs inside the machine.

    tool_checks.py bumble|bluez PROGRAM

The peripheral is the first of selftest.json, played by Bumble or by bluetoothd itself, which chooses its own address and
handles: so it is named by its name and its characteristics by their UUIDs.
"""

import asyncio
import json
import signal
import sys

from dbus_client import Control, full, own, run_checks

NAME = "Strap"
PERIPHERALS, PROGRAM = sys.argv[1:]
# Whom the control socket is to ask; bluetoothd plays only one.
PERIPHERAL = {"address": "C0:FF:EE:00:00:01"} if PERIPHERALS == "bumble" else {}


class Tool:
    """Runs the program; everything it prints is shown when a check fails."""

    async def start(self, *arguments: str) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            PROGRAM, "--backend", "bluez", "--json", *arguments,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE)

    async def run(self, *arguments: str, status: int = 0) -> list[dict]:
        process = await self.start(*arguments)
        async with asyncio.timeout(120):
            out, err = await process.communicate()
        assert process.returncode == status, (arguments, process.returncode, out, err)
        if status:
            assert err.decode().count("\n") == 1, err  # one line that says what to do
        return [json.loads(line) for line in out.splitlines()]


class Checks(Tool):
    def __init__(self, objects, control: Control):
        self.control = control

    async def check_adapters(self) -> None:
        adapters = await self.run("adapters")
        assert [a["default"] for a in adapters].count(True) == 1, adapters
        assert adapters[0]["powered"], adapters

    async def check_scan(self) -> None:
        seen = await self.run("scan", "--seconds", "4", "--name", NAME)
        assert seen and seen[0]["name"] == NAME and full("180d") in seen[0]["service_uuids"], seen

    async def check_scan_without_a_match(self) -> None:
        await self.run("scan", "--seconds", "2", "--name", "nobody has this name", status=3)

    async def check_passive_scan(self) -> None:
        if PERIPHERALS != "bumble":
            return  # btvirt reports an advertisement once a scan, and the kernel does not begin a passive one anew
        seen = await self.run("scan", "--seconds", "5", "--passive", "--pattern", "1:0:06")
        assert PERIPHERAL["address"] in [one["address"] for one in seen], seen

    async def check_info(self) -> None:
        (info,) = await self.run("info", NAME)
        services = {service["uuid"]: service for service in info["services"]}
        assert info["mtu_size"] > 23, info
        assert {c["uuid"] for c in services[full("180d")]["characteristics"]} == {full("2a37"), full("2a38")}, info
        assert [c["uuid"] for c in services[own("aa00")]["characteristics"]].count(own("aa02")) == 2, info

    async def check_read(self) -> None:
        (value,) = await self.run("read", NAME, "body_sensor_location")
        assert value["value"] == "01" and value["uuid"] == full("2a38"), value

    async def check_long_read(self) -> None:
        (value,) = await self.run("read", NAME, own("aa01"))
        assert value["value"] == "ab" * 512, value

    async def check_write(self) -> None:
        # 510, not 512: as a server, bluetoothd 5.66 counts the handle of a Write Request to the value's length.
        value = bytes(range(255)) * 2
        (written,) = await self.run("write", NAME, own("aa01"), value.hex())
        assert written["written"] == len(value), written
        assert await self.value() == value.hex()

    async def check_write_without_response(self) -> None:
        await self.run("write", NAME, own("aa01"), "text:hello", "--no-response")
        assert await self.value() == b"hello".hex()

    async def value(self) -> str:
        return (await self.control("get_value", uuid=own("aa01"), **PERIPHERAL))["value"]

    async def check_notify(self) -> None:
        values = await self.run("notify", NAME, "2a37", "--count", "5")
        assert len(values) == 5 and {v["value"] for v in values} == {"0040", "0041"}, values

    async def check_ambiguous(self) -> None:
        await self.run("read", NAME, own("aa02"), status=1)

    async def check_absent_characteristic(self) -> None:
        await self.run("read", NAME, "2a19", status=3)

    async def check_absent_device(self) -> None:
        await self.run("--timeout", "3", "read", "C0:FF:EE:00:00:99", "2a19", status=3)

    async def check_interrupt_leaves_no_link(self) -> None:
        process = await self.start("notify", NAME, "2a37")
        async with asyncio.timeout(120):
            await process.stdout.readline()
            process.send_signal(signal.SIGINT)
            status = await process.wait()
        assert status == 130, status
        await self.control("connections", **PERIPHERAL, count=0)


if __name__ == "__main__":
    sys.exit(asyncio.run(run_checks(Checks)))
