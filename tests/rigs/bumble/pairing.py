"""How a peripheral pairs: what its world says, as Bumble's delegate."""

import asyncio
import secrets
from dataclasses import dataclass

from bumble import smp
from bumble.pairing import PairingConfig, PairingDelegate

_CAPABILITIES = {
    "display_only": PairingDelegate.DISPLAY_OUTPUT_ONLY,
    "display_yes_no": PairingDelegate.DISPLAY_OUTPUT_AND_YES_NO_INPUT,
    "keyboard_only": PairingDelegate.KEYBOARD_INPUT_ONLY,
    "no_input_no_output": PairingDelegate.NO_OUTPUT_NO_INPUT,
    "keyboard_display": PairingDelegate.DISPLAY_OUTPUT_AND_KEYBOARD_INPUT,
}


@dataclass
class Pairing:
    """`pairing` of a world file."""
    io: str = "no_input_no_output"
    passkey: int | None = None
    mitm: bool = False
    secure_connections: bool = True
    bonding: bool = True
    user: str = "accepts"


def of(item: dict) -> Pairing:
    return Pairing(**{name: value for name, value in item.items() if name != "description"})


class User(PairingDelegate):
    """Who sits at the peripheral, for one link. What he sees and types goes through the rig's commands."""

    def __init__(self, model: Pairing, changed: asyncio.Condition):
        super().__init__(_CAPABILITIES[model.io])
        self._model = model
        self._changed = changed
        self._typed: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self.shown: int | None = None

    def config(self) -> PairingConfig:
        return PairingConfig(self._model.secure_connections, self._model.mitm, self._model.bonding, self)

    def type(self, passkey: int) -> None:
        if not self._typed.done():
            self._typed.set_result(passkey)

    async def _decide(self) -> bool:
        if self._model.user == "never":
            await asyncio.get_running_loop().create_future()
        return self._model.user == "accepts"

    async def confirm(self, auto: bool = False) -> bool:
        return await self._decide()

    async def compare_numbers(self, number: int, digits: int) -> bool:
        await self._show(number)
        return await self._decide()

    async def get_number(self) -> int | None:
        if not await self._decide():
            return None
        return self._model.passkey if self._model.passkey is not None else await self._typed

    async def generate_passkey(self) -> int:
        # Bumble takes 0 for none.
        passkey = self._model.passkey or secrets.randbelow(999999) + 1
        await self._show(passkey)
        return passkey

    async def _show(self, passkey: int) -> None:
        async with self._changed:
            self.shown = passkey
            self._changed.notify_all()


class Session(smp.Session):
    """Refuses where Bumble itself would let a pairing pass that protects less than it wanted."""

    def send_pairing_response_command(self) -> None:
        if self.pairing_config.mitm and self.pairing_method == smp.PairingMethod.JUST_WORKS:
            self.send_pairing_failed(smp.ErrorCode.AUTHENTICATION_REQUIREMENTS)
            return
        super().send_pairing_response_command()
