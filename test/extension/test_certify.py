# SPDX-License-Identifier: GPL-2.0-only
"""Certification: python3 test_certify.py BUILD

Every good extension is certified, and of the cheats each one by the promise that it breaks.
"""

import glob
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

BUILD = pathlib.Path(sys.argv.pop(1))
OBJECTS = BUILD / "test/extension"
FRAMES = 10000  # the least that a certificate takes

# cheat: promises that it breaks, and words of the first
CHEATS = {
    "capture_budget": (["kernel"], "instructions over all ways through it, 16384 are allowed"),
    "capture_slow": (["time"], "ns for frame 0, of 50000"),
    "capture_slow_rarely": (["time"], ", of 50000"),
    "capture_strange_state": (["state"], "which is no port"),
    "filter_cut": (["checksums"], "the length in the IP header was right and is wrong"),
    "filter_header_sum": (["checksums"], "the IPv4 header was right and is wrong"),
    "filter_port_sum": (["checksums"], "what IP carries was right and is wrong"),
    "filter_reason": (["reasons"], "reason 2, which XVS_REASONS() doesn't declare"),
    "filter_undeclared": (["changes"], "which .changes doesn't declare"),
    "firewall_bound": (["reasons", "settings"], "reason 2"),
    "firewall_full": (["reasons", "full"], "reason 3"),
    "forward_silent": (["named"], "answers XVS_ROUTED and names no destination"),
    "forward_stranger": (["destinations"], "to port 99; there are 1 to 8"),
    "forward_takes": (["committed"], "port 8 was in the route already"),
}

# What is refused before a frame meets it.
REFUSED = {
    "capture_store": "object",
    "change_tail": "object",
    "newer": "object",
    "capture_direct_write": "kernel",
    "loop": "object",
}


def verify(path, *options):
    """Exit status, output and errors."""
    done = subprocess.run([BUILD / "bin/xvsctl", "extension", "verify", path, *options],
                          capture_output=True, text=True, timeout=60)
    return done.returncode, done.stdout, done.stderr


def report(path, *options):
    """Exit status and report; nothing is kept unless the options say where."""
    if "--state-dir" not in options:
        options = (*options, "--no-certificate")
    status, output, errors = verify(path, "--json", "--frames", str(FRAMES), *options)
    return status, json.loads(output or errors)


def results(told, result):
    return [promise["name"] for promise in told["promises"] if promise["result"] == result]


def promise(told, name):
    return next(promise for promise in told["promises"] if promise["name"] == name)


@unittest.skipIf(os.geteuid(), "needs root")
class Certify(unittest.TestCase):
    def test_good_ones_are_certified(self):
        shipped = glob.glob(f"{BUILD}/extensions/*.bpf.o")
        good = glob.glob(f"{OBJECTS}/good/*.bpf.o") + glob.glob(f"{OBJECTS}/trace_*.bpf.o")
        self.assertGreater(len(shipped), 5)
        self.assertGreater(len(good), 8)
        for path in shipped + good:
            with self.subTest(path):
                status, told = report(path)
                self.assertEqual(results(told, "FAILED"), [])
                self.assertEqual(status, 0)
                self.assertTrue(told["certified"])
                self.assertGreater(told["met"], FRAMES * 9 // 10)

    def test_each_cheat_is_caught(self):
        found = {pathlib.Path(path).name.split(".")[0]
                 for path in glob.glob(f"{OBJECTS}/cheat/*.bpf.o")}
        self.assertEqual(found, set(CHEATS))
        for name, (broken, words) in CHEATS.items():
            with self.subTest(name):
                status, told = report(f"{OBJECTS}/cheat/{name}.bpf.o")
                self.assertEqual(results(told, "FAILED"), broken)
                self.assertIn(words, promise(told, broken[0])["words"])
                self.assertEqual(status, 2)
                self.assertFalse(told["certified"])

    def test_what_is_refused_is_not_certified(self):
        for path in glob.glob(f"{OBJECTS}/bad/*.bpf.o"):
            if "too_long" in path:
                continue  # half a minute of the verifier's; the budget has a cheat of its own
            with self.subTest(path):
                status, told = report(path)
                self.assertEqual(status, 2)
                broken = results(told, "FAILED")
                self.assertEqual(len(broken), 1)
                self.assertIn(broken[0], ("object", "kernel"))
                expected = REFUSED.get(pathlib.Path(path).name.split(".")[0], broken[0])
                self.assertEqual(broken[0], expected)

    def test_evidence_repeats(self):
        path = f"{OBJECTS}/cheat/filter_undeclared.bpf.o"
        for seed in ("7", "8"):
            evidence = [promise(report(path, "--seed", seed)[1], "changes")["evidence"]
                        for _ in range(2)]
            self.assertEqual(evidence[0], evidence[1])
            self.assertEqual(evidence[0]["seed"], int(seed))
            # OSPF's packets alone, and the byte of their hop limit alone
            (changed,) = evidence[0]["changed"]
            self.assertEqual(changed["after"], "00")
            at = 2 * changed["at"]
            self.assertEqual(evidence[0]["begins"][at:at + 2], changed["before"])
        text = verify(path, "--seed", "8", "--no-certificate")[1]
        self.assertIn(f"frame {evidence[0]['frame']} of seed 8", text)
        self.assertRegex(text, r"at \d+ +before [0-9a-f]{2}\n +after +00\n")
        self.assertIn("not certified: 1 of its promises", text)

    def test_situation_is_told(self):
        told = report(f"{OBJECTS}/cheat/firewall_bound.bpf.o")[1]
        self.assertEqual(promise(told, "reasons")["evidence"]["situation"],
                         "setting level at its most, 9")
        self.assertEqual(promise(told, "settings")["words"],
                         "'reasons' is broken with setting level at its most, 9")
        told = report(f"{OBJECTS}/cheat/firewall_full.bpf.o")[1]
        self.assertEqual(promise(told, "reasons")["evidence"]["situation"], "full maps")

    def test_wrong_usage(self):
        for words in ([f"{OBJECTS}/none.o"], [f"{OBJECTS}/good/narrow.bpf.o", "--frames", "x"],
                      [f"{OBJECTS}/good/narrow.bpf.o", "--seed", "-1"]):
            with self.subTest(words):
                status, output, errors = verify(*words)
                self.assertEqual((status, output), (1, ""))
                self.assertTrue(errors.startswith("xvs-certify: "), errors)

    def test_certificate(self):
        path = f"{OBJECTS}/good/narrow.bpf.o"
        with tempfile.TemporaryDirectory() as state:
            kept = pathlib.Path(state) / "certified"
            verify(path, "--state-dir", state, "--frames", "100")
            self.assertFalse(kept.exists())
            status, told = report(path, "--state-dir", state)
            self.assertEqual(status, 0)
            (certificate,) = kept.iterdir()
            self.assertEqual(certificate.name, told["sha256"] + ".json")
            self.assertEqual(certificate.stat().st_mode & 0o7777, 0o600)
            self.assertEqual(kept.stat().st_mode & 0o7777, 0o700)
            self.assertEqual(json.loads(certificate.read_text()), told)

    def test_cheat_loses_its_certificate(self):
        path = f"{OBJECTS}/cheat/forward_silent.bpf.o"
        with tempfile.TemporaryDirectory() as state:
            kept = pathlib.Path(state) / "certified"
            kept.mkdir()
            certificate = kept / (report(path)[1]["sha256"] + ".json")
            certificate.write_text("{}")
            report(path, "--no-certificate", "--state-dir", state)
            self.assertTrue(certificate.exists())
            told = report(path, "--state-dir", state)[1]
            (caught,) = kept.iterdir()
            self.assertEqual(caught.name, told["sha256"] + ".caught.json")
            self.assertEqual(json.loads(caught.read_text()), told)

    def test_caught_once_is_not_certified(self):
        path = f"{OBJECTS}/good/narrow.bpf.o"
        with tempfile.TemporaryDirectory() as state:
            kept = pathlib.Path(state) / "certified"
            kept.mkdir()
            caught = kept / (report(path)[1]["sha256"] + ".caught.json")
            caught.write_text("{}")
            status, _, errors = verify(path, "--state-dir", state)
            self.assertEqual(status, 2)
            self.assertIn(str(caught), errors)
            self.assertEqual(list(kept.iterdir()), [caught])
            caught.unlink()
            self.assertEqual(verify(path, "--state-dir", state)[0], 0)

    def test_certificate_comes_before_the_report(self):
        """Whoever reads it may have had enough."""
        path = f"{OBJECTS}/cheat/forward_silent.bpf.o"
        with tempfile.TemporaryDirectory() as state:
            reading, writing = os.pipe()
            os.close(reading)
            subprocess.run([BUILD / "bin/xvsctl", "extension", "verify", path, "--state-dir",
                            state], stdout=writing, stderr=subprocess.DEVNULL, timeout=60)
            os.close(writing)
            (caught,) = (pathlib.Path(state) / "certified").iterdir()
            self.assertIn(".caught.json", caught.name)

    def test_strange_file_names(self):
        object_ = pathlib.Path(f"{OBJECTS}/good/narrow.bpf.o").read_bytes()
        with tempfile.TemporaryDirectory() as folder:
            path = os.fsencode(folder) + b"/evil\xff\x1b[2J.o"
            pathlib.Path(os.fsdecode(path)).write_bytes(object_)
            for option in ("--no-certificate", "--json"):
                done = subprocess.run([BUILD / "bin/xvs-certify", "--frames", "100", option, path],
                                      capture_output=True, text=True, timeout=60)
                self.assertEqual(done.returncode, 0)
                self.assertIn("evil??[2J.o", done.stdout)
                if option == "--json":
                    self.assertEqual(len(json.loads(done.stdout)["promises"]), 16)
                else:
                    self.assertTrue(done.stdout.endswith("\ncertified\n"))


if __name__ == "__main__":
    unittest.main()
