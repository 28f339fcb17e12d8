# SPDX-License-Identifier: GPL-2.0-only
"""test_bench.py: the parts of the bench that measure nothing: judging, printing, drawing, options."""

import argparse
import contextlib
import importlib.machinery
import importlib.util
import io
import json
import pathlib
import sys
import tempfile
import unittest
from unittest import mock
from xml.etree import ElementTree

ROOT = pathlib.Path(__file__).parent.parent.parent
sys.dont_write_bytecode = True
sys.path.insert(0, str(ROOT / "test" / "bench"))
from harness import compare, macs, plot, report  # noqa: E402
from harness.lab import BenchError, Missing  # noqa: E402
from harness.report import Curve, Figure, Ratio, Skip  # noqa: E402

SVG = f"{{{plot.SVG}}}"


def load_script():
    loader = importlib.machinery.SourceFileLoader("bench", str(ROOT / "scripts" / "bench"))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("bench", loader))
    loader.exec_module(module)
    return module


bench = load_script()


def settings(**changed):
    return argparse.Namespace(**{"rounds": 3, "seconds": 1, "subject": "xvswitch", "json": None,
                                 "page": None, "plot": None, "tell": lambda text: None,
                                 "build": "", **changed})


def ratio(ours, peer, target):
    return Ratio("race", "frames/s", "us", "them", ours, peer, target)


def curve(name="us", **changed):
    points = {100: [10.0, 12.0, 11.0], 10_000: [20.0], 1_000_000: [40.0, 30.0]}
    return Curve(**{"title": "a frame", "scale": "addresses", "unit": "ns", "name": name,
                    "points": points, **changed})


class Judging(unittest.TestCase):
    def test_ratio_is_the_median_of_the_rounds(self):
        """Not the ratio of the medians, which would be 2 / 4 here."""
        one = ratio([1, 2, 30], [4, 2, 10], 1.0)
        self.assertEqual(one.ratios, [0.25, 1.0, 3.0])
        self.assertEqual(one.row()[1:6], ("2 frames/s", "4 frames/s", "1.00", "0.25..3.00",
                                          "≥ 1.00"))

    def test_ratio_meets_its_target_or_not(self):
        self.assertIs(ratio([9, 10], [10, 10], 0.95).met, True)
        self.assertIs(ratio([9, 10], [10, 10], 0.951).met, False)
        self.assertIsNone(ratio([9, 10], [10, 10], None).met)
        self.assertEqual([ratio([1], [2], target).row()[-1] for target in (0.5, 0.6, None)],
                         ["met", "missed", ""])

    def test_figure_holds_for_all_values_unless_it_is_typical(self):
        self.assertIs(Figure("f", "s", [1, 1, 9], most=2).met, False)
        self.assertIs(Figure("f", "s", [1, 1, 9], most=2, typical=True).met, True)
        self.assertIs(Figure("f", "s", [1, 9, 9], least=2).met, False)
        self.assertIs(Figure("f", "s", [1, 9, 9], least=2, typical=True).met, True)
        self.assertIsNone(Figure("f", "s", [1]).met)

    def test_quantities(self):
        for value, unit, text in ((1234567, "bit/s", "1.23 Mbit/s"), (999, "B", "999 B"),
                                  (0.5, "/s", "0.5 /s"), (12345.6, "ns", "12,346 ns"),
                                  (7, "", "7"), (0.01234, "s", "0.0123 s")):
            self.assertEqual(report.quantity(value, unit), text)

    def test_mac_scale_has_its_targets(self):
        rates = {"xvswitch": [{**{scale: 100.0 for scale in macs.SCALES}, "new": 39.0}],
                 "bridge": [{**{scale: 50.0 for scale in macs.SCALES}, "new": 10.0}]}
        rates["xvswitch"][0][macs.MANY] = 75.0
        made = list(macs.results(rates, [1.0]))
        self.assertEqual([(one.target, one.met) for one in made if isinstance(one, Ratio)
                          and one.target], [(0.75, True), (0.4, False)])
        self.assertEqual([one.met for one in made if isinstance(one, Figure)], [True])
        self.assertEqual([one.met for one in macs.results(rates, [1.0, 1.01])
                          if isinstance(one, Figure)], [False])
        self.assertEqual([one.medians()[100] for one in made if isinstance(one, Curve)],
                         [1e7, 2e7])


class Comparing(unittest.TestCase):
    """With ways that are made up."""

    def compare(self, targets, **changed):
        speeds = {"xvswitch": 8, "direct": 10, "bridge": 4}
        asked = []

        def measure(lab, way, seconds):
            asked.append(way)
            return speeds[way]

        def absent(lab, name):
            raise Missing("not in the shops")

        builders = {name: lambda lab, number, name=name: name for name in speeds}
        one = compare.Comparison("race", "laps", measure, {**builders, "moon": absent}, targets)
        with tempfile.TemporaryDirectory() as folder:
            return compare.compare(one, settings(build=folder, **changed)), asked

    def test_ways_are_measured_in_turn(self):
        targets = [compare.Target("direct", 0.8), compare.Target("bridge"),
                   compare.Target("direct", subject="bridge")]
        made, asked = self.compare(targets, rounds=2)
        self.assertEqual(asked, ["xvswitch", "direct", "bridge"] * 2)
        self.assertEqual([(one.subject, one.peer_name, one.ratios, one.met) for one in made],
                         [("xvswitch", "direct", [0.8, 0.8], True),
                          ("xvswitch", "bridge", [2, 2], None),
                          ("bridge", "direct", [0.4, 0.4], None)])

    def test_another_subject(self):
        made, _ = self.compare([compare.Target("direct", 0.8)], subject="bridge")
        self.assertEqual([(one.subject, one.ratios[0], one.met) for one in made],
                         [("bridge", 0.4, False)])
        with self.assertRaisesRegex(BenchError, "no way is called boat"):
            self.compare([compare.Target("direct")], subject="boat")

    def test_a_missing_peer_is_told(self):
        made, asked = self.compare([compare.Target("moon"), compare.Target("direct", 0.9)])
        self.assertEqual(made[0], Skip("race: xvswitch / moon", "not in the shops"))
        self.assertIs(made[1].met, False)
        self.assertNotIn("moon", asked)

    def test_every_target_has_its_ways(self):
        for one in compare.COMPARISONS.values():
            for target in one.targets:
                self.assertIn(target.peer, one.builders)
                self.assertIn(target.subject or "xvswitch", one.builders)


class Printing(unittest.TestCase):
    RESULTS = [ratio([1], [2], 0.6), Figure("f", "s", [1.0], most=2), curve(),
               Skip("race: us / moon", "not in the shops")]

    def test_tables(self):
        text = report.markdown(self.RESULTS, settings())
        lines = text.splitlines()
        self.assertIn("| race: us / them | 1 frames/s | 2 frames/s | 0.50 | 0.50..0.50 | ≥ 0.60 "
                      "|  | missed |", lines)
        self.assertIn("| f | 1 s |  | ≤ 2 s | met |", lines)
        self.assertTrue(any(line.startswith("| a frame | addresses | us | 100: 11 ns (10..12); ")
                            for line in lines), text)
        self.assertIn("- race: us / moon: not in the shops", lines)
        for line in lines:  # a row that is shorter than its head would be no table
            if line.startswith("|"):
                self.assertIn(line.count("|"), {len(head) + 1 for head in (
                    report.RATIO_HEAD, report.FIGURE_HEAD, report.CURVE_HEAD)})

    def test_the_machine_is_told_without_its_name(self):
        shape = report.machine()
        self.assertEqual(set(shape), {"cpu", "cpus", "memory_bytes", "virtual", "kernel"})
        self.assertGreater(shape["memory_bytes"], 2**27)
        text = report.preface({"machine": {"cpu": "A 1", "cpus": 2, "memory_bytes": 2**32,
                                           "virtual": True, "kernel": "6.1"},
                               "rounds": 5, "seconds": 3})
        self.assertIn("A 1, 2 CPUs, 4 GiB, a virtual machine, kernel 6.1; 5 rounds of 3 s", text)

    def test_json(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "out.json"
            report.write_json(path, self.RESULTS, settings())
            said = json.loads(path.read_text())
        self.assertEqual([(one["kind"], one["met"]) for one in said["results"]],
                         [("ratio", False), ("figure", True), ("curve", None), ("skip", None)])
        self.assertEqual(said["results"][2]["points"]["100"], [10.0, 12.0, 11.0])
        self.assertEqual(said["machine"], report.machine())

    def test_page(self):
        with tempfile.TemporaryDirectory() as folder:
            page = pathlib.Path(folder) / "page.md"
            page.write_text(f"before\n{report.BEGIN}\nold\n{report.END}\nafter\n")
            for text in ("new \\1 text", "newer"):  # a backslash stays one
                report.write_page(page, text)
                self.assertEqual(page.read_text(),
                                 f"before\n{report.BEGIN}\n{text}\n{report.END}\nafter\n")
            page.write_text("no marks\n")
            with self.assertRaises(ValueError):
                report.write_page(page, "x")
            self.assertEqual(page.read_text(), "no marks\n")


class Drawing(unittest.TestCase):
    def draw(self, *curves):
        return ElementTree.fromstring(plot.svg(curves))

    def points(self, root):
        return [[tuple(map(float, pair.split(","))) for pair in line.get("points").split()]
                for line in root.iter(f"{SVG}polyline")]

    def test_lines_and_words(self):
        root = self.draw(curve("us"), curve("them & <co>"), curve("us", scale="ports"))
        self.assertEqual(root.tag, f"{SVG}svg")
        self.assertEqual(len(self.points(root)), 3)
        self.assertEqual(len(root.findall(f"{SVG}g")), 2)  # pictures
        words = [text.text for text in root.iter(f"{SVG}text")]
        for word in ("us", "them & <co>", "Cost of a frame", "ns", "addresses (logarithmic)",
                     "ports (logarithmic)", "100", "10k", "1M"):
            self.assertIn(word, words)

    def test_points_stand_where_they_belong(self):
        root = self.draw(curve())
        (low, middle, high), = self.points(root)
        self.assertEqual((low[0], high[0]), (plot.LEFT, plot.WIDTH - plot.RIGHT))
        self.assertAlmostEqual(middle[0], (low[0] + high[0]) / 2, 1)  # logarithmic
        heights = [plot.HEIGHT - plot.BOTTOM - y for _, y in (low, middle, high)]
        self.assertAlmostEqual(heights[1] / heights[0], 20 / 11, 1)  # medians, from zero on
        self.assertAlmostEqual(heights[2] / heights[0], 35 / 11, 1)
        for x, y in (low, middle, high):
            self.assertTrue(plot.LEFT <= x <= plot.WIDTH - plot.RIGHT)
            self.assertTrue(plot.TOP <= y <= plot.HEIGHT - plot.BOTTOM)

    def test_it_needs_nothing_and_has_both_modes(self):
        text = plot.svg([curve()])
        for foreign in ("href", "url(", "@import", "<script", "<image"):
            self.assertNotIn(foreign, text)
        self.assertIn("prefers-color-scheme: dark", text)

    def test_bounds(self):
        self.draw(curve(points={7: [1.0]}))  # one point has no scale
        with self.assertRaises(ValueError):
            self.draw(*(curve(str(i)) for i in range(plot.LINES_MOST + 1)))

    def test_steps_are_round(self):
        for most, step in ((1.0, 0.2), (11, 5), (400, 100), (1999, 500), (20000, 5000)):
            self.assertAlmostEqual(plot.step_of(most), step)
        self.assertEqual([plot.short(number) for number in (2, 1000, 4096, 1_000_000)],
                         ["2", "1k", "4,096", "1M"])


class Script(unittest.TestCase):
    def ends(self, results, whole=True, **changed):
        """Exit status, with all that touches the machine taken out."""
        nothing = dict.fromkeys(("need_commands", "check_machine", "need_build"),
                                lambda *words: None)
        with mock.patch.multiple(
                bench, **nothing, read_options=lambda: settings(names=[], **changed),
                run_benches=lambda settings: (results, whole)), \
                contextlib.redirect_stdout(io.StringIO()), \
                contextlib.redirect_stderr(io.StringIO()):
            return bench.main()

    def test_exit_status(self):
        good, bad = ratio([1], [1], 0.5), ratio([1], [4], 0.5)
        told, skip = ratio([1], [4], None), Skip("race", "no horses")
        self.assertEqual(self.ends([good, told, skip, curve()]), 0)
        self.assertEqual(self.ends([good, bad]), 2)
        self.assertEqual(self.ends([good], whole=False), 2)
        self.assertEqual(self.ends([]), 1)

    def test_plot_is_written(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "plot.svg"
            self.assertEqual(self.ends([curve()], plot=path), 0)
            self.assertEqual(ElementTree.parse(path).getroot().tag, f"{SVG}svg")

    def refused(self, *words):
        """Exit status, None if they are taken."""
        try:
            with mock.patch("sys.argv", ["bench", *words]), \
                    contextlib.redirect_stderr(io.StringIO()):
                bench.read_options()
        except SystemExit as end:
            return end.code
        return None

    def test_options(self):
        self.assertIsNone(self.refused("tcp", "macs", "--plot", "x.svg"))
        self.assertIsNone(self.refused("--plot", "x.svg"))
        for words in (("boats",), ("--rounds", "0"), ("--ports", "2"), ("--ports",),
                      ("tcp", "--plot", "x.svg")):
            self.assertEqual(self.refused(*words), 1, words)


if __name__ == "__main__":
    unittest.main()
