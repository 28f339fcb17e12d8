# SPDX-License-Identifier: GPL-2.0-only
"""test_description.py LIST_METHODS: the interface descriptions, their grammar, and whether they
name the same methods as the daemon's tables."""

import pathlib
import subprocess
import sys
import unittest

ROOT = pathlib.Path(__file__).parent.parent.parent
sys.path.insert(0, str(ROOT / "test"))
import varlink  # noqa: E402

LIST_METHODS = sys.argv.pop()
DESCRIPTIONS = sorted((ROOT / "agent").glob("*.varlink"))


class Parser(unittest.TestCase):
    """The parser must be able to refuse."""

    def test_takes_all_of_the_grammar(self):
        interface = varlink.Interface(
            "# c\ninterface a.b-c.d\ntype T (a: ?[]int, b_c: [string](x, y), d: ?U) # e\n"
            "type U (one, two)\nmethod M(t: T) -> ()\nerror E ()\n")
        self.assertEqual(set(interface.types), {"T", "U"})
        good = {"a": [1], "b_c": {"k": "x"}}
        self.assertEqual(list(interface.check(good, interface.types["T"], "")), [])
        for bad in ({"a": ["1"], "b_c": {}}, {"b_c": {"k": "z"}}, {"a": [1]}, {"b_c": {}, "q": 1},
                    {"b_c": {}, "d": "three"}, {"b_c": []}, {"a": [True], "b_c": {}}):
            self.assertNotEqual(list(interface.check(bad, interface.types["T"], "")), [], bad)

    def test_refuses_what_is_wrong(self):
        head = "interface a.b\n"
        for text in ("", "interface a\n", head + "type t (a: int)\n", head + "type T (a_: int)\n",
                     head + "type T (a__b: int)\n", head + "type T (a-b: int)\n",
                     head + "type T (a: Unknown)\n", head + "type T (a: int, b)\n",
                     head + "type T (a: int,)\n", head + "type T (a: int, a: int)\n",
                     head + "type T (a: ??int)\n", head + "type T (a: [int]int)\n",
                     head + "method M(a: int)\n", head + "method M(a, b) -> ()\n",
                     head + "type T ()\nerror T ()\n", head + "type T (a: int\n",
                     head + "type T (a: integer)\n", head + "method m() -> ()\n"):
            with self.assertRaises(varlink.DescriptionError, msg=text):
                varlink.Interface(text)


class Descriptions(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.described, cls.reads = set(), set()
        for path in DESCRIPTIONS:
            interface = varlink.Interface(path.read_text())
            assert path.name == interface.name + ".varlink"
            for name, (_, _, comment) in interface.methods.items():
                cls.described.add(f"{interface.name}.{name}")
                if comment.startswith("(read)"):
                    cls.reads.add(f"{interface.name}.{name}")
        lines = subprocess.run([LIST_METHODS], check=True, capture_output=True, text=True)
        cls.tables = dict(reversed(line.split()) for line in lines.stdout.splitlines())

    def test_methods_are_those_of_the_tables(self):
        self.assertGreater(len(self.tables), 8)
        self.assertEqual(self.described, set(self.tables))

    def test_those_that_read_are_marked(self):
        for name, access in self.tables.items():
            if name.startswith("org.xvswitch."):
                self.assertEqual(access == "read", name in self.reads, name)

    def test_lines_fit(self):
        for path in DESCRIPTIONS:
            for line in path.read_text().splitlines():
                self.assertLessEqual(len(line), 100, line)


unittest.main()
