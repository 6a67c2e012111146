"""Pairing with the rig's peripherals, by Bumble's own central."""

import asyncio
import unittest

from bumble.core import ProtocolError
from bumble.pairing import PairingConfig, PairingDelegate

from control import Refused
from test_rig import STRAP, Case


class Central(PairingDelegate):
    """The user of the other side: what he is shown, and what he will type."""

    def __init__(self):
        super().__init__(PairingDelegate.DISPLAY_OUTPUT_AND_KEYBOARD_INPUT)
        self.seen = asyncio.get_running_loop().create_future()
        self.typed = asyncio.get_running_loop().create_future()

    async def compare_numbers(self, number, digits):
        self.seen.set_result(number)
        return True

    async def display_number(self, number, digits):
        self.seen.set_result(number)

    async def get_number(self):
        return await self.typed


class Pairing(Case):
    async def pair(self, **model) -> asyncio.Task:
        await self.do("set_pairing", **model)
        await self.connect()
        self.user = Central()
        self.central.pairing_config_factory = lambda _: PairingConfig(delegate=self.user)
        return asyncio.create_task(self.link.pair())

    async def expect_failure(self, pairing: asyncio.Task) -> None:
        with self.assertRaises(ProtocolError):
            await asyncio.wait_for(pairing, 10)

    async def test_its_user_types_what_is_shown(self):
        for secure in (True, False):
            with self.subTest(secure_connections=secure):
                pairing = await self.pair(io="keyboard_only", secure_connections=secure)
                await self.do("type_passkey", passkey=await asyncio.wait_for(self.user.seen, 10))
                await asyncio.wait_for(pairing, 10)
                await self.link.disconnect()

    async def test_a_wrong_passkey_fails(self):
        pairing = await self.pair(io="keyboard_only", passkey=7)
        self.assertNotEqual(await asyncio.wait_for(self.user.seen, 10), 7)
        await self.expect_failure(pairing)

    async def test_it_shows_what_is_typed(self):
        for model in ({}, {"passkey": 123456}, {"secure_connections": False}):
            with self.subTest(**model):
                pairing = await self.pair(io="display_only", **model)
                shown = (await self.do("shown_passkey"))["passkey"]
                self.assertEqual(shown, model.get("passkey", shown))
                self.user.typed.set_result(shown)
                await asyncio.wait_for(pairing, 10)
                await self.link.disconnect()

    async def test_numbers_are_compared(self):
        pairing = await self.pair(io="display_yes_no")
        seen = await asyncio.wait_for(self.user.seen, 10)
        self.assertEqual((await self.do("shown_passkey"))["passkey"], seen)
        await asyncio.wait_for(pairing, 10)

    async def test_its_user_rejects(self):
        for io in ("display_yes_no", "keyboard_only"):
            with self.subTest(io=io):
                await self.expect_failure(await self.pair(io=io, user="rejects"))
                await self.link.disconnect()

    async def test_just_works_protects_too_little(self):
        await self.expect_failure(await self.pair(mitm=True))

    async def test_forgotten_bonds(self):
        await asyncio.wait_for(await self.pair(), 10)
        keys = self.rig.peripherals[STRAP].device.keystore
        self.assertTrue(await keys.get_all())
        await self.do("forget_bonds")
        self.assertFalse(await keys.get_all())

    async def test_it_asks_for_security(self):
        await self.connect()
        asked = asyncio.get_running_loop().create_future()
        self.link.on("security_request", asked.set_result)
        await self.do("request_security")
        await asyncio.wait_for(asked, 10)

    async def test_nobody_types_without_a_pairing(self):
        with self.assertRaises(Refused):
            await self.do("type_passkey", passkey=1)


if __name__ == "__main__":
    unittest.main()
