"""The rig without a host's stack: Bumble's own central, on a controller of the same air, talks to the peripherals."""

import asyncio
import json
import logging
import struct
import tempfile
import time
import unittest
from pathlib import Path

from bumble import att, gatt_client, hci
from bumble.device import Device, DeviceConfiguration, Peer
from bumble.host import Host

import table
from air import HostController
from control import ControlServer, Refused
from rig import Rig

# The loop's debug mode, which the test cases turn on, complains of a slow machine.
logging.getLogger("asyncio").setLevel(logging.ERROR)

STRAP = "C0:FF:EE:00:00:01"
WORLD = (Path(__file__).resolve().parents[1] / "vm/selftest.json").read_text()
# Of selftest.json.
RATE, LOCATION, LONG, ERROR, BOTH, ECHO = 34, 37, 67, 69, 71, 74


class Case(unittest.IsolatedAsyncioTestCase):
    async def asyncSetUp(self):
        self.rig = Rig(with_host=False)
        await self.rig.start()
        await self.rig.load(WORLD, "selftest.json")
        controller = HostController("central", link=self.rig.air, public_address="02:00:00:00:00:01")
        self.central = Device(config=DeviceConfiguration(name="central"), host=Host(controller, controller))
        await self.central.power_on()

    async def asyncTearDown(self):
        for peripheral in self.rig.peripherals.values():
            await peripheral.stop()

    async def connect(self) -> Peer:
        self.link = await self.central.connect(hci.Address(STRAP), own_address_type=hci.OwnAddressType.PUBLIC)
        return Peer(self.link)

    async def do(self, command: str, **members) -> dict:
        return await self.rig.do({"command": command, "address": STRAP} | members)

    async def att_error(self, awaitable) -> int:
        with self.assertRaises(att.ATT_Error) as raised:
            await awaitable
        return raised.exception.error_code


class Gatt(Case):
    async def test_handles_are_those_of_the_file(self):
        peer = await self.connect()
        await peer.discover_services()
        self.assertEqual([(service.handle, service.end_group_handle) for service in peer.services],
                         [(1, 5), (6, 9), (32, 37), (64, 75)])

    async def test_values(self):
        peer = await self.connect()
        self.assertEqual(await peer.gatt_client.read_value(LOCATION), b"\x01")
        self.assertEqual(await peer.gatt_client.read_value(LONG), b"\xab" * 512)
        await peer.gatt_client.write_value(LONG, b"\x05", with_response=True)
        await peer.gatt_client.write_value(LONG, b"\x06", with_response=False)
        writes = (await self.do("writes", handle=LONG, count=2))["writes"]
        self.assertEqual([(w["value"], w["command"]) for w in writes], [("05", False), ("06", True)])
        self.assertEqual((await self.do("get_value", handle=LONG))["value"], "06")

    async def test_errors(self):
        peer = await self.connect()
        client: gatt_client.Client = peer.gatt_client
        self.assertEqual(await self.att_error(client.read_value(ERROR)), 0x80)
        self.assertEqual(await self.att_error(client.read_value(RATE)), att.ErrorCode.READ_NOT_PERMITTED)
        self.assertEqual(await self.att_error(client.write_value(LOCATION, b"", True)), att.ErrorCode.WRITE_NOT_PERMITTED)
        self.assertEqual(await self.att_error(client.read_value(0x50)), att.ErrorCode.INVALID_HANDLE)
        self.assertEqual(await self.att_error(client.write_value(BOTH + 1, b"\0", True)),
                         att.ErrorCode.INVALID_ATTRIBUTE_LENGTH)
        self.assertEqual(await self.att_error(client.write_value(RATE + 1, b"\2\0", True)),
                         att.ErrorCode.CCCD_IMPROPERLY_CONFIGURED)

    async def test_an_error_on_demand(self):
        peer = await self.connect()
        await self.do("set_attribute", handle=LOCATION, read_error=0x81)
        self.assertEqual(await self.att_error(peer.gatt_client.read_value(LOCATION)), 0x81)

    async def test_security(self):
        peer = await self.connect()
        await self.do("set_attribute", handle=LOCATION, read_security="encrypted")
        self.assertEqual(await self.att_error(peer.gatt_client.read_value(LOCATION)),
                         att.ErrorCode.INSUFFICIENT_AUTHENTICATION)
        await self.link.pair()
        self.assertEqual(await peer.gatt_client.read_value(LOCATION), b"\x01")

    async def test_the_mtu_is_limited(self):
        self.rig.peripherals[STRAP].server.max_mtu = 48
        peer = await self.connect()
        self.assertEqual(await peer.request_mtu(517), 48)
        self.assertEqual(await peer.gatt_client.read_value(LONG), b"\xab" * 512)

    async def test_a_stalled_one_answers_when_it_resumes(self):
        peer = await self.connect()
        queue = await self.subscribe(peer, RATE, 1)
        await self.do("stall")
        read = asyncio.create_task(peer.gatt_client.read_value(LOCATION))
        with self.assertRaises(TimeoutError):
            await asyncio.wait_for(asyncio.shield(read), 0.3)
        came = queue.qsize()
        with self.assertRaises(TimeoutError):
            await asyncio.wait_for(self.values_after(queue, came), 0.5)
        await self.do("resume")
        self.assertEqual(await read, b"\x01")
        await queue.get()

    async def values_after(self, queue: asyncio.Queue, count: int) -> None:
        for _ in range(count + 1):
            await queue.get()

    async def test_a_removed_service_is_told_and_gone(self):
        peer = await self.connect()
        await peer.discover_services()
        changed = next(row.handle for row in self.rig.peripherals[STRAP].model.table
                       if row.kind == "value" and row.type == table.full_uuid("2a05"))
        queue = await self.subscribe(peer, changed, 2)
        await self.do("remove_service", uuid="180d")
        first, last = struct.unpack("<HH", await queue.get())
        self.assertTrue(first <= RATE <= last)
        self.assertEqual(await self.att_error(peer.gatt_client.read_value(LOCATION)), att.ErrorCode.INVALID_HANDLE)
        with self.assertRaises(Refused):
            await self.do("remove_service", uuid="180d")

    async def test_an_added_service_takes_the_handles_that_are_free(self):
        peer = await self.connect()
        queue = await self.subscribe(peer, RATE, 1)
        rows = self.rig.peripherals[STRAP].server.rows()
        place = next(row.handle for row in rows if row.kind == "service" and row.handle <= RATE <= row.group_end)
        service = {"uuid": "fff0", "handle": place, "characteristics": [
            {"uuid": "fff1", "properties": ["read", "notify"], "value": "66"}]}
        with self.assertRaises(table.Fault):
            await self.do("add_service", service=service)
        await self.do("remove_service", uuid="180d")
        await self.do("add_service", service=service)
        self.assertEqual(await peer.gatt_client.read_value(place + 2), b"\x66")
        # Nobody has subscribed to this one.
        self.assertEqual((await self.do("subscriptions", uuid="fff1"))["subscriptions"], [])
        del service["handle"]
        await self.do("add_service", service=service)
        self.assertEqual(await peer.gatt_client.read_value(rows[-1].handle + 3), b"\x66")
        del queue

    async def test_a_reliable_write(self):
        peer = await self.connect()
        await self.do("add_service", service={"uuid": "fff0", "characteristics": [
            {"uuid": "fff1", "properties": ["read", "reliable_write"], "value": "00"}]})
        handle = self.rig.peripherals[STRAP].server.rows()[-2].handle
        self.assertEqual(await self.att_error(peer.gatt_client.write_value(handle, b"1", True)),
                         att.ErrorCode.WRITE_NOT_PERMITTED)

    async def test_what_a_bonded_client_configured_holds_at_its_next_link(self):
        peer = await self.connect()
        await self.link.pair()
        await self.subscribe(peer, RATE, 1)
        await self.link.disconnect()
        await self.do("connections", count=0)
        await self.connect()
        self.assertEqual((await self.do("subscriptions", handle=RATE))["subscriptions"], [])
        await self.link.encrypt()
        self.assertEqual((await self.do("subscriptions", handle=RATE, count=1))["subscriptions"], [1])

    async def subscribe(self, peer: Peer, handle: int, bits: int) -> asyncio.Queue:
        queue = asyncio.Queue()
        peer.gatt_client.notification_subscribers.setdefault(handle, set()).add(queue.put_nowait)
        peer.gatt_client.indication_subscribers.setdefault(handle, set()).add(queue.put_nowait)
        await peer.gatt_client.write_value(handle + 1, bytes([bits, 0]), with_response=True)
        return queue

    async def test_notifications_in_order(self):
        peer = await self.connect()
        queue = await self.subscribe(peer, BOTH, 1)
        values = [number.to_bytes(2, "big") for number in range(500)]
        self.assertEqual(await self.do("notify", handle=BOTH, values=[v.hex() for v in values]), {"subscribers": 1})
        self.assertEqual([await queue.get() for _ in values], values)

    async def test_a_stream_of_numbered_values(self):
        peer = await self.connect()
        queue = await self.subscribe(peer, BOTH, 1)
        for rate in (0, 500):
            begin = time.monotonic_ns()
            reply = await self.do("stream", handle=BOTH, count=100, size=20, rate=rate, first=7, stamp=True)
            values = [await queue.get() for _ in range(100)]
            self.assertEqual({len(value) for value in values}, {20})
            self.assertEqual([int.from_bytes(value[:4], "little") for value in values], list(range(7, 107)))
            times = [int.from_bytes(value[4:12], "little") for value in values]
            self.assertEqual(sorted(times), times)
            self.assertTrue(begin < times[0] and times[-1] < time.monotonic_ns())
            self.assertGreaterEqual(reply["seconds"], 99 / rate if rate else 0)
        with self.assertRaises(Refused):
            await self.do("stream", handle=BOTH, count=1, size=11, stamp=True)

    async def test_nobody_subscribed(self):
        await self.connect()
        self.assertEqual(await self.do("notify", handle=BOTH, values=["00"]), {"subscribers": 0})

    async def test_indications_are_confirmed(self):
        peer = await self.connect()
        queue = await self.subscribe(peer, BOTH, 2)
        self.assertEqual((await self.do("subscriptions", handle=BOTH))["subscriptions"], [2])
        await self.do("indicate", handle=BOTH, values=["01", "02"])
        self.assertEqual([await queue.get(), await queue.get()], [b"\1", b"\2"])

    async def test_schedule_begins_anew_with_each_subscription(self):
        peer = await self.connect()
        for _ in range(2):
            queue = await self.subscribe(peer, RATE, 1)
            self.assertEqual([await queue.get() for _ in range(3)], [b"\0\x40", b"\0\x41", b"\0\x40"])
            await peer.gatt_client.write_value(RATE + 1, b"\0\0", with_response=True)

    async def test_echo(self):
        peer = await self.connect()
        queue = await self.subscribe(peer, BOTH, 1)
        await peer.gatt_client.write_value(ECHO, b"hello", with_response=True)
        self.assertEqual(await queue.get(), b"hello")


class Links(Case):
    async def disconnected(self) -> int:
        reason = asyncio.get_running_loop().create_future()
        self.link.on("disconnection", reason.set_result)
        return await asyncio.wait_for(reason, 10)

    async def test_drop_link(self):
        await self.connect()
        waiting = asyncio.create_task(self.disconnected())
        self.assertEqual(await self.do("drop_link", reason=0x15), {"links": 1})
        self.assertEqual(await waiting, 0x15)
        self.assertEqual((await self.do("connections", count=0))["connections"], [])

    async def test_vanish_and_return(self):
        await self.connect()
        waiting = asyncio.create_task(self.disconnected())
        await self.do("vanish")
        self.assertEqual(await waiting, 0x08)
        await self.do("return")
        await self.connect()

    async def test_a_link_that_the_peripheral_never_took(self):
        # Stops advertising between its last packet and the central's request.
        self.rig.peripherals[STRAP]._advertiser.enabled = False
        controller = self.central.host.hci_sink
        begin = controller.on_hci_le_create_connection_command

        def begin_at_once(command):
            begin(command)
            controller.create_le_connection(command.peer_address)
        controller.on_hci_le_create_connection_command = begin_at_once
        heard = asyncio.get_running_loop().create_future()
        self.central.once("connection", heard.set_result)
        connecting = asyncio.create_task(self.central.connect(
            hci.Address(STRAP), own_address_type=hci.OwnAddressType.PUBLIC))
        self.link = await heard
        self.assertEqual(await self.disconnected(), 0x08)
        connecting.cancel()

    async def test_scan_response_and_strength(self):
        seen = {}
        self.central.on("advertisement", lambda a: seen.setdefault(str(a.address).split("/")[0], a))
        await self.central.start_scanning(active=True, filter_duplicates=False)
        while STRAP not in seen:
            await asyncio.wait_for(self._advertised(), 10)
        self.assertEqual(seen[STRAP].rssi, -48)
        self.assertEqual(seen[STRAP].data.get(0x09), "Strap")

    async def _advertised(self):
        heard = asyncio.get_running_loop().create_future()
        self.central.once("advertisement", lambda _: heard.done() or heard.set_result(None))
        await heard


class Socket(Case):
    async def test_requests_and_replies(self):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "control"
            server = ControlServer(self.rig)
            await server.listen(path)
            reader, writer = await asyncio.open_unix_connection(path)

            async def ask(line: str) -> dict:
                writer.write(line.encode() + b"\n")
                return json.loads(await asyncio.wait_for(reader.readline(), 10))
            self.assertEqual((await ask('{"command": "peripherals"}'))["peripherals"][0], STRAP)
            for bad in ("nonsense", "[]", '{"command": "nosuch"}', '{"command": "connections"}',
                        '{"command": "connections", "address": "C0:00:00:00:00:00"}',
                        '{"command": "load", "text": "{}"}'):
                self.assertFalse((await ask(bad))["ok"], bad)
            self.assertTrue((await ask('{"command": "quit"}'))["ok"])
            await asyncio.wait_for(server.run_until_quit(), 10)
            writer.close()

    async def test_what_cannot_be_done_is_refused(self):
        with self.assertRaises(Refused):
            await self.do("notify", uuid="2aff", values=[])
        with self.assertRaises(Refused):
            await self.do("connections", count=1, timeout_ms=1)


if __name__ == "__main__":
    unittest.main()
