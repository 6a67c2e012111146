"""The picture: bars of CPU time, in SVG."""

from html import escape
from math import ceil, floor, log10

from .table import Results, number, title_of

COLOURS = {"bare": "#8a8f98", "callback": "#0b62c4", "coroutine": "#5aa2ee", "bleak": "#d9822b", "simpleble": "#8c5bb5"}
WIDTH, LEFT, RIGHT = 900, 300, 90
BAR, GAP, GROUP_GAP, TOP = 13, 2, 16, 64


def draw(results: Results) -> str:
    """One group of bars a workload, each as long as the logarithm of its CPU time."""
    workloads = [w for w in results.workloads if w["kind"] != "idle" and _is_shown(w)]
    scale = _Scale([results.cpu(w, p) for w in workloads for p in results.peers])
    body, y = [], TOP
    for workload in workloads:
        peers = [peer for peer in results.peers if results.cpu(workload, peer)]
        body += _group(results, workload, peers, scale, y)
        y += len(peers) * (BAR + GAP) + GROUP_GAP
    frame = _legend(results) + scale.lines(TOP - 6, y - GROUP_GAP + 4)
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{y + 12}" viewBox="0 0 {WIDTH} {y + 12}" '
        'font-family="sans-serif" font-size="12" fill="#222">',
        f'<rect width="{WIDTH}" height="{y + 12}" fill="#ffffff"/>', *frame, *body, "</svg>", ""])


def _is_shown(workload: dict) -> bool:
    return workload["kind"] != "notify" or (workload["size"] == 20 and workload["rate"] in (0, 2016))


class _Scale:
    def __init__(self, values: list) -> None:
        known = [value for value in values if value]
        self._low, self._high = floor(log10(min(known))), ceil(log10(max(known)))

    def x(self, value: float) -> float:
        share = (log10(value) - self._low) / (self._high - self._low)
        return LEFT + share * (WIDTH - LEFT - RIGHT)

    def lines(self, top: int, bottom: int) -> list:
        found = []
        for power in range(self._low, self._high + 1):
            x = self.x(10**power)
            found.append(f'<line x1="{x:.0f}" y1="{top}" x2="{x:.0f}" y2="{bottom}" stroke="#ddd"/>')
            found.append(f'<text x="{x:.0f}" y="{top - 4}" text-anchor="middle" fill="#777">{_time(10**power)}</text>')
        return found


def _time(microseconds: float) -> str:
    return f"{microseconds:g} µs" if microseconds < 1000 else f"{microseconds / 1000:g} ms"


def _legend(results: Results) -> list:
    found, x = [f'<text x="10" y="20" font-size="14" font-weight="bold">CPU time of the client for one</text>'], LEFT
    for peer, title in results.peers.items():
        found.append(f'<rect x="{x}" y="10" width="12" height="12" fill="{COLOURS[peer]}"/>')
        found.append(f'<text x="{x + 17}" y="20">{escape(title)}</text>')
        x += 40 + 7 * len(title)
    return found


def _group(results: Results, workload: dict, peers: list, scale: _Scale, y: int) -> list:
    title = title_of(workload) + (f" ({workload['path']})" if workload["path"] else "")
    middle = y + len(peers) * (BAR + GAP) / 2 + 3
    found = [f'<text x="{LEFT - 10}" y="{middle:.0f}" text-anchor="end">{escape(title)}</text>']
    for peer in peers:
        cpu = results.cpu(workload, peer)
        width = scale.x(cpu) - LEFT
        found.append(f'<rect x="{LEFT}" y="{y}" width="{width:.1f}" height="{BAR}" fill="{COLOURS[peer]}"/>')
        found.append(f'<text x="{LEFT + width + 5:.1f}" y="{y + BAR - 2}" font-size="11">{number(cpu)}</text>')
        y += BAR + GAP
    return found
