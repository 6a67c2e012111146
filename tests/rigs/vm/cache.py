"""A folder of things that take long to make, each made once and named after what it was made from.

An entry is `<name>-<key>`, its key a hash of every input: another input makes another entry, so nothing is ever stale and
nothing is ever changed in place. A process that uses an entry holds a shared lock on it; the one that makes it holds an
exclusive one. So two runs at once make an entry once, and what an older version of the sources left behind is removed
only when nobody uses it.
"""

import contextlib
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path


class CacheError(Exception):
    """An entry could not be made; the text says what to do."""


def folder() -> Path:
    """Where everything lies: $BLAU_CACHE, or `blau` in the user's cache folder."""
    chosen = os.environ.get("BLAU_CACHE")
    if chosen:
        return Path(chosen).absolute()
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "blau"


def key_of(*inputs) -> str:
    """A short hash of texts and of the contents of files."""
    digest = hashlib.sha256()
    for part in inputs:
        data = part.read_bytes() if isinstance(part, Path) else str(part).encode()
        digest.update(len(data).to_bytes(8, "little") + data)
    return digest.hexdigest()[:12]


def say(text: str) -> None:
    print(f"vm: {text}", file=sys.stderr, flush=True)


class Cache:
    """Hands out entries; keeps their locks until it is closed."""

    def __init__(self, root: Path | None = None):
        self.root = root or folder()
        self._held = contextlib.ExitStack()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._held.close()

    def entry(self, name: str, key: str, make) -> Path:
        """The folder of entry `name-key`; `make(path)` fills a new one."""
        self.root.mkdir(parents=True, exist_ok=True)
        path = self.root / f"{name}-{key}"
        lock = self._held.enter_context(open(self._lock_path(path), "w"))
        fcntl.flock(lock, fcntl.LOCK_SH)
        if not path.exists():
            fcntl.flock(lock, fcntl.LOCK_EX)
            # Another process may have made it while this one waited.
            if not path.exists():
                self._make(path, make)
                self._remove_others(name, path)
            fcntl.flock(lock, fcntl.LOCK_SH)
        return path

    @staticmethod
    def _lock_path(path: Path) -> Path:
        return path.parent / f".{path.name}.lock"

    def _make(self, path: Path, make) -> None:
        # What a process left that was killed in the middle; whoever holds the lock is alone here.
        for left in self.root.glob(f".{path.name}.*/"):
            shutil.rmtree(left, ignore_errors=True)
        partial = Path(tempfile.mkdtemp(prefix=f".{path.name}.", dir=self.root))
        try:
            # The root of the virtual machine is one of these folders, and its services are not run by root.
            partial.chmod(0o755)
            make(partial)
            partial.rename(path)
        except BaseException:
            shutil.rmtree(partial, ignore_errors=True)
            raise

    def _remove_others(self, name: str, keep: Path) -> None:
        for other in self.root.glob(f"{name}-*"):
            # `root-trixie-…` is no older `root-…`: names of one kind are equally long.
            if other == keep or len(other.name) != len(keep.name):
                continue
            with open(self._lock_path(other), "w") as lock, contextlib.suppress(BlockingIOError):
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(other, ignore_errors=True)


def require_tools(*tools: str) -> None:
    """Fails with a word on how to get them if a program is missing."""
    # Debian's users have no sbin in their path.
    os.environ["PATH"] += os.pathsep + os.pathsep.join(("/usr/sbin", "/sbin"))
    missing = [tool for tool in tools if not shutil.which(tool)]
    if missing:
        raise CacheError(f"{', '.join(missing)} not found: run scripts/bootstrap --all")


def call(command: list, **options) -> str:
    """Runs a program; its standard output. A failure tells the end of what it said."""
    done = subprocess.run([str(word) for word in command], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          stdin=subprocess.DEVNULL, text=True, errors="replace", **options)
    if done.returncode != 0:
        tail = "\n".join((done.stdout + done.stderr).splitlines()[-20:])
        raise CacheError(f"{command[0]} failed ({done.returncode}):\n{tail}")
    return done.stdout
