#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""`xvsctl extension` against a fake daemon: usage: test_ctl_extension.py path/to/xvsctl"""

import json
import os
import subprocess
import sys
import unittest

import test_ctl
from test_ctl import error, message, steps


def extension(name="syn-limit", **members):
    return {"switch": "prod", "name": name, "kind": "firewall", "vendor": "Example Ltd", "version": "1.0",
            "certified": False, "enabled": True, "state": "enabled", "position": 1, "packets": 3170, "dropped": 12, "changed": 0, **members}


EXTENSIONS = [
    extension(certified=True),
    extension("log", kind="capture", version="2", enabled=False, state="disabled", position=2, packets=0, dropped=0),
    extension("mark", switch="dmz", kind="filter", state="degraded", why="not on eth1", changed=7)]

WHOLE = extension(
    file="/x/syn_limit.bpf.o", sha256="ab" * 32, api=1, directions=["in", "out"], if_missing="drop",
    changes=["ports", "ttl"],
    settings=[{"name": "rate", "type": "number", "scope": "port", "least": 1, "most": 100000, "initial": "100",
               "value": "200", "meaning": "SYNs a second"},
              {"name": "strict", "type": "switch", "scope": "switch", "least": 0, "most": 0, "initial": "off",
               "value": "on", "meaning": "drop what has no state"}],
    reasons=[{"number": 1, "word": "syn-flood", "meaning": "more SYNs than the rate", "packets": 12},
             {"number": 20, "word": "odd", "meaning": "no meaning \x1b[2J", "packets": 0}],
    maps=[{"name": "buckets", "type": "lru-hash", "pin": "/sys/fs/bpf/x/buckets"}])


class Change(test_ctl.Case):
    def edit_of(self, *words, **options):
        code, stdout, stderr, call = self.ask(steps("a"), "extension", *words, **options)
        self.assertEqual((code, stderr), (0, ""), words)
        self.assertEqual(call["method"], "org.xvswitch.Change")
        return stdout, call["parameters"]

    def test_edits(self):
        for line, section, name, operation, settings in (
                ("install /x/syn_limit.bpf.o switch prod", "switches", "prod", "add_extension",
                 [("name", "syn-limit"), ("file", '"/x/syn_limit.bpf.o"')]),
                ("install /x/a.o name my-own switch prod", "switches", "prod", "add_extension",
                 [("name", "my-own"), ("file", '"/x/a.o"')]),
                ("ins switch s name n file /x/a.o", "switches", "s", "add_extension",
                 [("name", "n"), ("file", '"/x/a.o"')]),
                ("remove log switch prod", "switches", "prod", "del_extension", [("name", "log")]),
                ("enable log switch prod", "switches", "prod", "set_extension",
                 [("name", "log"), ("enabled", "on")]),
                ("disable log port vm1", "ports", "vm1", "set_extension", [("name", "log"), ("enabled", "off")]),
                ("move log switch prod before syn-limit", "switches", "prod", "move_extension",
                 [("name", "log"), ("before", "syn-limit")]),
                ("m log sw prod af syn-limit", "switches", "prod", "move_extension",
                 [("name", "log"), ("after", "syn-limit")]),
                ("set log switch prod rate 50Mbit", "switches", "prod", "set_extension",
                 [("name", "log"), ("settings.rate", "50Mbit")]),
                ("set log port vm1 port vm2 switch on name -", "ports", "vm1", "set_extension",
                 [("name", "log"), ("settings.port", "vm2"), ("settings.switch", "on"), ("settings.name", "-")]),
                ("remove name switch switch prod", "switches", "prod", "del_extension", [("name", "switch")])):
            for options, more, lead in (([], {}, ""), (["--save"], {"save": True}, ""),
                                        (["--dry-run"], {"dry_run": True}, "would: ")):
                with self.subTest(line, options=options):
                    stdout, parameters = self.edit_of(*line.split(), *options)
                    self.assertEqual(stdout, lead + "a\n")
                    self.assertEqual(parameters, {"changes": [{
                        "section": section, "name": name, "operation": operation,
                        "settings": [{"key": key, "value": value} for key, value in settings]}], **more})

    def test_names_of_files(self):
        for path, name in (("/a/syn_limit.bpf.o", "syn-limit"), ("/a.b/log", "log"), ("/A_b_c.x.y", "A-b-c"),
                           ("/a/-", "-")):
            with self.subTest(path):
                settings = self.edit_of("install", path, "switch", "s")[1]["changes"][0]["settings"]
                self.assertEqual([setting["value"] for setting in settings], [name, json.dumps(path)])

    def test_relative_to_the_caller(self):
        folder = os.path.realpath(self.folder.name)
        daemon = test_ctl.Daemon(self.socket, steps("a"))
        for path, want in (("a.o", "/a.o"), ("./a.o", "/a.o"), (".//./a.o", "/a.o"), ("../b.o", "/../b.o"),
                           ("x/./a.o", "/x/./a.o"), ("a b.o", "/a b.o"), ("a\"\\\n\u00e9: #.o", "/a\"\\\n\u00e9: #.o")):
            with self.subTest(path):
                subprocess.run([test_ctl.XVSCTL, "extension", "install", path, "name", "n", "switch", "s"],
                               cwd=folder, env=self.environment(LC_ALL="C.UTF-8"), check=True,
                               stdout=subprocess.DEVNULL, timeout=30)
                settings = daemon.calls[-1]["parameters"]["changes"][0]["settings"]
                self.assertEqual(json.loads(settings[1]["value"]), folder + want)

    def test_wrong_usage(self):
        either = "[--dry-run] [--save]\n"
        for line, text in (
                ("install", "'file' is missing"), ("install a.o", "'switch' is missing"),
                ("install .bpf.o switch s", "'.bpf.o' gives the extension no name: add `name NAME`"),
                ("install a.o switch s port p", "unknown word 'port'"),
                ("install a.o switch", "'switch' needs a value"),
                ("remove", "'name' is missing"), ("remove log", "'switch' is missing"),
                ("remove log port p", "unknown word 'port'"),
                ("enable log", "'switch' or 'port' is missing"),
                ("enable log", "usage: xvsctl extension enable NAME switch SWITCH|port PORT " + either),
                ("disable log switch s port p", "give 'switch' or 'port', not both"),
                ("enable log switch s rate 3", "unknown word 'rate'"),
                ("move log switch s", "'before' or 'after' is missing"),
                ("move log switch s", "move NAME switch SWITCH before OTHER|after OTHER " + either),
                ("move log switch s before a after b", "give 'before' or 'after', not both"),
                ("move log switch s bfeore a", "did you mean 'before'?"),
                ("set", "'name' is missing"), ("set log", "'switch' or 'port' is missing"),
                ("set log rate 5", "unknown word 'rate'"), ("set log switch s", "a key is missing"),
                ("set log switch s", "set NAME switch SWITCH|port PORT KEY VALUE... " + either),
                ("set log switch s rate", "'rate' needs a value"),
                ("set log switch s rate 1 rate 2", "'settings.rate' is given twice"),
                ("show", "'name' is missing"), ("show log", "'switch' is missing"),
                ("list prod", "unknown word 'prod'"), ("s log", "could be show, set"),
                ("export", "'port' is missing"), ("export vm1", "unknown word 'vm1'"),
                ("export port vm1 --strict", "takes no --strict"),
                ("import port vm1 -o x", "takes no --output"), ("export port vm1 -f x", "can't read x"),
                ("import -f /dev/null", "'port' is missing"),
                ("import port vm1 -f /dev/null -f /dev/null", "one document is imported at a time"),
                ("instal a.o", "'switch' is missing"), ("uninstall a", "unknown verb 'uninstall'"),
                ("list --save", "`extension list` takes no --save"), ("verify", "'file' is missing"),
                ("list --seed 3", "`extension list` takes no --seed"), ("verify a.o b.o", "unknown word 'b.o'"),
                ("verify a.o --frames", "--frames needs a value: NUMBER"), ("unset log", "unknown verb 'unset'")):
            with self.subTest(line):
                code, stdout, stderr = self.run_ctl("extension", *line.split())
                self.assertEqual((code, stdout), (1, ""))
                self.assertIn(text, stderr)

    def test_not_utf8(self):
        for words in ((b"/\xff.o", b"name", b"x"), (b"/a.o", b"name", b"\xff")):
            self.assertIn("not UTF-8", self.run_ctl("extension", "install", *words, "switch", "s")[2])
        self.assertIn("not UTF-8", self.run_ctl("extension", "set", "x", "port", "p", "rate", b"\xff")[2])

    def test_problem_of_a_setting(self):
        problems = [{"file": "settings.rate", "line": 0, "column": 0, "message": "must be a number"}]
        code, _, stderr, _ = self.ask(error("InvalidConfiguration", problems=problems, more=0),
                                      "extension", "set", "log", "switch", "s", "rate", "x")
        self.assertEqual((code, stderr), (1, "settings.rate: error: must be a number\n1 problem; nothing was applied\n"))

    def test_help(self):
        code, stdout, stderr = self.run_ctl("extension", "help")
        self.assertEqual((code, stderr), (0, ""))
        for line in ("xvsctl extension list [switch SWITCH]\n", "xvsctl extension show NAME switch SWITCH\n",
                     "xvsctl extension install FILE [name NAME] switch SWITCH [--dry-run] [--save]\n"):
            self.assertIn(line, stdout)


class State(test_ctl.Case):
    """Documents are the daemon's; they pass through."""
    FIRST = {"format": 1, "byte_order": "little", "port": "vm1", "switch": "prod", "extensions": [{"name": "\u00fc"}],
             "maps": [{"name": "a"}], "entries": []}
    PARTS = [{"entries": [{"map": 0, "key": "00", "value": "01"}]}, {"entries": [{"map": 0, "key": "02", "value": "03"}]}]

    def stream(self, complete=True):
        parts = [self.FIRST, *self.PARTS, {"entries": [], "complete": complete}]
        return b"".join(message(parameters=part, continues=part is not parts[-1]) for part in parts)

    def whole(self, complete=True):
        return dict(self.FIRST, entries=[part["entries"][0] for part in self.PARTS], complete=complete)

    def test_export(self):
        for options in ([], ["-p"], ["-j"], ["-j", "-p"]):
            code, stdout, stderr, call = self.ask(self.stream(), "extension", "export", "port", "vm1", *options)
            self.assertEqual((code, stderr, json.loads(stdout)), (0, "", self.whole()))
            self.assertEqual((call["method"], call["parameters"], call["more"]),
                             ("org.xvswitch.ExportExtensionState", {"port": "vm1"}, True))
            self.assertEqual(stdout.count("\n") > 1, "-p" in options)

    def test_export_to_a_file(self):
        path = self.write("old", "x" * 10000)
        for name in ("old", "new"):
            code, stdout, stderr, _ = self.ask(
                self.stream(), "extension", "export", "port", "vm1", "-o", self.path(name))
            self.assertEqual((code, stdout, stderr), (0, "", ""))
            with open(self.path(name)) as file:
                self.assertEqual(json.load(file), self.whole())
        self.assertEqual(os.stat(self.path("new")).st_mode & 0o777, 0o600)
        for bad in ("/nowhere/x", self.folder.name):
            code, stdout, stderr, _ = self.ask(self.stream(), "extension", "export", "port", "vm1", "--output", bad)
            self.assertEqual((code, stdout), (2, ""))
            self.assertIn("can't write " + bad, stderr)
        code, _, stderr, _ = self.ask(error("NotFound", kind="port", name="vm1", meant=None),
                                      "extension", "export", "port", "vm1", "-o", path)
        self.assertEqual((code, stderr), (1, "xvsctl: no port 'vm1'\n"))
        with open(path) as file:
            self.assertEqual(json.load(file), self.whole())  # it is left alone
        if os.path.exists("/dev/full"):
            code, _, stderr, _ = self.ask(self.stream(), "extension", "export", "port", "vm1", "-o", "/dev/full")
            self.assertEqual(code, 2)
            self.assertIn("can't write the output", stderr)

    def test_incomplete_export(self):
        code, stdout, stderr, _ = self.ask(self.stream(False), "extension", "export", "port", "vm1")
        self.assertEqual((code, json.loads(stdout)), (4, self.whole(False)))
        self.assertIn("the document is not complete", stderr)

    def test_export_cut_off(self):
        half = self.stream().split(b"\0")[0] + b"\0"
        code, stdout, _, _ = self.ask(half, "extension", "export", "port", "vm1", "-o", self.path("f"))
        self.assertEqual((code, stdout, os.path.exists(self.path("f"))), (3, "", False))

    def test_import(self):
        path = self.write("f", "{}")
        reply = message(parameters={"maps": 1, "entries": 2, "left_out": []})
        for words, name, more in ((["-f", path], path, {}), (["-f", "-"], "<stdin>", {}), ([], "<stdin>", {}),
                                  (["--strict", "-f", path], path, {"strict": True})):
            code, stdout, stderr, call = self.ask(reply, "extension", "import", "port", "vm1", *words, stdin=b"{}")
            self.assertEqual((code, stdout, stderr), (0, "2 entries in 1 map taken over\n", ""))
            self.assertEqual(call["method"], "org.xvswitch.ImportExtensionState")
            self.assertEqual(call["parameters"], {"port": "vm1", "files": [{"name": name, "text": "{}"}], **more})

    def test_left_out(self):
        left = [{"extension": "a\x1b", "map": "m", "entries": 1, "why": "x"},
                {"extension": None, "map": None, "entries": 0, "why": "y"}]
        reply = {"maps": 0, "entries": 1, "left_out": left}
        words = "extension", "import", "port", "vm1", "-f", self.write("f", "{}")
        self.assertEqual(self.ask(message(parameters=reply), *words)[:3], (
            4, "1 entry in 0 maps taken over\n",
            "xvsctl: left out: map 'm' of extension 'a\\x1b', 1 entry: x\nxvsctl: left out: y\n"))
        code, stdout, stderr, _ = self.ask(message(parameters=reply), "-j", *words)
        self.assertEqual((code, json.loads(stdout), stderr), (4, reply, ""))

    def test_problem_in_a_document(self):
        path = self.write("f", "{\n  \"format\": 2}")
        problems = [{"file": path, "line": 2, "column": 13, "message": "no"}]
        code, stdout, stderr, _ = self.ask(error("InvalidConfiguration", problems=problems, more=0),
                                           "extension", "import", "port", "vm1", "-f", path)
        self.assertEqual((code, stdout), (1, ""))
        self.assertEqual(stderr, path + ":2:13: error: no\n  \"format\": 2}\n            ^\n"
                         "1 problem; nothing was applied\n")

    def test_nonsense(self):
        for value in (None, 1, "x", [], {}, [None], [1], [{}], [[]], {"a": {}}):
            for key in ("left_out", "entries", "maps", "complete", "format"):
                for verb in ("import", "export"):
                    self.assertIn(self.ask(message(parameters={key: value}), "extension", verb, "port", "p")[0], (0, 4))


class Shown(test_ctl.Case):
    def lines(self, parameters, *words):
        code, stdout, stderr, call = self.ask(message(parameters=parameters), *words)
        self.assertEqual(code, 0, stderr)
        return stdout.split("\n")[:-1], stderr, (call["method"].replace("org.xvswitch.", ""), call["parameters"])

    def test_list(self):
        lines, stderr, call = self.lines({"extensions": EXTENSIONS}, "extension")
        self.assertEqual((stderr, call), ("", ("ListExtensions", {})))
        self.assertEqual(lines, [
            "NAME       SWITCH  POSITION  KIND      STATE     PACKETS  DROPPED  CHANGED  CERTIFIED  VERSION  VENDOR       WHY",
            "syn-limit  prod           1  firewall  enabled      3170       12        0  yes        1.0      Example Ltd  -",
            "log        prod           2  capture   disabled        0        0        0  no         2        Example Ltd  -",
            "mark       dmz            1  filter    degraded     3170       12        7  no         1.0      Example Ltd  not on eth1"])
        self.assertNotIn("WHY", self.lines({"extensions": EXTENSIONS[:2]}, "extension")[0][0])
        self.assertEqual(self.lines({"extensions": EXTENSIONS}, "-br", "ext")[0], [
            "syn-limit  prod  enabled", "log        prod  disabled", "mark       dmz   degraded"])
        colored = "".join(self.lines({"extensions": EXTENSIONS}, "-c", "ext")[0])
        self.assertIn("\033[32menabled", colored)
        self.assertIn("\033[33mdegraded", colored)

    def test_list_of_a_switch(self):
        self.assertEqual(self.lines({"extensions": []}, "extension", "list", "switch", "prod"),
                         ([], "no extensions\n", ("ListExtensions", {"switch": "prod"})))

    def test_json(self):
        for reply, words in (({"extensions": EXTENSIONS}, "extension"), (WHOLE, "extension show syn-limit switch prod")):
            self.assertEqual(json.loads(self.lines(reply, "-j", *words.split())[0][0]), reply)

    def test_pages_of_a_list(self):
        lines, _, _ = self.lines({"extensions": EXTENSIONS[1:]}, "-d", "extension")
        self.assertEqual(lines[:5], ["extension log of switch prod", "  state       disabled", "  kind        capture",
                                     "  vendor      Example Ltd", "  version     2"])
        self.assertIn("extension mark of switch dmz", lines)
        self.assertIn("  why         not on eth1", lines)

    def test_page(self):
        lines, stderr, call = self.lines(WHOLE, "extension", "show", "syn-limit", "switch", "prod")
        self.assertEqual((stderr, call), ("", ("ShowExtension", {"name": "syn-limit", "switch": "prod"})))
        self.assertEqual(lines, [
            "extension syn-limit of switch prod",
            "  state       enabled",
            "  kind        firewall",
            "  vendor      Example Ltd",
            "  version     1.0",
            "  certified   no",
            "  position    1",
            "  file        /x/syn_limit.bpf.o",
            "  sha256      " + "ab" * 32,
            "  api         1",
            "  directions  in, out",
            "  if-missing  drop",
            "  changes     ports, ttl",
            "  packets     3170",
            "  dropped     12",
            "  changed     0",
            "",
            "  SETTING  VALUE  INITIAL  TYPE    RANGE        SCOPE   MEANING",
            "  rate     200    100      number  1 to 100000  port    SYNs a second",
            "  strict   on     off      switch  -            switch  drop what has no state",
            "",
            "  DROPPED  REASON     NUMBER  MEANING",
            "       12  syn-flood       1  more SYNs than the rate",
            "        0  odd            20  no meaning \\x1b[2J",
            "",
            "  MAP      TYPE      PIN",
            "  buckets  lru-hash  /sys/fs/bpf/x/buckets"])

    def test_row(self):
        self.assertEqual(self.lines(WHOLE, "-br", "extension", "show", "syn-limit", "switch", "prod")[0],
                         ["syn-limit  prod  enabled"])

    def test_plain_page(self):
        plain = dict(WHOLE, settings=[], reasons=[], maps=[], changes=[])
        lines, _, _ = self.lines(plain, "extension", "show", "syn-limit", "switch", "prod")
        self.assertEqual(lines[-1], "  changed     0")
        self.assertFalse([line for line in lines if "changes" in line])

    def test_nonsense(self):
        for value in (None, 1, "x", [], {}, [None], [1], [{}], [[]], {"a": {}}):
            for key, words in (("extensions", "extension"), ("settings", "extension show a switch s"),
                               ("reasons", "extension show a switch s"), ("changes", "extension show a switch s"),
                               ("name", "extension show a switch s")):
                for option in ("-d", "-s", "-br", "-j"):
                    self.lines({key: value}, option, *words.split())

    def test_errors(self):
        for name, parameters, text in (
                ("NotFound", {"kind": "extension", "name": "lgo", "meant": "log"},
                 "no extension 'lgo'\n  did you mean 'log'?\n"),
                ("NotFound", {"kind": "switch", "name": "x", "meant": None}, "no switch 'x'\n")):
            code, stdout, stderr, _ = self.ask(error(name, **parameters), "extension", "show", "lgo", "switch", "x")
            self.assertEqual((code, stdout, stderr), (1, "", "xvsctl: " + text))


if __name__ == "__main__":
    if len(sys.argv) > 1 and os.path.exists(sys.argv[1]):
        test_ctl.XVSCTL = os.path.abspath(sys.argv.pop(1))
    unittest.main()
