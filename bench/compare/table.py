"""Tables of a run's medians, in Markdown."""

from statistics import median

TITLES = {"read": "read, 20 bytes", "write": "write with response, 20 bytes",
          "write_command": "write without response, 20 bytes", "advertise": "advertisement, 1,000 a second of 200 devices",
          "connect": "connect and discover 20 × 5", "idle": "idle, subscribed"}
REFERENCE = "bare"


class Results:
    """The data of a run: for each workload and peer its repetitions, or why there are none."""

    def __init__(self, data: dict) -> None:
        self.data = data
        self.peers: dict = data["peers"]
        self.workloads: list = data["workloads"]

    def repetitions(self, workload: dict, peer: str) -> list:
        found = self.data["results"].get(workload["key"], {}).get(peer, [])
        return found if isinstance(found, list) else []

    def refusal(self, workload: dict, peer: str) -> str | None:
        found = self.data["results"].get(workload["key"], {}).get(peer)
        return found if isinstance(found, str) else None

    def each(self, workload: dict, peer: str, of) -> float | None:
        """The median of what `of` finds in each repetition."""
        found = [of(repetition) for repetition in self.repetitions(workload, peer)]
        return median(found) if found else None

    def cpu(self, workload: dict, peer: str) -> float | None:
        """Microseconds for one; when idle, for a second."""
        return self.each(workload, peer, lambda r: r["cpu_us"] / r["count"] if r["count"] else None)

    def wakeups(self, workload: dict, peer: str) -> float | None:
        return self.each(workload, peer, lambda r: r["wakeups"] / r["count"] if r["count"] else None)

    def ratio(self, workload: dict, peer: str, reference: str) -> float | None:
        """How much CPU time it takes for one of the other's: the median of those that ran one after the other."""
        pairs = zip(self.repetitions(workload, peer), self.repetitions(workload, reference))
        found = [(own["cpu_us"] / own["count"]) / (other["cpu_us"] / other["count"])
                 for own, other in pairs if own["count"] and other["count"] and other["cpu_us"]]
        return median(found) if found else None


def title_of(workload: dict) -> str:
    if workload["kind"] != "notify":
        return TITLES[workload["kind"]]
    speed = f"{workload['rate']:,} a second" if workload["rate"] else "flat out"
    return f"notification, {workload['size']} bytes, {speed}"


def number(value: float) -> str:
    """Three digits that count."""
    if value == 0 or value >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}" if value >= 0.01 else f"{value:.4f}"


def ratios(results: Results) -> str:
    """CPU time for one, and its ratios: the table."""
    peers = list(results.peers)
    rows = [["", "path", *(results.peers[peer] for peer in peers), "Blau ÷ bare", "Blau ÷ Bleak"]]
    for workload in results.workloads:
        cells = [_cpu_cell(results, workload, peer) for peer in peers]
        quotients = [_range(results, workload, reference) for reference in ("bare", "bleak")]
        rows.append([title_of(workload), workload["path"] or "–", *cells, *quotients])
    return grid(rows)


def wakeups(results: Results) -> str:
    """For one; when idle for a second."""
    return _plain(results, results.workloads, lambda w, p: _number_or_dash(results.wakeups(w, p)))


def losses(results: Results) -> str:
    """In percent, of all repetitions."""
    def cell(workload: dict, peer: str) -> str:
        found = results.repetitions(workload, peer)
        if not found:
            return "–"
        lost, sent = sum(r["lost"] for r in found), sum(r["sent"] for r in found)
        return f"{lost:,} of {sent:,}" if lost else "0"
    return _plain(results, [w for w in results.workloads if w["kind"] == "notify"], cell)


def latencies(results: Results) -> str:
    """Median, 99 % and the longest of a run."""
    def cell(workload: dict, peer: str) -> str:
        parts = [results.each(workload, peer, lambda r, n=name: r["latency_us"][n]) for name in ("p50", "p99", "max")]
        return " / ".join(number(part) for part in parts) if None not in parts else "–"
    stamped = [w for w in results.workloads if w["kind"] == "notify" and w["rate"]]
    return _plain(results, stamped, cell)


def paths(results: Results) -> str:
    """The two ways that notifications take, beside each other."""
    peers = list(results.peers)
    rows = [["", *(f"{results.peers[peer]}" for peer in peers)]]
    by_socket = {(w["kind"], w["size"], w["rate"]): w for w in results.workloads if w["path"] == "socket"}
    for workload in results.workloads:
        if workload["path"] != "signals" or workload["kind"] != "notify":
            continue
        other = by_socket[(workload["kind"], workload["size"], workload["rate"])]
        rows.append([title_of(workload), *(_quotient(results.cpu(workload, p), results.cpu(other, p)) for p in peers)])
    return grid(rows)


def refusals(results: Results) -> str:
    lines = []
    for workload in results.workloads:
        for peer, title in results.peers.items():
            reason = results.refusal(workload, peer)
            if reason:
                path = f" ({workload['path']})" if workload["path"] else ""
                lines.append(f"- {title}, {title_of(workload)}{path}: {reason}")
    return "\n".join(lines)


def grid(rows: list) -> str:
    head, *body = rows
    lines = ["| " + " | ".join(head) + " |", "|---|" + "---|" * (len(head) - 1)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in body])


def _plain(results: Results, workloads: list, cell) -> str:
    rows = [["", "path", *results.peers.values()]]
    for workload in workloads:
        rows.append([title_of(workload), workload["path"] or "–", *(cell(workload, peer) for peer in results.peers)])
    return grid(rows)


def _cpu_cell(results: Results, workload: dict, peer: str) -> str:
    cpu = results.cpu(workload, peer)
    return "cannot" if results.refusal(workload, peer) else _number_or_dash(cpu)


def _range(results: Results, workload: dict, reference: str) -> str:
    """Of callbacks and of coroutines."""
    found = [results.ratio(workload, peer, reference) for peer in ("callback", "coroutine")]
    return " – ".join(f"{ratio:.2f}" if ratio >= 0.1 else f"{ratio:.3f}" for ratio in found if ratio) or "–"


def _quotient(own: float | None, other: float | None) -> str:
    return f"{own / other:.1f}" if own and other else "–"


def _number_or_dash(value: float | None) -> str:
    return "–" if value is None else number(value)
