#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""What the tests reached, from what a coverage build has gathered: tables of lines by folder and by
file, and below BUILD/report pages with every line, and lists of the lines that were not reached.

usage: report.py BUILD
"""

import collections
import json
import pathlib
import shutil
import subprocess
import sys

BYTES = 8  # of a counter
FUNCTIONS_SHOWN = 12  # those that lack most lines
PROGRAMS = ("xvswitchd", "xvsctl")  # every line of agent/ and yaml/ is in one of them


class Failure(Exception):
    pass


def run(*command):
    done = subprocess.run([str(word) for word in command], stdout=subprocess.PIPE, text=True)
    if done.returncode:
        raise Failure(f"{command[0]} ended with status {done.returncode}")
    return done.stdout


def llvm(tool):
    return shutil.which(f"{tool}-14") or tool


def merge(profiles, merged):
    if not profiles:
        raise Failure("nothing was counted: no test has run")
    run(llvm("llvm-profdata"), "merge", "-sparse", *profiles, "-o", merged)


def read_map(pin):
    """The counters of a BPF object."""
    (entry,) = json.loads(run("bpftool", "-j", "map", "dump", "pinned", pin))
    value = bytes(int(byte, 16) for byte in entry["value"])
    return [int.from_bytes(value[at:at + BYTES], sys.byteorder)
            for at in range(0, len(value), BYTES)]


def write_profile(functions, counters, path):
    """As text, in the form that llvm-profdata reads."""
    if sum(function["counters"] for function in functions) != len(counters):
        raise Failure(f"{path}: the counters are those of another build")
    lines, left = [], iter(counters)
    for function in functions:
        own = [next(left) for _ in range(function["counters"])]
        lines += [function["name"], function["hash"], len(own), *own, ""]
    path.write_text("\n".join(map(str, lines)))


def program_profiles(build):
    """A profile for each BPF object that was loaded. They stay when the maps are gone."""
    for pin in sorted((build / "counters").iterdir()):
        if pin.suffix == ".debug":
            continue  # the kernel's own
        name = pin.name.removesuffix("_bpf")  # as a skeleton calls its object
        functions = json.loads((build / f"bpf/{name}.bpf.o.counters").read_text())
        profile = build / f"profiles/{name}.proftext"
        write_profile(functions, read_map(pin), profile)
    return sorted((build / "profiles").glob("*.proftext"))


class File:
    def __init__(self, path):
        self.path = path
        self.lines = {}  # number -> how often
        self.starts = {}  # function -> its first line

    def reached(self):
        return sum(count > 0 for count in self.lines.values())

    def missed(self):
        return sorted(line for line, count in self.lines.items() if not count)

    def functions(self):
        """Each with its lines."""
        starts = sorted((line, name) for name, line in self.starts.items())
        ends = [line for line, _ in starts[1:]] + [sys.maxsize]
        for (start, name), end in zip(starts, ends):
            yield name, [line for line in self.lines if start <= line < end]


def read_lcov(text, top):
    files = {}
    for line in text.splitlines():
        word, _, rest = line.partition(":")
        if word == "SF":
            path = str(pathlib.Path(rest).relative_to(top))
            file = files.setdefault(path, File(path))
        elif word == "FN":
            number, name = rest.split(",", 1)
            file.starts[name.rpartition(":")[2]] = int(number)
        elif word == "DA":
            number, count = map(int, rest.split(","))
            file.lines[number] = file.lines.get(number, 0) + count
    return [files[path] for path in sorted(files)]


def ranges(numbers):
    """1-3, 7"""
    groups = []
    for number in numbers:
        if groups and groups[-1][1] == number - 1:
            groups[-1][1] = number
        else:
            groups.append([number, number])
    return ", ".join(str(a) if a == b else f"{a}-{b}" for a, b in groups)


def row(name, reached, lines):
    percent = f"{100 * reached / lines:5.1f} %" if lines else "    -"
    print(f"{name:<34} {reached:6} {lines:6}   {percent}")


def print_table(title, files):
    folders = collections.defaultdict(list)
    for file in files:
        folders[str(pathlib.Path(file.path).parent)].append(file)
    print(f"\n{title:<34} {'lines':>6} {'of':>6}")
    for folder, own in sorted(folders.items()):
        row(folder + "/", sum(file.reached() for file in own), sum(len(file.lines) for file in own))
        for file in own:
            row("  " + pathlib.Path(file.path).name, file.reached(), len(file.lines))
    row("total", sum(file.reached() for file in files), sum(len(file.lines) for file in files))


def print_lacking(files):
    """The functions that lack most."""
    lacking = []
    for file in files:
        missed = set(file.missed())
        for name, lines in file.functions():
            lacking.append((len(missed.intersection(lines)), len(lines), file.path, name))
    print("\nmost lines not reached:")
    for missed, lines, path, name in sorted(lacking, reverse=True)[:FUNCTIONS_SHOWN]:
        if missed:
            print(f"  {missed:4} of {lines:<4} {name}, {path}")


def write_missed(files, path):
    """Every line that was not reached, with its text."""
    with path.open("w") as out:
        for file in files:
            missed = file.missed()
            if not missed:
                continue
            text = pathlib.Path(file.path).read_text().splitlines()
            print(f"{file.path}: {ranges(missed)}", file=out)
            for number in missed:
                print(f"{number:5} {text[number - 1]}", file=out)
            print(file=out)


def report(build, name, profiles, objects, folders):
    """Objects are what the profiles are of; only sources in `folders` are told."""
    top, out = pathlib.Path.cwd(), build / "report"
    merged = build / f"profiles/{name}.profdata"
    merge(profiles, merged)
    first, *others = objects
    what = [first, *(f"-object={other}" for other in others), f"-instr-profile={merged}"]
    sources = [top / folder for folder in folders]
    files = read_lcov(run(llvm("llvm-cov"), "export", "-format=lcov", *what, *sources), top)
    run(llvm("llvm-cov"), "show", "-format=html", f"-output-dir={out / name}", *what, *sources)
    write_missed(files, out / f"{name}-missed.txt")
    print_table(name, files)
    print_lacking(files)


def main():
    build = pathlib.Path(sys.argv[1]).resolve()
    programs = [build / "bin" / name for name in PROGRAMS]
    objects = [path.with_suffix(".mapped") for path in sorted((build / "bpf").glob("*.o.counters"))
               if json.loads(path.read_text())]
    shutil.rmtree(build / "report", ignore_errors=True)
    (build / "report").mkdir()
    report(build, "agent", sorted((build / "profiles").glob("*.profraw")), programs,
           ["agent", "yaml"])
    report(build, "programs", program_profiles(build), objects, ["bpf", "maps"])
    print(f"\nline by line: {sys.argv[1]}/report/*/index.html; not reached: "
          f"{sys.argv[1]}/report/*-missed.txt")


if __name__ == "__main__":
    try:
        main()
    except Failure as failure:
        sys.exit(f"report.py: {failure}")
