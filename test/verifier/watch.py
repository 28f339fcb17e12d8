# SPDX-License-Identifier: GPL-2.0-only
"""
The rule of scripts/verifier: what verifier_stats measured on a kernel, beside the table that is
kept. A table has a row for each program and configuration, and a column for each kernel series.
"""

import dataclasses
import re

GROWTH_MOST, SHRINK_HINT = 20, 20  # per cent of the instructions that are kept
LINES_MAX = 10000  # of a measurement, and of a table
KEY_HEAD = ("object", "program", "configuration")
HEAD = """\
# Instructions that the verifier processes

Written by `scripts/verifier --renew`; CONTRIBUTING.md says when. A column for each kernel series.

"""
SHOWN_HEAD = (*KEY_HEAD, "now", "kept", "growth", "peak states", "states/insn", "stack", "µs",
              "xlated", "jited", "")


class WatchError(Exception):
    """The table or a measurement can't be read."""


@dataclasses.dataclass(frozen=True)
class Statistics:
    """Of a program that was loaded, as verifier_stats prints it."""

    instructions: int
    peak_states: str
    states_per_instruction: str
    stack: str
    microseconds: str
    translated: str
    jited: str


@dataclasses.dataclass
class Measurement:
    release: str  # of the kernel
    programs: dict  # key: Statistics
    refused: dict  # key: why

    @property
    def series(self):
        match = re.match(r"\d+\.\d+", self.release)
        if not match:
            raise WatchError(f"the kernel's release '{self.release}' has no series")
        return match[0]


@dataclasses.dataclass
class Finding:
    """Of one program in one configuration. `bad`: fails; `hint`: worth a renewal, passes."""

    key: tuple
    now: int | None = None
    kept: int | None = None
    bad: str = ""
    hint: str = ""

    @property
    def growth(self):
        """In per cent, None: there are no two figures."""
        return None if None in (self.now, self.kept) else (self.now / self.kept - 1) * 100


def read_measurement(text):
    """What verifier_stats printed."""
    result = Measurement("", {}, {})
    for line in text.splitlines()[:LINES_MAX]:
        kind, *fields = line.split("\t")
        if kind == "kernel" and len(fields) == 1:
            result.release = fields[0]
        elif kind == "program" and len(fields) == 10 and fields[3].isdecimal():
            result.programs[tuple(fields[:3])] = Statistics(int(fields[3]), *fields[4:])
        elif kind == "refused" and len(fields) == 4:
            result.refused[tuple(fields[:3])] = fields[3]
        else:
            raise WatchError(f"verifier_stats said: {line}")
    if not result.release or not result.programs | result.refused:
        raise WatchError("verifier_stats measured nothing")
    return result


def cells_of(line):
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def read_table(text):
    """{series: {key: instructions}}; every column has its entry."""
    lines = [line for line in text.splitlines()[:LINES_MAX] if line.startswith("|")]
    if len(lines) < 2:
        return {}
    head = cells_of(lines[0])
    series = head[len(KEY_HEAD):]
    if tuple(head[:len(KEY_HEAD)]) != KEY_HEAD or len(set(series)) < len(series):
        raise WatchError(f"not the head of a table: {lines[0]}")
    table = {name: {} for name in series}
    for line in lines[2:]:
        cells = cells_of(line)
        key, values = tuple(cells[:len(KEY_HEAD)]), cells[len(KEY_HEAD):]
        if len(values) != len(series):
            raise WatchError(f"not a row of the table: {line}")
        for name, value in zip(series, values):
            if not value:
                continue
            if not value.isdecimal() or int(value) == 0 or key in table[name]:
                raise WatchError(f"not a row of the table: {line}")
            table[name][key] = int(value)
    return table


def row(cells):
    return "| " + " | ".join(map(str, cells)) + " |\n"


def write_table(table):
    series = sorted(table, key=lambda name: [int(part) for part in name.split(".")])
    keys = sorted(set().union(*table.values()))
    text = HEAD + row((*KEY_HEAD, *series))
    text += "|" + "---|" * len(KEY_HEAD) + "---:|" * len(series) + "\n"
    for key in keys:
        text += row((*key, *(table[name].get(key, "") for name in series)))
    return text


def renew(table, measurement):
    """The table with what was measured in the column of its kernel; others stay as they are."""
    now = {key: it.instructions for key, it in measurement.programs.items()}
    return {**table, measurement.series: now}


def judge(key, now, kept):
    finding = Finding(key, now, kept)
    if now is None:
        finding.bad = "is in the table and wasn't loaded"
    elif kept is None:
        finding.bad = "is not in the table"
    elif now * 100 > kept * (100 + GROWTH_MOST):
        finding.bad = f"has grown by more than {GROWTH_MOST} %"
    elif now * 100 < kept * (100 - SHRINK_HINT):
        finding.hint = f"has shrunk by more than {SHRINK_HINT} %"
    return finding


def compare(measurement, column):
    """A finding for each program. `column`: of its kernel, None = the table has none."""
    kept = column or {}
    findings = []
    for key in sorted(measurement.programs | measurement.refused | kept):
        now = measurement.programs.get(key)
        if key in measurement.refused:
            bad = f"is refused by this kernel: {measurement.refused[key]}"
            findings.append(Finding(key, None, kept.get(key), bad))
        elif column is None:
            findings.append(Finding(key, now.instructions))
        else:
            findings.append(judge(key, now and now.instructions, kept.get(key)))
    return findings


def shown_row(finding, statistics):
    growth = "" if finding.growth is None else f"{finding.growth:+.1f} %"
    rest = dataclasses.astuple(statistics)[1:] if statistics else [""] * 6
    mark = "FAIL" if finding.bad else "renew?" if finding.hint else ""
    return [*finding.key, finding.now or "", finding.kept or "", growth, *rest, mark]


def show(measurement, findings):
    """The table for a person."""
    rows = [SHOWN_HEAD] + [shown_row(finding, measurement.programs.get(finding.key))
                           for finding in findings]
    widths = [max(len(str(cells[i])) for cells in rows) for i in range(len(SHOWN_HEAD))]
    lines = []
    for cells in rows:
        words = [f"{cell:<{width}}" if i < len(KEY_HEAD) else f"{cell:>{width}}"
                 for i, (cell, width) in enumerate(zip(cells, widths))]
        lines.append("  ".join(words).rstrip())
    return "\n".join(lines)


class Watch:
    """One run over some kernels: what passed, failed and was skipped, and the table's renewal."""

    def __init__(self, path, renewing=False):
        self.path, self.renewing = path, renewing
        self.table = read_table(path.read_text()) if path.exists() else {}
        self.passed = self.failed = self.skipped = 0
        self.renewable = False  # something failed that a renewal settles

    def fail(self, text):
        print(f"FAIL {text}")
        self.failed += 1

    def skip(self, text, number=1):
        print(f"skip {text}")
        self.skipped += number

    def look(self, measurement):
        """Shows a kernel's measurement, counts it, and keeps it if the table is to be renewed."""
        series = measurement.series
        findings = compare(measurement, self.table.get(series))
        print(f"\nLinux {measurement.release}\n\n{show(measurement, findings)}\n")
        for finding in findings:
            self._count(measurement, finding)
        if self.renewing:
            self.table = renew(self.table, measurement)
        elif series not in self.table:
            loaded = len(measurement.programs)
            self.skip(f"{loaded} programs: {series} takes them, but the table has no column for "
                      "this kernel to compare with; scripts/verifier --renew adds it", loaded)

    def _count(self, measurement, finding):
        name = f"{'/'.join(finding.key)} on {measurement.series}"
        if finding.key in measurement.refused or (finding.bad and not self.renewing):
            self.fail(f"{name} {finding.bad}")
            self.renewable |= finding.key not in measurement.refused
            return
        if finding.hint and not self.renewing:
            print(f"hint: {name} {finding.hint}; try: scripts/verifier --renew")
        if finding.now and (self.renewing or measurement.series in self.table):
            self.passed += 1

    def close(self):
        """Writes the table if it is to be renewed and nothing has failed. The closing line."""
        if self.renewing and self.failed:
            print("the table stays as it was")
        elif self.renewing:
            self.path.write_text(write_table(self.table))
            print(f"renewed: {self.path}")
        elif self.renewable:
            print("if it is meant to be so: scripts/verifier --renew")
        return f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped"
