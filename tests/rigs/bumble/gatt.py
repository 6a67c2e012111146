"""Bumble's GATT server with a table whose every attribute behaves as the world says: its handle, its permissions, its
errors and delays. Requests of one client are answered one after the other, as Core Vol 3 Part F 3.3.2 demands."""

import asyncio
import inspect
import logging
from collections import deque
from dataclasses import dataclass, field

from bumble import att, gatt_server
from bumble.core import UUID

import table


class WorldAttribute(att.Attribute):
    """One row of the table, at its handle."""

    def __init__(self, row: table.Attribute, server: "WorldServer"):
        permissions = self.READABLE if row.readable else self.Permissions(0)
        if row.preparable:
            permissions |= self.WRITEABLE
        super().__init__(UUID.from_bytes(table.uuid_bytes(row.type)), permissions, row.value)
        self.row = row
        self.server = server
        self.handle = row.handle
        self.end_group_handle = row.group_end

    async def _demand(self, bearer, security: str) -> None:
        """Core Vol 3 Part C 10.3.1: the error tells the client whether to encrypt with a key it has or to pair."""
        if security == "none":
            return
        if not bearer.encryption:
            keys = await bearer.device.keystore.get(str(bearer.peer_address)) if bearer.device.keystore else None
            raise self._error(att.ErrorCode.INSUFFICIENT_ENCRYPTION if keys else att.ErrorCode.INSUFFICIENT_AUTHENTICATION)
        if security == "authenticated" and not bearer.authenticated:
            raise self._error(att.ErrorCode.INSUFFICIENT_AUTHENTICATION)

    def _error(self, code: int) -> att.ATT_Error:
        return att.ATT_Error(code, self.handle)

    async def read_value(self, bearer, again: bool = False) -> bytes:
        """`again`: for a further part of a long value, which was waited for at the first."""
        row = self.row
        if not row.readable:
            raise self._error(att.ErrorCode.READ_NOT_PERMITTED)
        await self._demand(bearer, row.read_security)
        if row.read_delay_ms and not again:
            await asyncio.sleep(row.read_delay_ms / 1000)
        if row.read_error:
            raise self._error(row.read_error)
        if row.kind == "configuration":
            return self.server.configuration_of(bearer, row).to_bytes(2, "little")
        return row.value

    async def check_write(self, bearer, command: bool = False) -> None:
        """Raises what a write of any value would be answered with."""
        allowed = self.row.commandable if command else self.row.preparable
        if not allowed:
            raise self._error(att.ErrorCode.WRITE_NOT_PERMITTED)
        await self._demand(bearer, self.row.write_security)

    async def write_value(self, bearer, value: bytes, command: bool = False) -> None:
        row = self.row
        await self.check_write(bearer, command)
        if len(value) > row.max_length or (row.kind == "configuration" and len(value) != 2):
            raise self._error(att.ErrorCode.INVALID_ATTRIBUTE_LENGTH)
        if row.write_delay_ms:
            await asyncio.sleep(row.write_delay_ms / 1000)
        if row.write_error:
            raise self._error(row.write_error)
        if row.kind == "configuration":
            self._configure(bearer, int.from_bytes(value, "little") & 3)
            return
        row.value = value
        self.server.on_written(bearer, row, command)


    def _configure(self, bearer, bits: int) -> None:
        """Core Vol 3 Part G 3.3.3.3; the error stands in the Core Supplement Part B."""
        known = (1 if self.row.properties & table.NOTIFY else 0) | (2 if self.row.properties & table.INDICATE else 0)
        if bits & ~known:
            raise self._error(att.ErrorCode.CCCD_IMPROPERLY_CONFIGURED)
        self.server.configure(bearer, self.row, bits)


@dataclass(eq=False)
class _Client:
    """What the server keeps of one link."""
    configurations: dict[int, int] = field(default_factory=dict)
    schedules: dict[int, asyncio.Task] = field(default_factory=dict)
    requests: deque = field(default_factory=deque)
    worker: asyncio.Task | None = None
    bonded: bool = False


class WorldServer(gatt_server.Server):
    """Serves the rows of a table to Bumble's device."""

    def __init__(self, device, rows: list[table.Attribute], max_mtu: int, latency_ms: int | None, on_write, on_configured):
        super().__init__(device)
        self.max_mtu = max_mtu
        self._latency_s = (latency_ms or 0) / 1000
        self._on_write = on_write
        self._on_configured = on_configured
        self._clients: dict[object, _Client] = {}
        # What bonded clients configured, by their addresses, Core Vol 3 Part G 2.4.4.
        self._remembered: dict[str, dict[int, int]] = {}
        self._awake = asyncio.Event()
        self._awake.set()
        # Behind every handle that was ever given.
        self._free = 1
        self.attributes = [WorldAttribute(row, self) for row in rows]
        self.attributes_by_handle = {attribute.handle: attribute for attribute in self.attributes}

    def row(self, handle: int) -> table.Attribute | None:
        attribute = self.attributes_by_handle.get(handle)
        return attribute.row if attribute else None

    def stall(self) -> None:
        """Until `resume` nothing is answered and nothing sent by itself."""
        self._awake.clear()

    def resume(self) -> None:
        self._awake.set()

    async def remove_service(self, uuid: bytes) -> bool:
        """Takes the first service of this UUID out of the table and tells whoever wants to know it, Core Vol 3 Part G 7.1.
        False if there is none."""
        service = next((row for row in self.rows() if row.kind == "service" and row.value == uuid), None)
        if service is None:
            return False
        gone = range(service.handle, service.group_end + 1)
        self._free = max(self._free, self.attributes[-1].handle + 1)
        self.attributes = [attribute for attribute in self.attributes if attribute.handle not in gone]
        for handle in gone:
            self.attributes_by_handle.pop(handle, None)
        for client in self._clients.values():
            for handle in [handle for handle in client.schedules if handle in gone]:
                client.schedules.pop(handle).cancel()
        # Whatever has these handles later begins unconfigured.
        for configurations in (*self._remembered.values(), *(client.configurations for client in self._clients.values())):
            for handle in [handle for handle in configurations if handle in gone]:
                del configurations[handle]
        await self._tell_change(gone[0], gone[-1])
        return True

    async def add_service(self, item: dict) -> None:
        """A service as a world file has it: at its handle, if that is free, or behind all others."""
        free = max(self._free, self.attributes[-1].handle + 1)
        added = [WorldAttribute(row, self) for row in table.build_service(self.rows(), free, item, ["service"])]
        self.attributes = sorted([*self.attributes, *added], key=lambda attribute: attribute.handle)
        self.attributes_by_handle |= {attribute.handle: attribute for attribute in added}
        await self._tell_change(added[0].handle, added[-1].handle)

    async def _tell_change(self, first: int, last: int) -> None:
        changed = next((row for row in self.rows() if row.kind == "value" and row.type == table.full_uuid("2a05")), None)
        if changed:
            await self.publish(changed.handle, first.to_bytes(2, "little") + last.to_bytes(2, "little"), True)

    def rows(self) -> list[table.Attribute]:
        return [attribute.row for attribute in self.attributes]

    def _client(self, bearer) -> _Client:
        return self._clients.setdefault(bearer, _Client())

    # Requests, in turn

    def on_gatt_pdu(self, bearer, att_pdu) -> None:
        if att_pdu.op_code == att.Opcode.ATT_HANDLE_VALUE_CONFIRMATION:
            super().on_gatt_pdu(bearer, att_pdu)
            return
        client = self._client(bearer)
        client.requests.append(att_pdu)
        if client.worker is None:
            client.worker = asyncio.create_task(self._serve(bearer, client))

    async def _serve(self, bearer, client: _Client) -> None:
        while client.requests:
            pdu = client.requests.popleft()
            if self._latency_s and not pdu.is_command:
                await asyncio.sleep(self._latency_s)
            await self._awake.wait()
            # Bumble starts a task for each request; the function inside can be awaited instead.
            handler = getattr(type(self), f"on_{pdu.name.lower()}", None)
            if handler is None:
                super().on_gatt_pdu(bearer, pdu)
                continue
            try:
                pending = getattr(handler, "__wrapped__", handler)(self, bearer, pdu)
                if inspect.isawaitable(pending):
                    await pending
            except Exception:
                logging.exception("request %s", pdu)
                self._refuse(bearer, pdu, att.ErrorCode.UNLIKELY_ERROR)
        client.worker = None

    async def on_att_read_blob_request(self, bearer, request) -> None:
        """Core Vol 3 Part F 3.4.4.5. Bumble's own refuses values that fit into one response; a client that does not
        know the length has to ask for more, and gets an empty part."""
        attribute = self.get_attribute(request.attribute_handle)
        try:
            if attribute is None:
                raise att.ATT_Error(att.ErrorCode.INVALID_HANDLE, request.attribute_handle)
            value = await attribute.read_value(bearer, again=request.value_offset > 0)
            if request.value_offset > len(value):
                raise att.ATT_Error(att.ErrorCode.INVALID_OFFSET, request.attribute_handle)
        except att.ATT_Error as error:
            self._refuse(bearer, request, error.error_code)
            return
        part = value[request.value_offset:][:bearer.att_mtu - 1]
        self.send_response(bearer, att.ATT_Read_Blob_Response(part_attribute_value=part))

    async def on_att_prepare_write_request(self, bearer, request) -> None:
        """Core Vol 3 Part F 3.4.6.1: permissions are looked at now, lengths and offsets when all is written."""
        attribute = self.get_attribute(request.attribute_handle)
        try:
            if attribute is not None:
                await attribute.check_write(bearer)
        except att.ATT_Error as error:
            self._refuse(bearer, request, error.error_code)
            return
        super().on_att_prepare_write_request(bearer, request)

    async def on_att_write_request(self, bearer, request) -> None:
        """Core Vol 3 Part G 3.3.1.1: what can only be written reliably is not written by a request."""
        attribute = self.get_attribute(request.attribute_handle)
        if attribute is not None and not attribute.row.writable:
            self._refuse(bearer, request, att.ErrorCode.WRITE_NOT_PERMITTED)
            return
        await gatt_server.Server.on_att_write_request.__wrapped__(self, bearer, request)

    async def on_att_write_command(self, bearer, request) -> None:
        """Core Vol 3 Part F 3.4.5.3: what cannot be written is ignored."""
        attribute = self.get_attribute(request.attribute_handle)
        if attribute is None:
            return
        try:
            await attribute.write_value(bearer, request.attribute_value, command=True)
        except att.ATT_Error:
            return

    def _refuse(self, bearer, request, code: int) -> None:
        handle = getattr(request, "attribute_handle", 0)
        self.send_response(bearer, att.ATT_Error_Response(
            request_opcode_in_error=request.op_code, attribute_handle_in_error=handle, error_code=code))

    # Subscriptions and writes

    def configuration_of(self, bearer, row: table.Attribute) -> int:
        return self._client(bearer).configurations.get(row.value_handle, 0)

    def configure(self, bearer, row: table.Attribute, bits: int) -> None:
        self._configure_value(bearer, row.value_handle, bits)

    def encrypted(self, bearer) -> None:
        """By the keys of a bond: what the client had configured holds again."""
        self._client(bearer).bonded = True
        for handle, bits in self._remembered.get(str(bearer.peer_address), {}).items():
            self._configure_value(bearer, handle, bits)

    def forget(self, bearer) -> None:
        """A new bond begins with nothing."""
        self._remembered.pop(str(bearer.peer_address), None)

    def forget_all(self) -> None:
        self._remembered.clear()
        for client in self._clients.values():
            client.bonded = False

    def _configure_value(self, bearer, handle: int, bits: int) -> None:
        client = self._client(bearer)
        client.configurations[handle] = bits
        schedule = client.schedules.pop(handle, None)
        if schedule:
            schedule.cancel()
        value = self.row(handle)
        if bits & 3 and value and value.schedule:
            client.schedules[value.handle] = asyncio.create_task(self._notify_on_schedule(bearer, value))
        self._on_configured()

    def subscribed(self, handle: int) -> list:
        """The links that have asked for the values of a characteristic, with what they asked for."""
        return [(bearer, client.configurations[handle]) for bearer, client in self._clients.items()
                if client.configurations.get(handle, 0) & 3]

    def on_written(self, bearer, row: table.Attribute, command: bool) -> None:
        self._on_write(bearer, row, command)
        if row.echo_to:
            asyncio.create_task(self.publish(row.echo_to, row.value))

    async def publish(self, handle: int, value: bytes, indicate: bool | None = None) -> int:
        """Sends a value to every subscriber, as each asked for it or as `indicate` says; how many there were."""
        told = 0
        for bearer, bits in self.subscribed(handle):
            told += await self.send_to(bearer, bits, handle, value, indicate)
        return told

    async def send_to(self, bearer, bits: int, handle: int, value: bytes, indicate: bool | None = None) -> bool:
        """To one subscriber. A notification only queues; an indication waits until it was confirmed."""
        attribute = self.attributes_by_handle[handle]
        by_indication = not bits & 1 if indicate is None else indicate
        if not bits & (2 if by_indication else 1):
            return False
        send = self.indicate_subscriber if by_indication else self.notify_subscriber
        await send(bearer, attribute, value, force=True)
        return True

    async def _notify_on_schedule(self, bearer, row: table.Attribute) -> None:
        interval_ms, values = row.schedule
        clock = asyncio.get_running_loop()
        due = clock.time()
        turn = 0
        while True:
            # By the clock, not by waits one after the other, whose delays would add up.
            due += interval_ms / 1000
            await asyncio.sleep(due - clock.time())
            if not self._awake.is_set():
                continue
            bits = self._client(bearer).configurations.get(row.handle, 0)
            await self.send_to(bearer, bits, row.handle, values[turn % len(values)])
            turn += 1

    def on_disconnection(self, bearer) -> None:
        client = self._clients.pop(bearer, None)
        if client and client.bonded:
            self._remembered[str(bearer.peer_address)] = client.configurations
        if client:
            for task in (*client.schedules.values(), *([client.worker] if client.worker else [])):
                task.cancel()
        super().on_disconnection(bearer)
