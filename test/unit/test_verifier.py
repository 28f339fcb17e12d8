# SPDX-License-Identifier: GPL-2.0-only
"""The rule of scripts/verifier: what passes, what fails, what is skipped, and what is written."""

import contextlib
import io
import pathlib
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).parent.parent.parent
sys.path.insert(0, str(ROOT / "test" / "verifier"))
sys.dont_write_bytecode = True
import watch  # noqa: E402

A, B = ("ingress", "xvs_ingress", "plain"), ("lost", "xvs_lost", "watching")
TABLE = {"6.1": {A: 1000, B: 100}, "6.12": {A: 900, B: 100}}


def measured(programs, refused=(), release="6.1.0-50-amd64"):
    """What verifier_stats prints."""
    lines = [f"kernel\t{release}"]
    for key, instructions in programs.items():
        lines.append("\t".join(("program", *key, str(instructions), "9", "3", "80+16", "700", "80",
                                "60")))
    lines += ["\t".join(("refused", *key, "Permission denied")) for key in refused]
    return watch.read_measurement("\n".join(lines))


class Run(unittest.TestCase):
    """Runs over a table in a file of its own."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = pathlib.Path(folder.name) / "table.md"
        self.path.write_text(watch.write_table(TABLE))

    def run_watch(self, *measurements, renewing=False):
        """Returns the closing line; what is printed stands in self.said."""
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            run = watch.Watch(self.path, renewing)
            for measurement in measurements:
                run.look(measurement)
            closing = run.close()
        self.said = said.getvalue()
        return closing

    def kept(self):
        return watch.read_table(self.path.read_text())


class Rule(Run):
    def check(self, programs, closing, *words, **rest):
        self.assertEqual(self.run_watch(measured(programs, **rest)), closing)
        for word in words:
            self.assertIn(word, self.said)

    def test_same_passes(self):
        self.check({A: 1000, B: 100}, "2 passed, 0 failed, 0 skipped", "+0.0 %")
        self.assertNotIn("FAIL", self.said)
        self.assertNotIn("hint", self.said)

    def test_growth_up_to_20_per_cent_passes(self):
        for now in (1190, 1200):
            self.check({A: now, B: 100}, "2 passed, 0 failed, 0 skipped")

    def test_growth_over_20_per_cent_fails(self):
        for now in (1201, 1210, 100000):
            self.check({A: now, B: 100}, "1 passed, 1 failed, 0 skipped",
                       "FAIL ingress/xvs_ingress/plain on 6.1 has grown", "--renew")

    def test_each_kernel_has_its_own_column(self):
        self.check({A: 1100, B: 100}, "1 passed, 1 failed, 0 skipped", "on 6.12 has grown",
                   release="6.12.95+deb12-amd64")

    def test_missing_row_fails(self):
        new = ("ingress", "xvs_ingress", "acl")
        self.check({A: 1000, B: 100, new: 5}, "2 passed, 1 failed, 0 skipped",
                   "FAIL ingress/xvs_ingress/acl on 6.1 is not in the table")

    def test_gone_row_fails(self):
        self.check({A: 1000}, "1 passed, 1 failed, 0 skipped",
                   "FAIL lost/xvs_lost/watching on 6.1 is in the table")

    def test_refused_program_fails(self):
        self.check({A: 1000}, "1 passed, 1 failed, 0 skipped", "Permission denied", refused=[B])
        self.assertNotIn("--renew", self.said)

    def test_shrink_over_20_per_cent_passes_with_a_hint(self):
        self.check({A: 790, B: 100}, "2 passed, 0 failed, 0 skipped",
                   "hint: ingress/xvs_ingress/plain on 6.1 has shrunk")
        self.check({A: 810, B: 100}, "2 passed, 0 failed, 0 skipped")
        self.assertNotIn("hint", self.said)

    def test_kernel_without_a_column_is_skipped_with_the_reason(self):
        self.check({A: 5000, B: 100}, "0 passed, 0 failed, 2 skipped", "no column",
                   release="6.10.3")

    def test_refusal_fails_on_a_kernel_without_a_column_too(self):
        self.check({A: 5000}, "0 passed, 1 failed, 1 skipped", release="6.10.3", refused=[B])


class Renewal(Run):
    def test_nothing_is_written_without_it(self):
        before = self.path.read_text()
        self.run_watch(measured({A: 5000}))
        self.assertEqual(self.path.read_text(), before)

    def test_writes_the_columns_measured_and_keeps_others(self):
        closing = self.run_watch(measured({A: 5000}), measured({A: 7, B: 8}, release="6.18.44"),
                                 renewing=True)
        self.assertEqual(closing, "3 passed, 0 failed, 0 skipped")
        self.assertEqual(self.kept(), {"6.1": {A: 5000}, "6.12": TABLE["6.12"],
                                       "6.18": {A: 7, B: 8}})

    def test_row_that_no_kernel_has_goes(self):
        self.run_watch(measured({A: 1}), measured({A: 2}, release="6.12"), renewing=True)
        self.assertNotIn("xvs_lost", self.path.read_text())

    def test_refusal_leaves_the_table(self):
        closing = self.run_watch(measured({A: 5000}, refused=[B]), renewing=True)
        self.assertEqual(closing, "1 passed, 1 failed, 0 skipped")
        self.assertEqual(self.kept(), TABLE)

    def test_without_a_table_all_is_new(self):
        self.path.unlink()
        self.run_watch(measured({A: 1}), renewing=True)
        self.assertEqual(self.kept(), {"6.1": {A: 1}})

    def test_columns_stand_in_the_order_of_kernels(self):
        self.run_watch(measured({A: 1}, release="6.2.0"), renewing=True)
        self.assertEqual(list(self.kept()), ["6.1", "6.2", "6.12"])


class Reading(unittest.TestCase):
    def test_table_in_the_tree_is_as_it_is_written(self):
        text = (ROOT / "test" / "verifier" / "table.md").read_text()
        table = watch.read_table(text)
        self.assertLessEqual({"6.1", "6.12"}, set(table))
        self.assertEqual(watch.write_table(table), text)

    def test_refuses_a_bad_table(self):
        good = watch.write_table(TABLE)
        self.assertEqual(watch.read_table(good), TABLE)
        for old, new in (("| 1000 |", "| 1000 | 1 |"), ("1000", "0"), ("1000", "many"),
                         ("6.12", "6.1"), ("program", "prog"),
                         (" | ".join(B), " | ".join(A))):
            self.assertIn(old, good)
            with self.assertRaises(watch.WatchError, msg=new):
                watch.read_table(good.replace(old, new))

    def test_refuses_a_bad_measurement(self):
        for text in ("", "kernel\t6.1.0", "program\ta\tb\tc\t1\t2\t3\t4\t5\t6\t7",
                     "kernel\t6.1.0\nprogram\ta\tb\tc\tx\t2\t3\t4\t5\t6\t7",
                     "kernel\t6.1.0\nprogram\ta\tb\tc\t1", "Segmentation fault"):
            with self.assertRaises(watch.WatchError, msg=text):
                watch.read_measurement(text)


unittest.main()
