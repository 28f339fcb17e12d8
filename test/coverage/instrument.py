#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Makes of a BPF program that clang has instrumented one that libbpf loads.

usage: instrument.py FILE.ll COUNTERS

clang puts counters, and records that say whose they are, into sections for a linker and a library
that BPF has not. Here the counters move to a section that becomes a map (FILE.ll is rewritten), and
the records become COUNTERS, a list in JSON: the functions in the order of their counters, with
their names and hashes, by which llvm-cov knows them, and how many counters each has.
"""

import hashlib
import json
import pathlib
import re
import sys

COUNTERS = re.compile(r'^(@__profc_\S+ = .*), section "__llvm_prf_cnts".*$', re.MULTILINE)
RECORD = re.compile(r"^@__profd_(?P<symbol>\S+) = .*? \{ i64 (?P<id>-?\d+), i64 (?P<hash>-?\d+), "
                    r".*, i32 (?P<counters>\d+), \[\d+ x i16\] .*$", re.MULTILINE)
COMDAT = re.compile(r"^(@__(?:profd|covrec)_.*), comdat(?:\([^)]*\))?", re.MULTILINE)
SOURCE = re.compile(r'^source_filename = "(?:.*/)?([^"/]+)"$', re.MULTILINE)
SECTION = ".data.cov"  # share_counters.c knows it


def unsigned(text):
    return int(text) % 2 ** 64


def name_of(symbol, source, id):
    """The function's name as in the records, which is the symbol's but for a character."""
    for name in (symbol, f"{source}:{symbol.removeprefix(source + '_')}"):
        if int.from_bytes(hashlib.md5(name.encode()).digest()[:8], "little") == id:
            return name
    sys.exit(f"{source}: {symbol} is no function whose name is understood")


def functions(text):
    source = SOURCE.search(text)[1]
    return [{"name": name_of(record["symbol"], source, unsigned(record["id"])),
             "hash": unsigned(record["hash"]),
             "counters": int(record["counters"])} for record in RECORD.finditer(text)]


def move_counters(text):
    """Counters into SECTION; no groups, which libbpf knows nothing of. How many were moved."""
    text, moved = COUNTERS.subn(rf'\1, section "{SECTION}", align 8', text)
    return COMDAT.sub(r"\1", text), moved


def main():
    file, counters = map(pathlib.Path, sys.argv[1:])
    text = file.read_text()
    found = functions(text)
    text, moved = move_counters(text)
    if moved != len(found):
        sys.exit(f"{file}: {moved} functions with counters, but {len(found)} with records")
    file.write_text(text)
    counters.write_text(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
