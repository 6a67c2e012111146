"""One boot of the virtual machine: its run folder, its command line, and the watch over it."""

import os
import selectors
import shlex
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).resolve().parent

# Exit statuses of its own, as timeout(1) and docker(1) have them; any other is the command's.
STATUS_TIME_OUT = 124
STATUS_RIG_FAILED = 125


@dataclass
class Job:
    """What is to be done in the guest."""
    command: list[str]
    directory: Path
    variables: dict[str, str]
    # Folders of the host that the guest sees at the same path: path to "ro" or "rw".
    shares: dict[Path, str] = field(default_factory=dict)
    boot_limit: float = 300
    limit: float = 1800
    cpus: int = 2
    memory: str = "2G"


class MachineError(Exception):
    """The machine did not do the job; `status` is what to exit with."""

    def __init__(self, text: str, status: int = STATUS_RIG_FAILED):
        super().__init__(text)
        self.status = status


def write_run_folder(folder: Path, job: Job) -> None:
    """Puts everything there that `guest` reads."""
    (folder / "logs").mkdir()
    shutil.copy(HERE / "guest", folder / "guest")
    lines = [f"share{number} {mode} {path}" for number, (path, mode) in enumerate(job.shares.items())]
    (folder / "shares").write_text("".join(line + "\n" for line in lines))
    exports = "".join(f"export {name}={shlex.quote(value)}\n" for name, value in job.variables.items())
    (folder / "job").write_text(f"{exports}export BLAU_DIRECTORY={shlex.quote(str(job.directory))}\n"
                                f"command_of_job() {{\n  exec {shlex.join(job.command)}\n}}\n")


def _share(tag: str, path: Path, mode: str) -> list[str]:
    # qemu separates options by commas; a comma in a value is doubled.
    where = str(path).replace(",", ",,")
    options = f"local,path={where},mount_tag={tag},security_model=none,multidevs=remap"
    return ["-virtfs", options + (",readonly=on" if mode == "ro" else "")]


def command_line(kernel: Path, initramfs: Path, root: Path, run_folder: Path, job: Job, ports: list[int]) -> list[str]:
    words = ["qemu-system-x86_64",
             # Not KVM: it is missing in containers, and where it is offered inside another virtual machine it may hang.
             "-accel", "tcg,thread=multi", "-smp", str(job.cpus), "-m", job.memory,
             # All that the translator can do; with rdrand the kernel need not wait for entropy.
             "-cpu", "max",
             "-nodefaults", "-display", "none", "-no-reboot", "-net", "none",
             "-kernel", str(kernel / "vmlinuz"), "-initrd", str(initramfs),
             # no_timer_check: on a busy host the check finds no interrupts in time and goes on with a worse timer.
             "-append", "console=ttyS0 quiet panic=-1 mitigations=off random.trust_cpu=on no_timer_check",
             "-serial", f"file:{run_folder}/logs/console.log".replace(",", ",,"),
             "-device", "virtio-serial-pci"]
    for number, descriptor in enumerate(ports, 1):
        # append: or qemu would truncate the pipe, and fail.
        words += ["-add-fd", f"fd={descriptor},set={number}",
                  "-chardev", f"file,id=port{number},path=/dev/fdset/{number},append=on",
                  "-device", f"virtserialport,chardev=port{number},nr={number}"]
    words += _share("root", root, "ro") + _share("run", run_folder, "rw")
    for number, (path, mode) in enumerate(job.shares.items()):
        words += _share(f"share{number}", path, mode)
    return words


class Machine:
    """Runs qemu, passes on what the command prints as it prints it, and ends when the guest ends or time is up."""

    def __init__(self, job: Job, run_folder: Path, parts: tuple[Path, Path, Path]):
        self._job = job
        self._run_folder = run_folder
        self._parts = parts
        self._status: int | None = None
        self._ready = False
        self._control = b""
        self._output_broken = False

    def run(self) -> int:
        """The exit status of the command."""
        readers, writers = zip(*(os.pipe() for _ in range(3)))
        words = command_line(*self._parts, self._run_folder, self._job, list(writers))
        with open(self._run_folder / "logs/qemu.log", "w") as log:
            # A group of its own: Ctrl-C reaches this process alone, which then ends the machine.
            process = subprocess.Popen(words, pass_fds=writers, stdin=subprocess.DEVNULL, stdout=log,
                                       stderr=subprocess.STDOUT, start_new_session=True)
        for descriptor in writers:
            os.close(descriptor)
        try:
            self._relay(readers)
        finally:
            process.kill()
            process.wait()
            for descriptor in readers:
                os.close(descriptor)
        if self._status is None:
            raise MachineError("the machine ended before the command did (a crash of kernel or emulator)")
        return self._status

    def _relay(self, readers) -> None:
        """Reads the three ports until qemu closes them, which it does by ending."""
        sinks = dict(zip(readers, (self._to(sys.stdout), self._to(sys.stderr), self._on_control)))
        begin = time.monotonic()
        with selectors.DefaultSelector() as selector:
            for descriptor in readers:
                selector.register(descriptor, selectors.EVENT_READ)
            while selector.get_map():
                for key, _ in selector.select(self._time_left(begin)):
                    data = os.read(key.fd, 65536)
                    if data:
                        sinks[key.fd](data)
                    else:
                        selector.unregister(key.fd)

    def _time_left(self, begin: float) -> float:
        limit = self._job.limit if self._ready else min(self._job.boot_limit, self._job.limit)
        left = begin + limit - time.monotonic()
        if left <= 0:
            what = "the command did not end" if self._ready else "the machine was not ready"
            raise MachineError(f"{what} within {limit:g} s", STATUS_TIME_OUT)
        return left

    def _to(self, stream):
        def write(data: bytes) -> None:
            if self._output_broken:
                return
            try:
                stream.buffer.write(data)
                stream.buffer.flush()
            except BrokenPipeError:
                # Whoever read it is gone, as in `run … | head`: the exit status still counts.
                self._output_broken = True
        return write

    def _on_control(self, data: bytes) -> None:
        *lines, self._control = (self._control + data).split(b"\n")
        for line in lines:
            word, _, rest = line.decode(errors="replace").partition(" ")
            if word == "ready":
                self._ready = True
            elif word == "exit":
                self._status = int(rest)
            elif word == "failed":
                raise MachineError(rest)


def tail(path: Path, lines: int = 30) -> str:
    """The end of a log, for a report."""
    if not path.exists():
        return ""
    return "\n".join(path.read_text(errors="replace").splitlines()[-lines:])


def end_on_signals() -> None:
    """SIGTERM ends a run as Ctrl-C does: with the machine gone and the folder removed."""
    def interrupt(*_):
        raise KeyboardInterrupt
    signal.signal(signal.SIGTERM, interrupt)
