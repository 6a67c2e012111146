"""The air between the host's controllers and those of the peripherals: Bumble's link and controllers, with what a host
like BlueZ's needs and Bumble's own do not do:

- a scan response of its own, a signal strength, advertising that is not connectable;
- LE Create Connection Cancel answers with the event that the kernel waits for (Core Vol 4 Part E 7.8.13);
- data reaches the connection that it was sent on, whichever address its sender used there;
- a device that vanishes: nothing is heard of it and the link ends by its supervision time-out (Vol 6 Part B 4.5.2).
"""

import asyncio
import dataclasses
import random

from bumble import hci, ll
from bumble.controller import Controller, LegacyAdvertiser
from bumble.core import PhysicalTransport
from bumble.link import LocalLink

# Longer packets than the 27 bytes of Bumble's default: a value of 512 bytes is then 3 of them, not 20.
DATA_LENGTH = 251
CONNECTION_TIMEOUT = 0x08
UNKNOWN_CONNECTION = 0x02


@dataclasses.dataclass
class Advertisement(ll.AdvInd):
    """One advertising event, with the answer to a scan request."""
    scan_response: bytes = b""
    rssi: int = -60
    connectable: bool = True
    connect_ms: int | None = None


class Air(LocalLink):
    """All controllers that can hear each other."""

    def listening(self) -> bool:
        """True if anybody would notice an advertisement."""
        return any(c.le_scan_enable or c.pending_le_connection for c in self.controllers if isinstance(c, HostController))

    def lose(self, central, peripheral) -> None:
        """The central hears this peripheral no more; None means every central."""
        for controller in list(self.controllers):
            if isinstance(controller, HostController) and central in (None, controller.public_address,
                                                                      controller.random_address):
                controller.lose(peripheral)

    def send_acl_data(self, sender_controller, destination_address, transport, data) -> None:
        if transport != PhysicalTransport.LE:
            raise ValueError("this air carries Low Energy only")
        receiver = self.find_le_controller(destination_address)
        connection = sender_controller.le_connections.get(destination_address)
        if receiver is None or connection is None:
            # A vanished device: what is sent to it is lost.
            return
        asyncio.get_running_loop().call_soon(receiver.on_link_acl_data, connection.self_address, transport, data)

    def send_ll_control_pdu(self, sender_address, receiver_address, packet) -> None:
        if self.find_le_controller(receiver_address) is not None:
            super().send_ll_control_pdu(sender_address, receiver_address, packet)


class _AirController(Controller):
    """What both kinds have in common."""
    # With LL privacy or extended advertising the kernel uses commands that this controller does not fulfil as a real
    # one would (google/bumble issue 841).
    le_features = Controller.le_features & ~(hci.LeFeatureMask.LL_PRIVACY | hci.LeFeatureMask.LE_EXTENDED_ADVERTISING
                                             | hci.LeFeatureMask.LE_PERIODIC_ADVERTISING)
    le_acl_data_packet_length = DATA_LENGTH
    supported_max_tx_octets = DATA_LENGTH
    supported_max_rx_octets = DATA_LENGTH
    suggested_max_tx_octets = DATA_LENGTH

    def on_ll_control_pdu(self, sender_address, packet) -> None:
        # Both ends may have ended a link at the same time.
        if sender_address in self.le_connections:
            super().on_ll_control_pdu(sender_address, packet)


class HostController(_AirController):
    """The controller that the host under test drives."""

    def on_hci_reset_command(self, command):
        self.le_scan_enable = False
        self.pending_le_connection = None
        for connection in list(self.le_connections.values()):
            connection.send_ll_control_pdu(ll.TerminateInd(CONNECTION_TIMEOUT))
            del self.le_connections[connection.peer_address]
        return super().on_hci_reset_command(command)

    def on_hci_le_create_connection_cancel_command(self, command):
        pending, self.pending_le_connection = self.pending_le_connection, None
        if pending is None:
            return hci.HCI_StatusReturnParameters(hci.HCI_ErrorCode.COMMAND_DISALLOWED_ERROR)
        # After the command's own answer.
        asyncio.get_running_loop().call_soon(self._send_connection_failure, pending, UNKNOWN_CONNECTION)
        return hci.HCI_StatusReturnParameters(hci.HCI_ErrorCode.SUCCESS)

    def _send_connection_failure(self, pending, status: int) -> None:
        self.send_hci_packet(hci.HCI_LE_Connection_Complete_Event(
            status=status, connection_handle=0, role=hci.Role.CENTRAL,
            peer_address_type=pending.peer_address.address_type, peer_address=pending.peer_address,
            connection_interval=0, peripheral_latency=0, supervision_timeout=0, central_clock_accuracy=0))

    def on_advertising_pdu(self, pdu) -> None:
        if not isinstance(pdu, Advertisement):
            super().on_advertising_pdu(pdu)
            return
        if self.le_scan_enable:
            self._report(pdu)
        pending = self.pending_le_connection
        if pending and pdu.connectable and pending.peer_address == pdu.advertiser_address:
            self._connect(pdu, pending)

    def _report(self, pdu: Advertisement) -> None:
        event = hci.HCI_LE_Advertising_Report_Event
        active = self.le_scan_type == hci.HCI_LE_Set_Scan_Parameters_Command.ACTIVE_SCANNING
        kind = event.EventType.ADV_IND if pdu.connectable else (
            event.EventType.ADV_SCAN_IND if pdu.scan_response else event.EventType.ADV_NONCONN_IND)
        reports = [(kind, pdu.data)]
        if active and kind != event.EventType.ADV_NONCONN_IND:
            reports.append((event.EventType.SCAN_RSP, pdu.scan_response))
        for event_type, data in reports:
            self.send_hci_packet(event([event.Report(
                event_type=event_type, address_type=pdu.advertiser_address.address_type,
                address=pdu.advertiser_address, data=data, rssi=pdu.rssi)]))

    def _connect(self, pdu: Advertisement, pending) -> None:
        if not pdu.connect_ms:
            self.create_le_connection(pdu.advertiser_address)
            return

        def later() -> None:
            # Cancelled, or cancelled and begun anew, in the meantime.
            if self.pending_le_connection is pending:
                self.create_le_connection(pdu.advertiser_address)
        # Each further advertisement comes here again until then; the first of these calls wins.
        asyncio.get_running_loop().call_later(pdu.connect_ms / 1000, later)

    def create_le_connection(self, peer_address) -> None:
        timeout = self.pending_le_connection.supervision_timeout
        super().create_le_connection(peer_address)
        if peer_address in self.le_connections:
            self.le_connections[peer_address].supervision_s = timeout / 100

    def lose(self, peer_address) -> None:
        """The peer is heard no more: the link ends when the supervision time is over."""
        connection = self.le_connections.get(peer_address)
        if connection is None:
            return

        def end() -> None:
            if self.le_connections.get(peer_address) is connection:
                self.on_le_disconnected(connection, CONNECTION_TIMEOUT)
        asyncio.get_running_loop().call_later(connection.supervision_s, end)


class PeripheralController(_AirController):
    """The controller of a peripheral, which advertises as the world says."""

    def __init__(self, name: str, air: Air, public_address: str | None, advertiser: "WorldAdvertiser"):
        super().__init__(name, link=air, public_address=public_address)
        advertiser.controller = self
        self.le_legacy_advertiser = advertiser

    def on_le_connect_ind(self, packet) -> None:
        advertiser = self.le_legacy_advertiser
        if packet.advertiser_address != advertiser.address:
            return
        if advertiser.connectable and advertiser.enabled:
            super().on_le_connect_ind(packet)
        else:
            # It stopped in the same moment: the central waits in vain for its first packet.
            self.link.lose(packet.initiator_address, packet.advertiser_address)


@dataclasses.dataclass
class WorldAdvertiser(LegacyAdvertiser):
    """Sends what the host above it set, at the interval of the world and with its signal strength."""
    interval_s: float = 0.1
    rssi: int = -60
    rssi_noise: int = 0
    connectable: bool = True
    connect_ms: int | None = None
    dice: random.Random = dataclasses.field(default_factory=random.Random)

    def _on_timer_fired(self) -> None:
        self.send_advertising_data()
        # Core Vol 6 Part B 4.4.2.2: a random delay, so that two peripherals do not collide for ever.
        wait = self.interval_s + self.dice.uniform(0, 0.010)
        self.timer_handle = asyncio.get_running_loop().call_later(wait, self._on_timer_fired)

    def send_advertising_data(self) -> None:
        if not self.enabled or not self.controller.link.listening():
            return
        noise = self.dice.randint(-self.rssi_noise, self.rssi_noise)
        self.controller.send_advertising_pdu(Advertisement(
            advertiser_address=self.address, data=bytes(self.advertising_data),
            scan_response=bytes(self.scan_response_data), rssi=max(-127, min(20, self.rssi + noise)),
            connectable=self.connectable, connect_ms=self.connect_ms))
