#!/usr/bin/env python3
"""usage: documents.py bash|zsh|fish|man PROGRAM FOLDER

Compares what a shell offers, or what the manual tells, with what `PROGRAM --help` and the help of each command show. FOLDER
holds what the build has made: blau.1, blau, _blau, blau.fish. Ends with 77 where the shell, or groff, is not installed.
"""

import os
import pathlib
import pty
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

SUBJECT, PROGRAM, FOLDER = sys.argv[1], os.path.abspath(sys.argv[2]), pathlib.Path(sys.argv[3]).absolute()
HERE = pathlib.Path(__file__).parent
FORMATS_OF_16_BITS = {"u16le", "u16be"}


def run(arguments, **options):
    done = subprocess.run(arguments, capture_output=True, text=True, timeout=60, check=True, **options)
    assert done.stderr == "", done.stderr
    return done.stdout


class Help:
    """What the help of the program, or of a command, shows."""

    def __init__(self, *command):
        text = run([PROGRAM, *command, "--help"])
        self.commands = set(re.findall(r"^  (\S+) ", self.section(text, "Subcommands"), re.M))
        self.arguments = re.findall(r"^  (\S+) ", self.section(text, "Positionals"), re.M)
        names = re.findall(r"^  (-\S+)", self.section(text, "Options"), re.M)
        self.options = {name for together in names for name in together.split(",")}

    @staticmethod
    def section(text, title):
        found = re.search(rf"^{title}:\n((?:  .*\n)+)", text, re.M)
        return found.group(1) if found else ""


def offers_of(lines):
    """From `? QUERY` and the lines below it: each query's set."""
    offers = {}
    for line in lines:
        if line.startswith("? "):
            offers[line[2:]] = current = set()
        elif line:
            current.add(line)
    return offers


def ask_bash(queries, folder):
    lines = run(["bash", "--norc", str(HERE / "shells.bash"), str(FOLDER / "blau")], input="\n".join(queries) + "\n", cwd=folder)
    return offers_of(lines.splitlines())


def ask_fish(queries, folder):
    asks = "".join(f"echo '? {query}'; complete -C '{query}'\n" for query in queries)
    environment = dict(os.environ, HOME=folder, XDG_CONFIG_HOME=folder, XDG_DATA_HOME=folder)
    lines = run(["fish", "--no-config", "-c", f"source {FOLDER / 'blau.fish'}\n{asks}"], cwd=folder, env=environment)
    return offers_of(line.split("\t")[0] for line in lines.splitlines())


def ask_zsh(queries, folder):
    """Only an interactive zsh completes: it runs on a terminal of its own."""
    home = pathlib.Path(folder, ".zsh")
    home.mkdir(exist_ok=True)
    shutil.copy(HERE / "shells.zsh", home / ".zshrc")
    asked, answers = home / "queries", home / "offers"
    asked.write_text("\n".join(queries) + "\n")
    environment = dict(os.environ, ZDOTDIR=str(home), BLAU_SCRIPTS=str(FOLDER), BLAU_QUERIES=str(asked), BLAU_OFFERS=str(answers))
    ours, theirs = pty.openpty()
    shell = subprocess.Popen(["zsh", "-d", "-i"], stdin=theirs, stdout=theirs, stderr=theirs, cwd=folder,
                             env=dict(environment, TERM="dumb"), start_new_session=True)
    os.close(theirs)
    shown = b""
    try:
        while chunk := os.read(ours, 4096):
            shown += chunk
    except OSError:
        pass  # the end of a terminal
    shell.wait(60)
    assert shell.returncode == 0 and answers.exists(), shown.decode(errors="replace")
    return offers_of(answers.read_text().splitlines())


class Completion(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.everywhere = Help()
        cls.helps = {command: Help(command) for command in cls.everywhere.commands}

    def ask(self, *queries):
        with tempfile.TemporaryDirectory() as folder:
            pathlib.Path(folder, "world.json").touch()
            pathlib.Path(folder, "other.json").touch()
            offers = {"bash": ask_bash, "zsh": ask_zsh, "fish": ask_fish}[SUBJECT](queries, folder)
        self.assertEqual(set(offers), set(queries))
        return [offers[query] for query in queries]

    def test_the_help_was_understood(self):
        self.assertLessEqual({"scan", "read", "completion"}, self.everywhere.commands)
        self.assertLessEqual({"-h", "--help", "--backend", "-v", "--verbose"}, self.everywhere.options)
        self.assertLessEqual({"--descriptor", "--format"}, self.helps["read"].options)
        self.assertLessEqual({"--passkey", "--yes"}, self.helps["pair"].options)
        self.assertNotIn("manual", self.everywhere.commands)

    def test_offers_all_commands_and_no_others(self):
        for offered in self.ask("blau ", "blau --json ", "blau --backend sim ", "blau --adapter=hci0 "):
            self.assertEqual(offered, self.everywhere.commands)

    def test_offers_all_options_and_no_others(self):
        # Given a dash fish offers short options and two dashes long ones, others all of them.
        lines = {"blau": set()} | {f"blau {command}": help_.options for command, help_ in self.helps.items()}
        offers = self.ask(*[f"{line} {dash}" for line in lines for dash in ("-", "--")])
        for line, own in lines.items():
            with self.subTest(line):
                self.assertEqual(offers.pop(0) | offers.pop(0), self.everywhere.options | own)

    def test_offers_options_behind_options_and_their_values(self):
        behind, value = self.ask("blau --backend sim --timeout 5 read --", "blau read DEVICE --descriptor 2901 --fo")
        self.assertIn("--format", behind)
        self.assertEqual(value, {"--format"})

    def test_offers_the_values_that_there_are(self):
        for offered in self.ask("blau read A B --format u16", "blau notify --format u16"):
            self.assertEqual(offered, FORMATS_OF_16_BITS)
        backends, shells, device, seconds = self.ask("blau --backend ", "blau completion ", "blau read ", "blau scan --seconds ")
        self.assertEqual(backends, {"bluez", "sim", "sim:"})
        self.assertEqual(shells, {"bash", "zsh", "fish"})
        self.assertEqual(device | seconds, set())

    def test_offers_values_behind_an_equals_sign(self):
        offered, = self.ask("blau read A B --format=u16")
        # bash replaces only what stands behind the sign.
        self.assertEqual({word.removeprefix("--format=") for word in offered}, FORMATS_OF_16_BITS)

    def test_offers_the_files_of_worlds(self):
        for offered in self.ask("blau --backend sim:wo", "blau scan --backend=sim:wo"):
            self.assertEqual({re.sub(r"^(--backend=)?(sim:)?", "", word) for word in offered}, {"world.json"})


class Manual(unittest.TestCase):
    PAGE = FOLDER / "blau.1"

    @classmethod
    def setUpClass(cls):
        text = run(["groff", "-man", "-Tutf8", "-Kutf8", "-ww", "-P-cbou", "-rLL=80n", str(cls.PAGE)])
        cls.lines = text.splitlines()

    def section(self, head):
        """The lines below a heading, up to the next one that is indented as much or less."""
        start = self.lines.index(head) + 1
        indent = len(head) - len(head.lstrip())
        end = next((i for i in range(start, len(self.lines))
                    if self.lines[i] and len(self.lines[i]) - len(self.lines[i].lstrip()) <= indent), len(self.lines))
        return self.lines[start:end]

    def options(self, head):
        """The options that begin an entry: lines that are indented by seven begin one, or text."""
        entries = [match.group(1) for line in self.section(head) if (match := re.match(r" {7}(-[^\s,]+(?:, -[^\s,]+)*)", line))]
        return {name for entry in entries for name in entry.split(", ")}

    def test_is_written_without_a_warning_and_fits_a_terminal(self):
        self.assertEqual(max(map(len, self.lines)), 80)
        if shutil.which("man"):
            run(["man", "--warnings", "-l", str(self.PAGE)], env=dict(os.environ, MANWIDTH="80", LC_ALL="C.UTF-8"))

    def test_breaks_no_word(self):
        self.assertEqual([line for line in self.lines if re.search(r"\w[-\u2010\u00ad]$", line)], [])

    def test_has_all_sections(self):
        heads = [line for line in self.lines if re.match(r"[A-Z ]+$", line)]
        self.assertEqual(heads, ["NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "COMMANDS", "EXIT STATUS", "EXAMPLES", "SEE ALSO"])

    def test_tells_all_commands_options_and_arguments(self):
        everywhere = Help()
        self.assertEqual(self.options("OPTIONS"), everywhere.options)
        commands = {line.strip() for line in self.section("COMMANDS") if re.match(r" {3}\S", line)}
        self.assertEqual(commands, everywhere.commands)
        for command in everywhere.commands:
            help_ = Help(command)
            with self.subTest(command):
                self.assertEqual(self.options(f"   {command}"), help_.options - everywhere.options)
                usage = " ".join(["blau", command, "[OPTIONS]", *help_.arguments])
                for head in (f"   {command}", "SYNOPSIS"):
                    self.assertTrue(any(line.strip().removesuffix("...") == usage for line in self.section(head)), usage)

    def test_tells_all_statuses(self):
        told = run([PROGRAM, "--help"]).split("Exit status: ")[1]
        statuses = re.findall(r"\b(\d+) ", told)
        self.assertGreater(len(statuses), 5)
        self.assertEqual([line.split()[0] for line in self.section("EXIT STATUS") if line], statuses)


def main():
    needed = "groff" if SUBJECT == "man" else SUBJECT
    if not shutil.which(needed):
        print(f"skipped: {needed} is not installed; scripts/bootstrap --all installs it")
        return 77
    suite = unittest.defaultTestLoader.loadTestsFromTestCase(Manual if SUBJECT == "man" else Completion)
    return 0 if unittest.TextTestRunner(verbosity=2).run(suite).wasSuccessful() else 1


if __name__ == "__main__":
    sys.exit(main())
