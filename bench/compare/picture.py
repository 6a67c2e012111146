"""The picture: bars of CPU time, in SVG."""

from html import escape

from .table import REFERENCE, Results, number, title_of

COLOURS = {"bare": "#8a8f98", "callback": "#0b62c4", "coroutine": "#5aa2ee", "bleak": "#d9822b", "simpleble": "#8c5bb5",
           "btleplug": "#b3443f"}
WIDTH, LEFT, RIGHT = 960, 330, 150
BAR, GAP, GROUP_GAP, TOP = 12, 2, 14, 58


def draw(results: Results) -> str:
    """A group of bars for each workload: how many times the bare program's CPU time each client takes."""
    shown = [w for w in results.workloads if _is_shown(results, w)]
    longest = max(results.ratio(w, p, REFERENCE) or 0 for w in shown for p in results.peers)
    body, y = [], TOP
    for workload in shown:
        peers = [peer for peer in results.peers if results.ratio(workload, peer, REFERENCE)]
        body += _group(results, workload, peers, longest, y)
        y += len(peers) * (BAR + GAP) + GROUP_GAP
    one = _x(1, longest)
    line = f'<line x1="{one:.1f}" y1="{TOP - 8}" x2="{one:.1f}" y2="{y - GROUP_GAP + 4}" stroke="#444" stroke-dasharray="3 3"/>'
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{y}" viewBox="0 0 {WIDTH} {y}" '
        'font-family="sans-serif" font-size="12" fill="#222">',
        f'<rect width="{WIDTH}" height="{y}" fill="#ffffff"/>', *_legend(results), line, *body, "</svg>", ""])


def _is_shown(results: Results, workload: dict) -> bool:
    """Few notifications are enough: sizes hardly matter."""
    if workload["kind"] == "idle" or not results.cpu(workload, REFERENCE):
        return False
    return workload["kind"] != "notify" or (workload["size"] == 20 and workload["rate"] in (0, 2016))


def _x(ratio: float, longest: float) -> float:
    return LEFT + ratio / longest * (WIDTH - LEFT - RIGHT)


def _legend(results: Results) -> list:
    found = ['<text x="10" y="20" font-size="14" font-weight="bold">CPU time of the client</text>',
             '<text x="10" y="38" fill="#555">in units of the bare sd-bus program’s, and in µs for one</text>']
    x = LEFT
    for peer, title in results.peers.items():
        found.append(f'<rect x="{x}" y="9" width="12" height="12" fill="{COLOURS[peer]}"/>')
        found.append(f'<text x="{x + 17}" y="20">{escape(title)}</text>')
        x += 38 + 7 * len(title)
    return found


def _group(results: Results, workload: dict, peers: list, longest: float, y: int) -> list:
    title = title_of(workload) + (f" ({workload['path']})" if workload["path"] else "")
    middle = y + len(peers) * (BAR + GAP) / 2 + 3
    found = [f'<text x="{LEFT - 10}" y="{middle:.0f}" text-anchor="end">{escape(title)}</text>']
    for peer in peers:
        ratio = results.ratio(workload, peer, REFERENCE)
        end = _x(ratio, longest)
        label = f"{ratio:.2g} × ({number(results.cpu(workload, peer))} µs)" if ratio < 10 else (
            f"{ratio:.0f} × ({number(results.cpu(workload, peer))} µs)")
        found.append(f'<rect x="{LEFT}" y="{y}" width="{end - LEFT:.1f}" height="{BAR}" fill="{COLOURS[peer]}"/>')
        found.append(f'<text x="{end + 5:.1f}" y="{y + BAR - 2}" font-size="11">{label}</text>')
        y += BAR + GAP
    return found
