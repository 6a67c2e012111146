"""The reader of world files, and what it makes of them."""

import json
import unittest
from pathlib import Path

import world

REPOSITORY = Path(__file__).resolve().parents[3]


def peripheral(**members) -> world.Peripheral:
    text = json.dumps({"blau_world": 1, "peripherals": [{"address": "C0:FF:EE:00:00:01"} | members]})
    return world.parse(text).peripherals[0]


class Files(unittest.TestCase):
    def test_every_world_of_the_repository(self):
        files = [*REPOSITORY.glob("examples/worlds/*.json"), *REPOSITORY.glob("tests/**/world*.json")]
        self.assertTrue(files)
        for file in files:
            with self.subTest(file=file):
                if "faults" in json.loads(file.read_text()):
                    with self.assertRaisesRegex(world.WorldError, r":\d+: faults: these peripherals play no faults"):
                        world.load(file)
                else:
                    self.assertTrue(world.load(file).peripherals)

    def test_a_file_that_is_not_there(self):
        with self.assertRaisesRegex(world.WorldError, r"nowhere\.json"):
            world.load(Path("nowhere.json"))


class Faults(unittest.TestCase):
    """Each is told with file, line and path."""

    def expect(self, text: str, pattern: str):
        with self.assertRaisesRegex(world.WorldError, pattern):
            world.parse(text, "w.json")

    def test_not_json(self):
        self.expect('{\n"blau_world": 1,\n}', r"w\.json:3: not JSON")

    def test_member_twice(self):
        self.expect('{"blau_world": 1, "seed": 1, "seed": 2}', "'seed' stands twice")

    def test_no_version(self):
        self.expect("{}", r"w\.json:1: world: 'blau_world' is a required property")

    def test_unknown_member(self):
        self.expect('{"blau_world": 1,\n "peripherals": [\n{"address": "C0:FF:EE:00:00:01", "nam": "x"}]}',
                    r"w\.json:3: peripherals\[0\]: .*'nam' was unexpected")

    def test_malformed_uuid(self):
        self.expect('{"blau_world": 1, "peripherals": [{"address": "C0:FF:EE:00:00:01",\n'
                    '"name": "a [strange], {name}",\n"services": [\n{"uuid": "180d"},\n{"uuid": "180"}]}]}',
                    r"w\.json:5: peripherals\[0\]\.services\[1\]\.uuid: '180' does not match")

    def test_handle_below_the_next_free(self):
        self.expect('{"blau_world": 1, "peripherals": [{"address": "C0:FF:EE:00:00:01", "services": [{"uuid": "180d",\n'
                    '"handle": 9}]}]}', r"w\.json:2: peripherals\[0\]\.services\[0\]\.handle: handle 9 lies below 10")

    def test_included_service_that_is_not_there(self):
        self.expect('{"blau_world": 1, "peripherals": [{"address": "C0:FF:EE:00:00:01", "services": [{"uuid": "180d",\n'
                    '"includes": [1]}]}]}', r"w\.json:2: .*includes\[0\]: there is no other service at position 1")

    def test_value_longer_than_it_may_be(self):
        self.expect('{"blau_world": 1, "peripherals": [{"address": "C0:FF:EE:00:00:01", "services": [{"uuid": "180d",'
                    '"characteristics": [{"uuid": "2a37", "properties": [], "value": "0102", "max_length": 1}]}]}]}',
                    r"characteristics\[0\]\.value: 2 bytes, more than max_length \(1\)")

    def test_echo_to_nowhere(self):
        self.expect('{"blau_world": 1, "peripherals": [{"address": "C0:FF:EE:00:00:01", "services": [{"uuid": "180d",'
                    '"characteristics": [{"uuid": "2a37", "properties": ["write"], "echo_to": "2a38"}]}]}]}', "echo_to")

    def test_advertising_data_too_long(self):
        self.expect('{"blau_world": 1, "peripherals": [{"address": "C0:FF:EE:00:00:01", "advertising":\n{"data":\n'
                    '{"manufacturer_data": {"0x02e5": {"repeat": "00", "count": 28}}}}}]}',
                    r"w\.json:3: peripherals\[0\]\.advertising\.data: this takes 32 bytes")

    def test_an_address_twice(self):
        self.expect('{"blau_world": 1, "peripherals": [{"address": "C0:FF:EE:00:00:01"},\n{"address": "c0-ff-ee-00-00-01"}]}',
                    r"w\.json:2: peripherals\[1\]\.address: C0:FF:EE:00:00:01 is there twice")

    def test_generic_service_given_though_it_is_made(self):
        self.expect('{"blau_world": 1, "peripherals": [{"address": "C0:FF:EE:00:00:01", "services": [{"uuid": "1800"}]}]}',
                    "gap_service")


class Tables(unittest.TestCase):
    def test_generic_services_take_nine_handles(self):
        rows = peripheral(name="Strap", services=[{"uuid": "180d"}]).table
        self.assertEqual([row.handle for row in rows], list(range(1, 11)))
        self.assertEqual(rows[2].value, b"Strap")
        self.assertEqual(rows[9].value, bytes.fromhex("0d18"))

    def test_handles_values_and_groups(self):
        rows = peripheral(gap_service=False, services=[
            {"uuid": "180d", "handle": 16, "includes": [1], "characteristics": [
                {"uuid": "2a37", "properties": ["read", "notify", "reliable_write"], "handle": 32,
                 "descriptors": [{"uuid": "2901", "handle": 48, "value": {"text": "rate"}}]}]},
            {"uuid": "f000aa00-0451-4000-b000-000000000000", "primary": False}]).table
        seen = [(row.handle, f"{row.type.int >> 96:04x}", row.value.hex(), row.group_end) for row in rows]
        self.assertEqual(seen, [
            (16, "2800", "0d18", 48),
            (17, "2802", "31003100", 17),
            (32, "2803", "922100372a", 32),
            (33, "2a37", "", 33),
            (34, "2902", "", 34),
            (35, "2900", "0100", 35),
            (48, "2901", "72617465", 48),
            (49, "2801", "000000000000" "00b0" "0040" "5104" "00aa00f0", 49)])

    def test_an_included_16_bit_service_is_named(self):
        rows = peripheral(gap_service=False, services=[{"uuid": "180d", "includes": [1]}, {"uuid": "180f"}]).table
        self.assertEqual(rows[1].value.hex(), "030003000f18")

    def test_a_listed_configuration_stands_where_it_is_listed(self):
        rows = peripheral(gap_service=False, services=[{"uuid": "180d", "characteristics": [
            {"uuid": "2a37", "properties": ["notify"], "security": "encrypted",
             "descriptors": [{"uuid": "2901"}, {"uuid": "2902", "write_error": 128}]}]}]).table
        self.assertEqual([row.kind for row in rows], ["service", "declaration", "value", "descriptor", "configuration"])
        self.assertEqual((rows[4].write_error, rows[4].write_security, rows[4].read_security), (128, "encrypted", "none"))


class Advertising(unittest.TestCase):
    def payloads(self, **members) -> tuple[str, str]:
        made = peripheral(**members)
        return made.advertising_data.hex(), made.scan_response.hex()

    def test_unasked(self):
        self.assertEqual(self.payloads(name="Strap", services=[{"uuid": "180d"}, {"uuid": "180f", "primary": False}]),
                         ("020106" "03030d18", "06095374726170"))

    def test_services_that_do_not_fit_are_left_out(self):
        long = [{"uuid": f"f000aa0{number}-0451-4000-b000-000000000000"} for number in range(2)]
        data, _ = self.payloads(services=long)
        self.assertEqual(data[6:10], "1106")

    def test_a_long_name_is_cut_between_characters(self):
        _, response = self.payloads(name="é" * 20)
        self.assertEqual(response, "1d08" + "c3a9" * 14)

    def test_as_the_file_says(self):
        self.assertEqual(
            self.payloads(name="Strap", advertising={
                "data": {"service_data": {"180f": "63", "b1a00800": "01"}, "flags": 6, "tx_power": -4, "appearance": 833,
                         "manufacturer_data": {"0x02e5": "0102"}},
                "scan_response": {"short_name": "St", "raw": "02aa01"}}),
            ("020106" "020afc" "03194103" "05ffe5020102" "04160f1863" "06200008a0b101", "03085374" "02aa01"))


if __name__ == "__main__":
    unittest.main()
