# SPDX-License-Identifier: GPL-2.0-only
"""Results: what they are judged by, and how they are printed."""

import dataclasses
import json
import os
import pathlib
import platform
import re
from statistics import median

BEGIN, END = "<!-- results -->", "<!-- end of results -->"
BETWEEN = re.compile(f"{BEGIN}.*{END}", re.DOTALL)
PREFIXES = ((1e9, " G"), (1e6, " M"), (1e3, " k"), (1, " "))
RATIO_HEAD = ("bench", "ours", "peer", "ratio", "min..max", "target", "stretch", "verdict")
FIGURE_HEAD = ("bench", "value", "min..max", "target", "verdict")
CURVE_HEAD = ("cost of", "with so many", "of", "median (min..max)")


def quantity(value, unit):
    """1234567, "bit/s": "1.23 Mbit/s"."""
    if unit in ("", "ns"):  # whole ones
        return f"{value:,.0f} {unit}".strip()
    if unit == "s":
        return f"{value:.3g} s"
    for size, prefix in PREFIXES:
        if abs(value) >= size:
            return f"{value / size:.3g}{prefix}{unit}"
    return f"{value:.3g} {unit}"


def verdict(met):
    return "" if met is None else "met" if met else "missed"


@dataclasses.dataclass
class Ratio:
    """Ours divided by the peer's, round by round. `target`: the least, None = told only."""

    title: str
    unit: str
    subject: str
    peer_name: str
    ours: list
    peer: list
    target: float | None
    stretch: float | None = None

    @property
    def ratios(self):
        return [ours / peer for ours, peer in zip(self.ours, self.peer)]

    @property
    def met(self):
        return median(self.ratios) >= self.target if self.target else None

    def row(self):
        return (f"{self.title}: {self.subject} / {self.peer_name}",
                quantity(median(self.ours), self.unit), quantity(median(self.peer), self.unit),
                f"{median(self.ratios):.2f}", f"{min(self.ratios):.2f}..{max(self.ratios):.2f}",
                f"≥ {self.target:.2f}" if self.target else "",
                f"{self.stretch:.2f}" if self.stretch else "", verdict(self.met))


@dataclasses.dataclass
class Figure:
    """
    A figure that stands alone. `least`, `most`: what it must keep to, all of its values; or their
    median, if it is `typical`, as times are.
    """

    title: str
    unit: str
    values: list
    least: float | None = None
    most: float | None = None
    typical: bool = False

    @property
    def met(self):
        if self.least is not None:
            return (median if self.typical else min)(self.values) >= self.least
        if self.most is not None:
            return (median if self.typical else max)(self.values) <= self.most
        return None

    def target(self):
        if self.least is not None:
            return f"≥ {quantity(self.least, self.unit)}"
        return f"≤ {quantity(self.most, self.unit)}" if self.most is not None else ""

    def row(self):
        ends = [quantity(end(self.values), self.unit) for end in (min, max)]
        return (self.title, quantity(median(self.values), self.unit),
                "..".join(ends) if len(self.values) > 1 else "", self.target(),
                verdict(self.met))


@dataclasses.dataclass
class Curve:
    """A cost that is measured at several scales: a line in a picture."""

    title: str  # whose cost; lines of one picture have title and scale in common
    scale: str  # what grows
    unit: str
    name: str
    points: dict  # how many: list of values
    met = None  # told only

    def medians(self):
        return {scale: median(values) for scale, values in sorted(self.points.items())}

    def row(self):
        return (self.title, self.scale, self.name, "; ".join(
            f"{scale:,}: {quantity(middle, self.unit)} "
            f"({min(self.points[scale]):,.0f}..{max(self.points[scale]):,.0f})"
            for scale, middle in self.medians().items()))


@dataclasses.dataclass
class Skip:
    """What could not be measured here."""

    title: str
    reason: str
    met = None


def table(head, results):
    rows = [head, ["---"] * len(head), *(result.row() for result in results)]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


def machine():
    """Its shape, not its name."""
    cpuinfo = pathlib.Path("/proc/cpuinfo").read_text()
    model = re.search(r"^model name\s*: (.+)$", cpuinfo, re.MULTILINE)
    return {"cpu": model[1] if model else platform.machine(), "cpus": os.cpu_count(),
            "memory_bytes": os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"),
            "virtual": bool(re.search(r"^flags\s*:.*\bhypervisor\b", cpuinfo, re.MULTILINE)),
            "kernel": platform.release()}


def circumstances(settings):
    return {"machine": machine(), "rounds": settings.rounds, "seconds": settings.seconds,
            "subject": settings.subject}


def of_kind(results, kind):
    return [result for result in results if isinstance(result, kind)]


def preface(around):
    shape = around["machine"]
    return (f"{shape['cpu']}, {shape['cpus']} CPUs, {shape['memory_bytes'] / 2**30:.0f} GiB, "
            f"{'a virtual machine' if shape['virtual'] else 'no virtual machine'}, "
            f"kernel {shape['kernel']}; {around['rounds']} rounds of {around['seconds']} s. "
            "Medians; the ratio is the median of the rounds' ratios.")


def markdown(results, settings):
    parts = [preface(circumstances(settings))]
    for kind, head in ((Ratio, RATIO_HEAD), (Figure, FIGURE_HEAD), (Curve, CURVE_HEAD)):
        chosen = of_kind(results, kind)
        if chosen:
            parts.append(table(head, chosen))
    skipped = of_kind(results, Skip)
    if skipped:
        parts.append("\n".join(["Skipped:", "", *(f"- {skip.title}: {skip.reason}"
                                                 for skip in skipped)]))
    return "\n\n".join(parts)


def write_json(path, results, settings):
    every = [{"kind": type(result).__name__.lower(), "met": result.met,
              **dataclasses.asdict(result)} for result in results]
    text = json.dumps({**circumstances(settings), "results": every}, indent=2)
    pathlib.Path(path).write_text(text + "\n")


def has_marks(path):
    """Whether it is a page with room for the tables."""
    page = pathlib.Path(path)
    return page.is_file() and bool(BETWEEN.search(page.read_text()))


def write_page(path, text):
    """Puts the tables between the two marks of a page."""
    page = pathlib.Path(path)
    fresh, found = BETWEEN.subn(lambda _: f"{BEGIN}\n{text}\n{END}", page.read_text())
    if not found:
        raise ValueError(f"{path} has no {BEGIN} … {END}")
    page.write_text(fresh)
