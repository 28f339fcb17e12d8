#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""What scripts/coverage makes of clang's records and of what was counted."""

import hashlib
import pathlib
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True  # nothing new in the tree
sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "coverage"))
import instrument  # noqa: E402
import report  # noqa: E402


def id_of(name):
    """As clang writes it: signed."""
    return int.from_bytes(hashlib.md5(name.encode()).digest()[:8], "little", signed=True)


def module(symbol, name, counters):
    """A function in clang's intermediate language, as far as counting goes."""
    return (f'source_filename = "/a/b/in.bpf.c"\n'
            f'@__profc_{symbol} = private global [{counters} x i64] zeroinitializer, '
            f'section "__llvm_prf_cnts", comdat, align 8\n'
            f'@__profd_{symbol} = private global {{ i64, i64, i64, i8*, i8*, i32, [2 x i16] }} '
            f'{{ i64 {id_of(name)}, i64 -1, i64 sub (i64 1, i64 2), i8* null, i8* null, '
            f'i32 {counters}, [2 x i16] zeroinitializer }}, section "__llvm_prf_data", '
            f'comdat($__profc_{symbol}), align 8\n')


class Instrument(unittest.TestCase):
    def test_functions_have_their_full_names(self):
        for symbol, name in (("run", "run"), ("in.bpf.c_step", "in.bpf.c:step")):
            found = instrument.functions(module(symbol, name, 3))
            self.assertEqual(found, [{"name": name, "hash": 2 ** 64 - 1, "counters": 3}])

    def test_a_name_that_is_not_understood_is_an_error(self):
        with self.assertRaises(SystemExit):
            instrument.functions(module("in.bpf.c_step", "in.bpf.c;step", 3))

    def test_counters_become_a_map(self):
        text, moved = instrument.move_counters(module("run", "run", 2))
        self.assertEqual(moved, 1)
        self.assertIn('zeroinitializer, section ".data.cov", align 8\n', text)
        self.assertNotIn("comdat", text)


class Report(unittest.TestCase):
    FUNCTIONS = [{"name": "a", "hash": 7, "counters": 2}, {"name": "b", "hash": 8, "counters": 1}]

    def write(self, counters):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "profile"
            report.write_profile(self.FUNCTIONS, counters, path)
            return path.read_text().split()

    def test_counters_go_to_their_functions(self):
        self.assertEqual(self.write([5, 0, 6]), "a 7 2 5 0 b 8 1 6".split())

    def test_counters_of_another_build_are_refused(self):
        for counters in ([5, 0], [5, 0, 6, 1]):
            with self.assertRaises(report.Failure):
                self.write(counters)

    def test_lines_of_a_file(self):
        text = ("SF:/top/x/b.c\nFN:1,b.c:one\nFN:4,two\nDA:1,1\nDA:2,0\nDA:4,0\nDA:5,0\n"
                "end_of_record\nSF:/top/a.h\nDA:9,3\nend_of_record\n")
        header, file = report.read_lcov(text, "/top")
        self.assertEqual((header.path, header.reached()), ("a.h", 1))
        self.assertEqual((file.path, file.reached(), len(file.lines)), ("x/b.c", 1, 4))
        self.assertEqual(file.missed(), [2, 4, 5])
        self.assertEqual(list(file.functions()), [("one", [1, 2]), ("two", [4, 5])])

    def test_a_line_of_several_objects_is_reached_if_one_reaches_it(self):
        (file,) = report.read_lcov("SF:/t/a.h\nDA:1,0\nSF:/t/a.h\nDA:1,2\nDA:2,0\n", "/t")
        self.assertEqual(file.lines, {1: 2, 2: 0})

    def test_ranges(self):
        self.assertEqual(report.ranges([1, 2, 3, 7, 9, 10]), "1-3, 7, 9-10")
        self.assertEqual(report.ranges([]), "")


if __name__ == "__main__":
    unittest.main()
