#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""xvsctl against a fake daemon that says what each test wants: usage: test_ctl.py path/to/xvsctl"""

import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest

XVSCTL = os.environ.get("XVSCTL", "xvsctl")

PORT = {
    "name": "vm1", "id": 3, "switch": "prod", "kind": "vport", "interface": "tap0", "ifindex": 12,
    "state": "up", "reason": None, "vlan": {"mode": "trunk", "native": 1, "allowed": "1-10,20"},
    "mac": "02:00:00:00:00:01", "mtu": 1500, "path": "redirect", "priority_tag": False,
    "learning": {"limit": 128, "used": 4},
    "counters": {"transmit": {"packets": 10, "bytes": 1000}, "receive": {"packets": 7, "bytes": 9007199254740993},
                 "flooded": 5, "learned": 4, "not_learned": 2},
    "drops": {"vlan-tagged": 3, "brand-new": 1}}
WAITING = dict(PORT, name="vm20", state="waiting", interface=None, ifindex=0, mac=None, drops={},
               reason="no interface tap20", vlan={"mode": "access", "id": 100})
SWITCH = {
    "name": "prod", "id": 1, "type": "external", "state": "degraded", "reasons": ["no fq on eth1"],
    "uplink": "eth1", "xdp": {"wanted": "auto", "attached": "none", "reason": "eth1 is a veth"},
    "host_port": {"interface": "prod", "vlan": 10, "mac": "02:00:00:00:00:02"}, "ageing": 300,
    "mac_table": {"size": 65536, "used": 6}, "ports": 2}
AGENT = {
    "version": "0.1.0", "pid": 1, "kernel": "6.1.0", "pin_dir": "/sys/fs/bpf/xvswitch", "socket": "/run/x",
    "layout": 1, "generation": 7, "hook": "tcx", "backlog": {"needed": 64, "current": 1000, "error": None},
    "mac_pool": {"first": "02:00:00:00:00:00", "size": 256, "used": 3}, "memory": 4194304}


def entry(number):
    return {"switch": "prod", "mac": "02:00:00:00:%02x:%02x" % divmod(number, 256),
            "vlan": None if number % 2 else 5, "port": "vm%d" % number, "kind": "learned", "age": number}


def message(**members):
    return json.dumps(members).encode() + b"\0"


def error(name, /, **parameters):
    return message(error="org.xvswitch." + name, parameters=parameters)


class Daemon:
    """Listens until the test is over; answers every call with `answer`: bytes, or pieces of bytes."""

    def __init__(self, path, answer, read=True):
        self.answer, self.read, self.calls = answer, read, []
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(path)
        self.listener.listen()
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            client, _ = self.listener.accept()
            try:
                self.serve_client(client)
            except BrokenPipeError:
                pass
            client.close()

    def serve_client(self, client):
        data = b""
        while self.read and not data.endswith(b"\0"):
            got = client.recv(1 << 16)
            if not got:
                return
            data += got
        if self.read:
            self.calls.append(json.loads(data[:-1]))
        for piece in [self.answer] if isinstance(self.answer, bytes) else self.answer:
            client.sendall(piece)


class Case(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.socket = self.path("control.sock")

    def path(self, name):
        return os.path.join(self.folder.name, name)

    def write(self, name, data):
        os.makedirs(os.path.dirname(self.path(name)), exist_ok=True)
        with open(self.path(name), "wb") as file:
            file.write(data if isinstance(data, bytes) else data.encode())
        return self.path(name)

    def run_ctl(self, *words, stdin=b"", locale="C.UTF-8"):
        environment = dict(os.environ, XVS_SOCKET=self.socket, LC_ALL=locale)
        done = subprocess.run([XVSCTL, *words], input=stdin, env=environment, timeout=30,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        return done.returncode, done.stdout.decode(), done.stderr.decode()

    def ask(self, answer, *words, **options):
        """Runs xvsctl against a daemon with that answer; returns code, stdout, stderr, the call."""
        if os.path.exists(self.socket):
            os.unlink(self.socket)
        daemon = Daemon(self.socket, answer)
        result = self.run_ctl(*words, **options)
        return (*result, daemon.calls[0] if daemon.calls else None)


class Words(Case):
    def call_of(self, *words):
        code, _, stderr, call = self.ask(message(parameters={"switches": [SWITCH], "ports": [PORT]}), *words)
        self.assertEqual((code, stderr), (0, ""), words)
        return call["method"].replace("org.xvswitch.", ""), call["parameters"]

    def test_calls(self):
        for line, method, parameters in (
                ("show", "Show", {}),
                ("sw", "ListSwitches", {}),
                ("switch s prod", "ListSwitches", {"name": "prod"}),
                ("p", "ListPorts", {}),
                ("p l", "ListPorts", {}),
                ("port list switch prod", "ListPorts", {"switch": "prod"}),
                ("port sh vm1 sw prod", "ListPorts", {"name": "vm1", "switch": "prod"}),
                ("port show name switch", "ListPorts", {"name": "switch"}),
                ("-s port -d show -- -vm", "ListPorts", {"name": "-vm"}),
                ("f f v 7 p uplink", "FlushEntries", {"vlan": 7, "port": "uplink"}),
                ("fdb add 02:00:00:00:00:01 switch s port p vlan 0", "AddEntry",
                 {"mac": "02:00:00:00:00:01", "switch": "s", "port": "p", "vlan": 0}),
                ("fdb del switch s mac m", "RemoveEntry", {"mac": "m", "switch": "s"})):
            with self.subTest(line):
                self.assertEqual(self.call_of(*line.split()), (method, parameters))

    def test_wrong_usage(self):
        for line, text in (
                ("", "usage:"), ("prot", "did you mean 'port'?"), ("s", "could be show, switch"), ("help prot", "did you mean 'port'?"),
                ("port lsit", "did you mean 'list'?"), ("port show vm1 swich x", "did you mean 'switch'?"),
                ("port show vm1 switch", "needs a value"), ("fdb add 02:00:00:00:00:01 switch s", "'port' is missing"),
                ("fdb list vlan 4095", "0 (untagged) to 4094"), ("fdb list vlan 1x", "0 (untagged)"),
                ("port list vm1 name vm2", "given twice"), ("--jsno show", "did you mean '--json'?"),
                ("apply", "no files"), ("apply x.yaml", "given with -f"), ("show --json=1", "takes no value"),
                ("--color=red show", "auto, always or never"), ("--socket", "needs a value"),
                ("show -f /dev/null", "only `apply`"), ("--socket %s show" % ("x" * 200), "longer than 107 bytes")):
            with self.subTest(line):
                code, stdout, stderr = self.run_ctl(*line.split())
                self.assertEqual((code, stdout), (1, ""))
                self.assertIn(text, stderr)

    def test_help(self):
        for line in ("help", "-h", "help port", "port help", "p h", "port show help", "fdb add -h"):
            with self.subTest(line):
                code, stdout, stderr = self.run_ctl(*line.split())
                self.assertEqual((code, stderr), (0, ""))
                self.assertIn("xvsctl", stdout)


class Connection(Case):
    def unreachable(self, answer, text, *words):
        code, stdout, stderr = self.ask(answer, *(words or ("show",)))[:3]
        self.assertEqual(code, 3, stderr)
        self.assertIn(self.socket, stderr)
        self.assertIn(text, stderr)
        return stdout

    def test_no_daemon(self):
        code, _, stderr = self.run_ctl("show")
        self.assertEqual(code, 3)
        self.assertIn(self.socket, stderr)
        self.assertIn("start xvswitchd", stderr)

    def test_nobody_listens(self):
        with socket.socket(socket.AF_UNIX) as left_behind:
            left_behind.bind(self.socket)
        code, _, stderr = self.run_ctl("show")
        self.assertEqual(code, 3)
        self.assertIn("Connection refused", stderr)

    def test_dies(self):
        self.assertEqual(self.unreachable(b"", "without a reply"), "")
        self.assertEqual(self.unreachable(b'{"parameters":', "in the middle of its reply"), "")

    def test_dies_in_stream(self):
        stdout = self.unreachable(message(parameters={"entries": [entry(1)]}, continues=True), "in the middle",
                                  "fdb", "list")
        self.assertIn("vm1", stdout)

    def test_not_the_protocol(self):
        for answer in (b"HTTP/1.0 400\0", b"[]\0", b"\0", b'{"a": "\xff"}\0', b"[" * 100000 + b"\0"):
            self.unreachable(answer, "doesn't speak")

    def test_too_large(self):
        self.unreachable((b"x" * (1 << 20) for _ in range(66)), "over 64 MiB")

    def test_pieces(self):
        whole = message(parameters={"ports": [PORT, WAITING]})
        code, stdout, _, _ = self.ask((whole[i:i + 7] for i in range(0, len(whole), 7)), "-j", "port", "list")
        self.assertEqual((code, json.loads(stdout)), (0, {"ports": [PORT, WAITING]}))

    def test_several_replies_in_one_piece(self):
        stream = b"".join(message(parameters={"entries": [entry(i)]}, continues=i < 9) for i in range(10))
        code, stdout, _, call = self.ask(stream, "-j", "fdb")
        self.assertEqual((code, json.loads(stdout)), (0, {"entries": [entry(i) for i in range(10)]}))
        self.assertIs(call["more"], True)

    def test_reason_before_the_request_was_read(self):
        daemon = Daemon(self.socket, error("PermissionDenied", uid=1000), read=False)
        file = self.write("a.yaml", "#" * (4 << 20))
        code, _, stderr = self.run_ctl("apply", "-f", file)
        self.assertEqual(daemon.calls, [])
        self.assertIn(code, (2, 3))  # 3 where the kernel threw the reply away with the connection
        self.assertTrue("permission denied" in stderr or self.socket in stderr, stderr)


class Errors(Case):
    def test_codes(self):
        for name, parameters, code, text in (
                ("Refused", {"step": "attach tap0", "reason": "No such device"}, 2, "attach tap0: No such device"),
                ("NotFound", {"kind": "port", "name": "vm11", "meant": "vm1"}, 1, "did you mean 'vm1'?"),
                ("NotFound", {"kind": "port", "name": "x", "meant": None}, 1, "no port 'x'"),
                ("InvalidParameter", {"parameter": "mac", "message": "not an address"}, 1, "mac: not an address"),
                ("MethodNotFound", {"method": "Show"}, 2, "different versions"),
                ("PermissionDenied", {"uid": 1000}, 2, "1000"),
                ("Unheard", {}, 2, "org.xvswitch.Unheard"), ("Refused", {}, 2, "refused")):
            with self.subTest(name):
                got, stdout, stderr, _ = self.ask(error(name, **parameters), "-j", "show")
                self.assertEqual((got, stdout), (code, ""))
                self.assertIn(text, stderr)

    def problem(self, text, line, column, more=0, locale="C.UTF-8"):
        file = self.write("a.yaml", text)
        problems = [{"file": file, "line": line, "column": column, "message": "bad"}]
        code, stdout, stderr, _ = self.ask(error("InvalidConfiguration", problems=problems, more=more),
                                           "apply", "-f", file, locale=locale)
        self.assertEqual((code, stdout), (1, ""))
        return stderr.replace(file, "FILE").split("\n")

    def test_configuration(self):
        self.assertEqual(self.problem("a: 1\r\nbb: x\r\n", 2, 5), [
            "FILE:2:5: error: bad", "bb: x", "    ^", "1 problem; nothing was applied", ""])

    def test_count(self):
        self.assertIn("9 problems; nothing was applied", self.problem("a", 1, 1, more=8))

    def test_caret(self):
        for text, line, column, want in (
                ("\ta: b", 1, 2, ["        a: b", "        ^"]),
                ("ab\tc", 1, 4, ["ab      c", "        ^"]),
                ("a", 1, 9, ["a", " ^"]),
                ("", 1, 1, ["", "^"]),
                ("a\n", 2, 1, ["", "^"]),
                ("a", 7, 1, []),
                ("abc", 1, 0, ["abc"]),
                ("é世: x", 1, 5, ["é世: x", "     ^"]),
                ("\x1b[2J\u202e: x", 1, 8, ["\\x1b[2J\\xe2\\x80\\xae: x", " " * 21 + "^"]),
                ("\ufeffab", 1, 2, ["ab", " ^"])):
            with self.subTest(text):
                self.assertEqual(self.problem(text, line, column)[1:-2], want)
        self.assertEqual(self.problem("é: x", 1, 4, locale="C")[1:3], ["\\xc3\\xa9: x", " " * 10 + "^"])

    def test_long_line(self):
        for column in (1, 50, 500, 4999, 5000, 5001):
            for fill in ("x", "\t", "é", "\x7f", "世"):
                text = fill * (column - 1) + "!" + fill * (5000 - column)
                _, source, caret, *_ = self.problem(text, 1, column, locale="C")
                self.assertLess(len(source), 125)
                self.assertEqual(source[len(caret) - 1:len(caret)], "!")

    def test_problem_outside_files(self):
        problems = [{"file": None, "line": 0, "column": 0, "message": "no \x1b[31mswitch"}, "nonsense"]
        code, _, stderr, _ = self.ask(error("InvalidConfiguration", problems=problems), "apply", "-f", "-")
        self.assertEqual((code, stderr), (
            1, "error: no \\x1b[31mswitch\nerror: ?\n2 problems; nothing was applied\n"))


class Apply(Case):
    def files(self, *words, stdin=b""):
        answer = message(parameters={"steps": ["create switch prod", "attach tap0"]})
        code, stdout, stderr, call = self.ask(answer, "apply", *words, stdin=stdin)
        self.assertEqual((code, stdout, stderr), (0, "create switch prod\nattach tap0\n", ""))
        return [(os.path.basename(file["name"]), file["text"]) for file in call["parameters"]["files"]]

    def wrong(self, text, *words):
        code, stdout, stderr = self.run_ctl("apply", *words)
        self.assertEqual((code, stdout), (1, ""))
        self.assertIn(text, stderr)

    def test_sources(self):
        for name in ("d/b.yml", "d/a.yaml", "d/B.yaml", "d/.c.yaml", "d/d.yaml~", "d/yaml"):
            self.write(name, name + "é")
        one = self.write("one", "")
        self.assertEqual(self.files("-f", self.path("d"), "--file=" + one, "-f", "-", stdin=b"in"), [
            ("B.yaml", "d/B.yamlé"), ("a.yaml", "d/a.yamlé"), ("b.yml", "d/b.ymlé"), ("one", ""), ("<stdin>", "in")])

    def test_nothing_to_do(self):
        code, stdout, stderr, _ = self.ask(message(parameters={"steps": []}), "apply", "-f", "-")
        self.assertEqual((code, stdout, stderr), (0, "", "nothing to change\n"))

    def test_refused_files(self):
        os.mkdir(self.path("empty"))
        self.wrong("no *.yaml", "-f", self.path("empty"))
        self.wrong("No such file", "-f", self.path("none.yaml"))
        self.wrong("only once", "-f", "-", "-f", "-")
        self.wrong("zero:2:3: error: a zero byte", "-f", self.write("zero", b"a\nbb\0c"))
        self.wrong("latin:1:5: error: not UTF-8", "-f", self.write("latin", "é: \xe9".encode()[:-2] + b" \xe9"))
        self.wrong("cut:1:2: error: not UTF-8", "-f", self.write("cut", b"a\xe4\xb8"))

    def test_bounds(self):
        half = self.write("half", b"#" * (16 << 20))
        self.wrong("larger than 16 MiB", "-f", self.write("large", b"#" * ((16 << 20) + 1)))
        self.wrong("larger than 32 MiB together", *["-f", half] * 2, "-f", self.write("more", b"#"))
        self.wrong("larger than 16 MiB", "-f", "/dev/zero")


class Tables(Case):
    def table(self, parameters, *words):
        code, stdout, stderr, _ = self.ask(message(parameters=parameters), *words)
        self.assertEqual(code, 0, stderr)
        return stdout.split("\n")[:-1], stderr

    def test_ports(self):
        ports = {"ports": [PORT, WAITING]}
        self.assertEqual(self.table(ports, "port")[0], [
            "NAME  STATE    SWITCH  KIND   INTERFACE  VLAN                    MAC                REASON",
            "vm1   up       prod    vport  tap0       trunk 1-10,20 native 1  02:00:00:00:00:01  -",
            "vm20  waiting  prod    vport  -          access 100              -                  no interface tap20"])
        self.assertEqual(self.table(ports, "-br", "port")[0], ["vm1   up       tap0", "vm20  waiting  -"])
        stats = self.table(ports, "port", "-s")[0]
        self.assertIn("9007199254740993        4  vlan-tagged=3,brand-new=1", stats[1])

    def test_port_page(self):
        page = "\n".join(self.table({"ports": [PORT]}, "port", "show", "vm1")[0])
        for text in ("port vm1", "tap0 (index 12)", "10 packets, 1000 bytes", "4 of 128 addresses",
                     "tagged frame on an untagged or access port", "brand-new"):
            self.assertIn(text, page)

    def test_switches(self):
        self.assertEqual(self.table({"switches": [SWITCH]}, "switch")[0], [
            "NAME  STATE     TYPE      UPLINK  HOST-PORT  PORTS  MACS  MACS-MAX  REASONS",
            "prod  degraded  external  eth1    prod           2     6     65536  no fq on eth1"])
        page = "\n".join(self.table({"switches": [SWITCH]}, "switch", "show", "prod")[0])
        for text in ("none attached, auto wanted: eth1 is a veth", "prod, vlan 10", "300 seconds", "6 of 65536"):
            self.assertIn(text, page)

    def test_show(self):
        lines, _ = self.table({"agent": AGENT, "switches": [SWITCH], "ports": [PORT]}, "show")
        self.assertIn("  memory      4194304 bytes", lines)
        self.assertEqual(self.table({"agent": AGENT, "switches": [], "ports": []}, "show")[1], "no switches\n")

    def test_empty(self):
        self.assertEqual(self.table({"ports": []}, "port"), ([], "no ports\n"))
        self.assertEqual(self.table({"entries": []}, "fdb"), ([], "no entries\n"))
        self.assertEqual(self.table({"entries": []}, "-j", "fdb"), (['{"entries":[]}'], ""))
        self.assertEqual(self.table({}, "-j", "fdb", "del", "m", "switch", "s"), (["{}"], ""))
        self.assertEqual(self.table({}, "fdb", "del", "m", "switch", "s"), ([], ""))

    def test_nonsense(self):
        for value in (None, 1, "x", [], {}, [None], [1], [{}], [[]], {"a": {}}):
            for key, word in (("ports", "port"), ("switches", "switch"), ("entries", "fdb"), ("steps", "show")):
                for option in ("-d", "-s", "-br", "-j"):
                    self.table({key: value, "agent": value}, option, word)

    def test_flush(self):
        self.assertEqual(self.table({"flushed": 1}, "fdb", "flush")[0], ["1 learned entry removed"])

    def test_no_escapes_reach_the_terminal(self):
        evil = dict(PORT, name="\x1b[2J\u202eé\n", reason="\x07", drops={"\x9b": 1})
        for words in (("port",), ("port", "-s"), ("-d", "port"), ("-j", "port"), ("-j", "-p", "port")):
            out = "".join(line for line in self.table({"ports": [evil]}, *words)[0])
            self.assertTrue(all(" " <= c <= "~" for c in out), out)

    def test_color(self):
        self.assertNotIn("\033", "".join(self.table({"ports": [PORT]}, "port")[0]))
        for option in (["-c"], ["--color=always"], ["-c", "always"]):
            self.assertIn("\033[32mup\033[0m", "".join(self.table({"ports": [PORT]}, *option, "port")[0]))

    def test_pretty(self):
        for parameters, word in (({"ports": [PORT]}, "port"), ({"entries": [entry(1), entry(2)]}, "fdb"),
                                 ({"entries": []}, "fdb")):
            lines, _ = self.table(parameters, "-j", "-p", word)
            self.assertEqual("\n".join(lines), json.dumps(parameters, indent=4))

    def test_stream_stays_aligned(self):
        stream = [message(parameters={"entries": [entry(i) for i in range(n, n + 1000)]}, continues=n < 4000)
                  for n in range(0, 5000, 1000)]
        code, stdout, _, _ = self.ask(stream, "fdb")
        lines = stdout.split("\n")[:-1]
        self.assertEqual((code, len(lines)), (0, 5001))
        self.assertEqual(sum("MAC" in line for line in lines), 1)
        self.assertEqual(lines[1], "02:00:00:00:00:00     5  learned    0  prod    vm0")

    def test_write_error(self):
        Daemon(self.socket, message(parameters={"ports": [PORT]}))
        with open("/dev/full", "w") as full:
            done = subprocess.run([XVSCTL, "--socket", self.socket, "port"], stdout=full, stderr=subprocess.PIPE)
        self.assertEqual(done.returncode, 2)


if __name__ == "__main__":
    if len(sys.argv) > 1 and os.path.exists(sys.argv[1]):
        XVSCTL = os.path.abspath(sys.argv.pop(1))
    unittest.main()
