#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""xvsctl against a fake daemon that says what each test wants: usage: test_ctl.py path/to/xvsctl"""

import fcntl
import json
import os
import pty
import select
import shlex
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import termios
import threading
import time
import unittest

XVSCTL = os.environ.get("XVSCTL", "xvsctl")

PORT = {
    "name": "vm1", "id": 3, "switch": "prod", "kind": "vport", "interface": "tap0", "ifindex": 12,
    "state": "up", "reason": None, "vlan": {"mode": "trunk", "native": 1, "allowed": "1-10,20"},
    "mac": "02:00:00:00:00:01", "mtu": 1500, "path": "redirect", "priority_tag": False,
    "learning": {"limit": 128, "used": 4}, "mirror": "monitor",
    "counters": {"transmit": {"packets": 10, "bytes": 1000}, "receive": {"packets": 7, "bytes": 9007199254740993},
                 "flooded": 5, "learned": 4, "not_learned": 2},
    "drops": {"vlan-tagged": {"in": 0, "out": 3}, "brand-new": {"in": 1, "out": 0}}}
WAITING = dict(PORT, name="vm20", state="waiting", interface=None, ifindex=0, mac=None, drops={},
               reason="no interface tap20", vlan={"mode": "access", "id": 100})
SWITCH = {
    "name": "prod", "id": 1, "type": "external", "state": "degraded", "reasons": ["no fq on eth1"],
    "uplink": "eth1", "xdp": {"wanted": "auto", "attached": "none", "reason": "eth1 is a veth"},
    "host_port": {"interface": "prod", "vlan": 10, "mac": "02:00:00:00:00:02"}, "ageing": 300,
    "mac_table": {"size": 65536, "used": 6}, "ports": 2}
AGENT = {
    "version": "0.1.0", "pid": 1, "kernel": "6.1.0", "pin_dir": "/sys/fs/bpf/xvswitch", "socket": "/run/x",
    "layout": 1, "generation": 7, "hook": "tcx", "degraded": [], "backlog": {"needed": 64, "current": 1000, "error": None},
    "mac_pool": {"first": "02:00:00:00:00:00", "size": 256, "used": 3}, "memory": 4194304}


def rule(**members):
    nothing = dict.fromkeys((
        "acl", "port", "name", "protocol", "local", "remote", "local_port", "remote_port",
        "icmp_type", "vlan", "idle_timeout"))
    return {**nothing, "stateful": False, "log": False, **members}


RULES = [rule(acl="web", name="https", action="allow", direction="in", weight=20, protocol="tcp",
              local_port="443", stateful=True, idle_timeout=600, log=True),
         rule(port="vm2", action="deny", direction="out", weight=1, protocol="icmp",
              icmp_type="9", vlan=0)]
PORT_RULES = [
    {"acl": "m", "port": None, "name": None, "action": "meter", "direction": "both", "local": None,
     "remote": "10.0.0.0/8"},
    {"acl": "m", "port": None, "name": "x", "action": "deny", "direction": "in", "local": None,
     "remote": None}]


def feature(name, present, use, purpose, instead, reason=None, degraded=False):
    return {"name": name, "present": present, "reason": reason, "use": use, "degraded": degraded, "for": purpose,
            "instead": instead}


def nic(interface, **more):
    return {"interface": interface, **dict.fromkeys((
        "port", "driver", "device", "speed", "queues", "xdp", "rx_vlan_offload", "virtual_functions", "dcb")),
        "instead": [], **more}


FEATURES = {
    "kernel": "6.1.0", "more": 0,
    "features": [feature("loop", "yes", "needed", "floods", "no start"),
                 feature("tcx", "yes", "used", "hooks", "clsact", "not used", True),
                 feature("backlog", "no", "used", "floods", "losses"),
                 feature("fq", "unknown", "later", "limits", None, "Input/output error")],
    "nics": [nic("eth1", port="prod/uplink", driver="igb", device="0000:01:00.0", speed=1000, queues=4, xdp=True,
                 rx_vlan_offload=False, virtual_functions=7, dcb=False),
             nic("eth2", speed=2500),
             nic("eth3", driver="slow", speed=100, queues=1, xdp=False, rx_vlan_offload=True, virtual_functions=0,
                 dcb=True, instead=["native-xdp: TC", "other"])]}


def entry(number):
    return {"switch": "prod", "mac": "02:00:00:00:%02x:%02x" % divmod(number, 256),
            "vlan": None if number % 2 else 5, "port": "vm%d" % number, "kind": "learned", "age": number}


def flow(protocol, local, remote, began="in", **members):
    return {"port": "vm1", "switch": "prod", "vlan": 0, "protocol": protocol, "began": began, "local": local,
            "local_port": None, "remote": remote, "remote_port": None, "state": None, "stateful": False, "rules": [],
            "age": 0, "left": 60, "in": {"packets": 1, "bytes": 98}, "out": {"packets": 0, "bytes": 0}, **members}


FLOWS = [
    flow("tcp", "192.0.2.8", "198.51.100.1", local_port=443, remote_port=40112, vlan=100, state="established",
         stateful=True, age=2, left=298, rules=[{"direction": "in", "kind": "acl", "list": "web", "rule": "https", "number": 1}],
         **{"in": {"packets": 41, "bytes": 3170}, "out": {"packets": 38, "bytes": 52114}}),
    flow("udp", "2001:db8::1", "2001:db8::2", "out", local_port=7, remote_port=53, stateful=True, left=10,
         rules=[{"direction": "out", "kind": "acl", "list": None, "rule": None, "number": 3},
                {"direction": "in", "kind": "port_acl", "list": "m", "rule": None, "number": 1}],
         **{"in": {"packets": 1, "bytes": 60}, "out": {"packets": 2, "bytes": 70}}),
    flow("icmp", "192.0.2.8", "192.0.2.9", icmp_id=7, port=None, switch=None),
    flow("icmp", "192.0.2.8", "192.0.2.9", port="vm2", icmp_type="time-exceeded", icmp_code=0)]


def message(**members):
    return json.dumps(members).encode() + b"\0"


def error(name, /, **parameters):
    return message(error="org.xvswitch." + name, parameters=parameters)


class Daemon:
    """Listens until the test is over; answers every call with `answer`: bytes, pieces of bytes, or a function of
    the call and the connection that yields pieces. Every connection is served on its own."""

    def __init__(self, path, answer, read=True):
        self.answer, self.read, self.calls = answer, read, []
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(path)
        self.listener.listen()
        threading.Thread(target=self.serve, daemon=True).start()

    def close(self):
        """Tests make hundreds of daemons, and select() takes descriptors up to 1023."""
        self.listener.shutdown(socket.SHUT_RDWR)

    def serve(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                self.listener.close()
                return
            threading.Thread(target=self.serve_to_end, args=(client,), daemon=True).start()

    def serve_to_end(self, client):
        try:
            self.serve_client(client)
        except (BrokenPipeError, ConnectionResetError):
            pass
        client.close()

    def serve_client(self, client):
        data, memory = b"", []
        while self.read and not data.endswith(b"\0"):
            got, more, _, _ = socket.recv_fds(client, 1 << 16, 4)
            if not got:
                return
            data += got
            memory += more
        if self.read:
            self.calls.append(with_texts(json.loads(data[:-1]), memory))
        answer = self.answer(self.calls[-1], client) if callable(self.answer) else self.answer
        for piece in [answer] if isinstance(answer, bytes) else answer:
            client.sendall(piece)


def with_texts(call, memory):
    """The call with the files' texts as they came in its memory."""
    files = call.get("parameters", {}).get("files")
    if not files:
        assert not memory
        return call
    fd, = memory
    seals = fcntl.fcntl(fd, fcntl.F_GET_SEALS)
    assert seals == fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE
    os.lseek(fd, 0, os.SEEK_SET)
    with os.fdopen(fd, "rb") as texts:
        for file in files:
            file["text"] = texts.read(file.pop("size")).decode()
        assert not texts.read()
    return call


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

    def environment(self, **more):
        return dict(os.environ, XVS_SOCKET=self.socket, **more)

    def run_ctl(self, *words, stdin=b"", locale="C.UTF-8", **more):
        environment = self.environment(LC_ALL=locale, **more)
        done = subprocess.run([XVSCTL, *words], input=stdin, env=environment, timeout=30,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        return done.returncode, done.stdout.decode(), done.stderr.decode()

    def kill_late(self, process):
        """So that what waits for its output fails, and doesn't wait for ever."""
        timer = threading.Timer(20, process.kill)
        timer.start()
        self.addCleanup(process.communicate)
        self.addCleanup(timer.cancel)

    def ask(self, answer, *words, **options):
        """Runs xvsctl against a daemon with that answer; returns code, stdout, stderr, the call."""
        if os.path.exists(self.socket):
            os.unlink(self.socket)
        daemon = Daemon(self.socket, answer)
        result = self.run_ctl(*words, **options)
        daemon.close()
        return (*result, daemon.calls[0] if daemon.calls else None)


class Words(Case):
    def call_of(self, *words):
        code, _, stderr, call = self.ask(message(parameters={
            "switches": [SWITCH], "ports": [PORT], "acls": [{"name": "web"}],
            "rules": RULES}), *words)
        self.assertEqual((code, stderr), (0, ""), words)
        return call["method"].replace("org.xvswitch.", ""), call["parameters"]

    def test_calls(self):
        for line, method, parameters in (
                ("show", "Show", {}),
                ("sw", "ListSwitches", {}),
                ("switch sh prod", "ListSwitches", {"name": "prod"}),
                ("p", "ListPorts", {}),
                ("p l", "ListPorts", {}),
                ("port list switch prod", "ListPorts", {"switch": "prod"}),
                ("port sh vm1 sw prod", "ListPorts", {"name": "vm1", "switch": "prod"}),
                ("port show name switch", "ListPorts", {"name": "switch"}),
                ("-s port -d show -- -vm", "ListPorts", {"name": "-vm"}),
                ("port forget-addresses vm1", "ForgetAddresses", {"port": "vm1"}),
                ("fe", "Features", {}),
                ("acl", "ListAcls", {}),
                ("acl list web", "ListAcls", {"name": "web"}),
                ("acl sh", "ListRules", {}),
                ("acl sh web", "ListRules", {"name": "web"}),
                ("acl show port vm1", "ListRules", {"port": "vm1"}),
                ("port-acl", "ListPortAcls", {}),
                ("port-acl show m", "ListPortRules", {"name": "m"}),
                ("fd f v 7 p uplink", "FlushEntries", {"vlan": 7, "port": "uplink"}),
                ("fdb add 02:00:00:00:00:01 switch s port p vlan 0", "AddEntry",
                 {"mac": "02:00:00:00:00:01", "switch": "s", "port": "p", "vlan": 0}),
                ("-j flow", "ListFlows", {}),
                ("-j flow l po p sw s", "ListFlows", {"port": "p", "switch": "s"}),
                ("flow flush port p", "FlushFlows", {"port": "p"}),
                ("acl reset", "ResetRules", {}),
                ("acl reset web", "ResetRules", {"name": "web"}),
                ("port-acl reset port p", "ResetPortRules", {"port": "p"}),
                ("fdb del switch s mac m", "RemoveEntry", {"mac": "m", "switch": "s"})):
            with self.subTest(line):
                self.assertEqual(self.call_of(*line.split()), (method, parameters))

    def test_wrong_usage(self):
        for line, text in (
                ("", "usage:"), ("prot", "did you mean 'port'?"), ("s", "could be save, show, switch"), ("port s", "could be show, set"), ("f", "could be features, fdb"), ("help prot", "did you mean 'port'?"),
                ("port lsit", "did you mean 'list'?"), ("port show vm1 swich x", "did you mean 'switch'?"),
                ("port show vm1 switch", "needs a value"), ("fdb add 02:00:00:00:00:01 switch s", "'port' is missing"),
                ("fdb list vlan 4095", "0 (untagged) to 4094"), ("fdb list vlan 1x", "0 (untagged)"),
                ("port list vm1 name vm2", "given twice"), ("--jsno show", "did you mean '--json'?"),
                ("apply", "--file is missing"), ("try", "--file is missing"), ("apply x.yaml", "given with -f"), ("show --json=1", "takes no value"),
                ("--color=red show", "auto, always or never"), ("--socket", "needs a value"),
                ("show -f /dev/null", "`show` takes no --file"), ("show -f /dev/null", "those that do: apply, diff, try"),
                ("port list --save", "`port list` takes no --save"), ("apply -f /dev/null --yaml", "takes no --yaml"),
                ("diff --dry-run", "takes no --dry-run"), ("try -f /dev/null --save", "takes no --save"),
                ("try -f /dev/null --timeout 60", "the unit is missing: 60s, 60m or 60h"),
                ("try -f /dev/null --timeout 60x", "unknown unit 'x'"), ("try -f /dev/null --timeout x", "such as 60s"),
                ("try -f /dev/null --timeout -1s", "such as 60s"), ("try -f /dev/null --timeout 0s", "1s to 24h"),
                ("try -f /dev/null --timeout 86401s", "1s to 24h"), ("try -f /dev/null --timeout 25h", "1s to 24h"),
                ("try -f /dev/null --timeout 99999999999999999999s", "1s to 24h"),
                ("port add", "the name is missing"), ("port set vm1", "a key is missing"),
                ("port set vm1 mtu", "'mtu' needs a value"), ("port add vm1 mtu 1 mtu 2", "'mtu' is given twice"),
                ("port unset vm1", "a key is missing"), ("port unset vm1 mtu mtu", "given twice"),
                ("port del vm1 mtu", "nothing more is expected at 'mtu'"), ("mac-pool", "a key is missing"),
                ("mac-pool del x", "nothing more"), ("acl rule add", "the name is missing"),
                ("acl rule", "the name is missing"), ("acl rule add web", "a key is missing"),
                ("acl rule ad web weight", "'weight' needs a value"),
                ("acl rule remove web", "unknown verb 'remove'"),
                ("acl rule dle web", "did you mean 'del'?"),
                ("acl ruel add web", "did you mean 'rule'?"),
                ("acl unset web x", "unknown verb 'unset'"), ("a", "could be apply, acl"),
                ("acl del web x", "nothing more"),
                ("acl list port vm1 x", "unknown word 'vm1'"),
                ("mac-pool set size", "needs a value"), ("--socket %s show" % ("x" * 200), "longer than 107 bytes")):
            with self.subTest(line):
                code, stdout, stderr = self.run_ctl(*line.split())
                self.assertEqual((code, stdout), (1, ""))
                self.assertIn(text, stderr)

    def test_help(self):
        for line in ("help", "-h", "help port", "port help", "p h", "port show help", "fdb add -h",
                     "acl rule help", "acl rule add help", "acl rule -h"):
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
                ("PermissionDenied", {"uid": 1000}, 2, "the socket's group may only look"),
                ("Refused", {"step": "a", "reason": "b", "not_undone": []}, 2, "nothing of the request is in force"),
                ("Refused", {"step": "a", "reason": "b", "not_undone": ["detach tap0: busy", 1]}, 2,
                 "could not be undone: detach tap0: busy\n  could not be undone: ?\n  the rest of the request was undone"),
                ("TrialPending", {"seconds_left": 42}, 2, "it reverts in 42 s\n  decide it first: `xvsctl confirm`"),
                ("NoTrial", {}, 2, "no try is pending"),
                ("TooManyClients", {"limit": 16}, 3, "serves 16 clients already"),
                ("Unheard", {}, 2, "org.xvswitch.Unheard"), ("Refused", {}, 2, "refused")):
            with self.subTest(name):
                got, stdout, stderr, _ = self.ask(error(name, **parameters), "-j", "show")
                self.assertEqual((got, stdout), (code, ""))
                self.assertIn(text, stderr)

    def test_service_errors(self):
        for name, parameters, code, text in (
                ("MethodNotFound", {"method": "org.xvswitch.Try"}, 2, "no method 'org.xvswitch.Try'\n  xvsctl"),
                ("InterfaceNotFound", {"interface": "org.xvswitch"}, 2, "no interface 'org.xvswitch'"),
                ("ExpectedMore", {}, 2, "with a stream only"),
                ("InvalidParameter", {"parameter": "timeout"}, 1, "timeout: the daemon doesn't take it"),
                ("MethodNotImplemented", {"method": "x"}, 2, "org.varlink.service.MethodNotImplemented")):
            with self.subTest(name):
                got, stdout, stderr, _ = self.ask(message(error="org.varlink.service." + name, parameters=parameters), "show")
                self.assertEqual((got, stdout), (code, ""))
                self.assertIn(text, stderr)

    def test_error_in_a_stream(self):
        code, stdout, stderr, _ = self.ask(
            [message(parameters={"ports": [PORT]}, continues=True), error("Refused", step="list", reason="no")], "port")
        self.assertEqual((code, stdout), (2, ""))
        self.assertIn("refused: list: no", stderr)

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

    def test_private_vlans(self):
        for vlan, text in (
                ({"mode": "isolated", "primary": 100, "secondary": 101}, "isolated 100/101"),
                ({"mode": "community", "primary": 100, "secondary": 102}, "community 100/102"),
                ({"mode": "promiscuous", "primary": 100, "secondaries": "101,103-110"}, "promiscuous 100/101,103-110")):
            ports = {"ports": [dict(PORT, vlan=vlan)]}
            self.assertIn(" %s " % text, self.table(ports, "port")[0][1])
            self.assertIn("  vlan          " + text, self.table(ports, "port", "show", "vm1")[0])

    def test_port_page(self):
        page = "\n".join(self.table({"ports": [PORT]}, "port", "show", "vm1")[0])
        for text in ("port vm1", "tap0 (index 12)", "10 packets, 1000 bytes", "4 of 128 addresses", "  mirror        monitor",
                     "tagged frame on an untagged or access port", "brand-new"):
            self.assertIn(text, page)
        self.assertIn("3 0 vlan-tagged", " ".join(page.split()))
        self.assertNotIn("foreign", page)

    def test_port_page_security(self):
        guarded = dict(PORT, vm="web", security={
            "mac_spoofing": False, "teaming": True, "dhcp_guard": True, "router_guard": False,
            "address_guard": True, "storm_limit": 1000, "addresses": ["192.0.2.5", "2001:db8::5"],
            "learned": {"limit": 4, "used": 1}, "learned_addresses": ["fe80::1"]})
        page = [" ".join(line.split()) for line in
                self.table({"ports": [guarded]}, "port", "show", "vm1")[0]]
        for line in ("vm web", "mac-spoofing no", "teaming yes", "guards dhcp, address",
                     "storm-limit 1000", "addresses 192.0.2.5", "addresses 2001:db8::5",
                     "claimed 1 of 4 addresses", "claimed fe80::1"):
            self.assertIn(line, page)
        plain = "\n".join(self.table({"ports": [PORT]}, "port", "show", "vm1")[0])
        for word in ("guards", "storm-limit", "addresses  ", "claimed", "vm "):
            self.assertNotIn(word, plain.replace("port vm1", ""))

    def test_forgotten(self):
        for count, line in ((0, "0 learned addresses forgotten"),
                            (1, "1 learned address forgotten")):
            self.assertEqual(
                self.table({"forgotten": count}, "port", "forget-addresses", "vm1")[0], [line])

    def test_foreign(self):
        port = dict(PORT, foreign=["qdisc fq", "tcx program \x1b", 5])
        page, _ = self.table({"ports": [port]}, "port", "show", "vm1")
        self.assertEqual([line for line in page if "foreign" in line], [
            "  foreign       qdisc fq", "  foreign       tcx program \\x1b", "  foreign       5"])
        self.assertEqual(self.table({"ports": [port]}, "port"), self.table({"ports": [PORT]}, "port"))

    def test_switches(self):
        self.assertEqual(self.table({"switches": [SWITCH]}, "switch")[0], [
            "NAME  STATE     TYPE      UPLINK  HOST-PORT  PORTS  MACS  MACS-MAX  REASONS",
            "prod  degraded  external  eth1    prod           2     6     65536  no fq on eth1"])
        page = "\n".join(self.table({"switches": [SWITCH]}, "switch", "show", "prod")[0])
        for text in ("none attached, auto wanted: eth1 is a veth", "prod, vlan 10", "300 seconds", "6 of 65536"):
            self.assertIn(text, page)

    def test_show(self):
        lines, _ = self.table({"agent": AGENT, "switches": [SWITCH], "ports": [PORT]}, "show")
        self.assertIn("  memory         4194304 bytes", lines)
        self.assertEqual(self.table({"agent": AGENT, "switches": [], "ports": []}, "show")[1], "no switches\n")

    def test_show_configuration(self):
        whole = {"boot": "/etc/xvswitch", "saved": True, "differences": 0, "error": None, "trial": None}
        for more, want in (
                ({}, ["saved"]),
                ({"saved": False, "differences": 3},
                 ["differs from the boot configuration (3 differences; see xvsctl diff)"]),
                ({"saved": False, "differences": 1},
                 ["differs from the boot configuration (1 difference; see xvsctl diff)"]),
                ({"saved": False, "error": "a.yaml:1:1: x"},
                 ["can't be compared with the boot configuration: a.yaml:1:1: x"]),
                ({"trial": {"seconds_left": 42}}, ["saved", "pending: reverts in 42 s unless confirmed"])):
            agent = dict(AGENT, configuration=dict(whole, **more))
            lines, _ = self.table({"agent": agent, "switches": []}, "show")
            at = lines.index("  boot           /etc/xvswitch")
            self.assertEqual([line[17:] for line in lines[at + 1:]], want)
            self.assertEqual([line.split()[0] for line in lines[at + 1:]], ["configuration", "try"][:len(want)])

    def test_show_degraded(self):
        said = ["tcx: clsact filters", "backlog: \x1b copies"]
        lines, _ = self.table({"agent": dict(AGENT, degraded=said), "switches": []}, "show")
        at = lines.index("  hook           tcx")
        self.assertEqual(lines[at + 1:at + 3], [
            "  degraded       tcx: clsact filters", "  degraded       backlog: \\x1b copies"])
        lines, _ = self.table({"agent": AGENT, "switches": []}, "show")
        self.assertFalse([line for line in lines if "degraded" in line])

    def test_features(self):
        lines, stderr = self.table(FEATURES, "features")
        self.assertEqual(stderr, "")
        self.assertEqual(lines, [
            "FEATURE  PRESENT  STATE     USE     FOR     INSTEAD  REASON",
            "loop     yes      -         needed  floods  -        -",
            "tcx      yes      degraded  used    hooks   clsact   not used",
            "backlog  no       -         used    floods  losses   -",
            "fq       unknown  -         later   limits  -        Input/output error",
            "",
            "INTERFACE  PORT         DRIVER       SPEED  QUEUES  XDP  RX-VLAN  VFS  DCB",
            "eth1       prod/uplink  igb       1 Gbit/s       4  yes  no         7  no",
            "eth2       -            -       2.5 Gbit/s       -  -    -          -  -",
            "eth3       -            slow    100 Mbit/s       1  no   yes        0  yes"])
        self.assertEqual(self.table(FEATURES, "-br", "features")[0], [
            "loop     yes", "tcx      yes", "backlog  no", "fq       unknown",
            "eth1  prod/uplink", "eth2  -", "eth3  -"])
        self.assertEqual(json.loads(self.table(FEATURES, "-j", "features")[0][0]), FEATURES)
        self.assertIn("\033[33mdegraded", "".join(self.table(FEATURES, "-c", "features")[0]))
        self.assertEqual(self.table(dict(FEATURES, more=3), "features")[1], "3 more NICs were not looked at\n")

    def test_features_in_pages(self):
        lines, _ = self.table(FEATURES, "-d", "features")
        at = lines.index("feature tcx")
        self.assertEqual(lines[at + 1:at + 8], [
            "  present     yes", "  reason      not used", "  state       degraded", "  use         used",
            "  for         hooks", "  without-it  clsact", ""])
        at = lines.index("nic eth3")
        self.assertEqual(lines[at + 1:], [
            "  driver             slow", "  speed              100 Mbit/s", "  queues             1",
            "  xdp                no", "  rx-vlan-offload    yes", "  virtual-functions  0",
            "  dcb                yes", "  instead            native-xdp: TC", "  instead            other"])

    def test_features_in_parts(self):
        first = dict(FEATURES, nics=FEATURES["nics"][:1])
        code, stdout, _, call = self.ask(
            [message(parameters=first, continues=True), message(parameters={"nics": FEATURES["nics"][1:]})],
            "-j", "features")
        self.assertEqual((code, json.loads(stdout), call["more"]), (0, FEATURES, True))

    def test_empty(self):
        self.assertEqual(self.table({"ports": []}, "port"), ([], "no ports\n"))
        self.assertEqual(self.table({"entries": []}, "fdb"), ([], "no entries\n"))
        self.assertEqual(self.table({"entries": []}, "-j", "fdb"), (['{"entries":[]}'], ""))
        self.assertEqual(self.table({}, "-j", "fdb", "del", "m", "switch", "s"), (["{}"], ""))
        self.assertEqual(self.table({}, "fdb", "del", "m", "switch", "s"), ([], ""))

    def test_nonsense(self):
        for value in (None, 1, "x", [], {}, [None], [1], [{}], [[]], {"a": {}}):
            for key, word in (("ports", "port"), ("switches", "switch"), ("entries", "fdb"), ("steps", "show"),
                              ("features", "features"), ("nics", "features"), ("acls", "acl"),
                              ("rules", "acl show")):
                for option in ("-d", "-s", "-br", "-j"):
                    self.table({key: value, "agent": value}, option, *word.split())

    def test_acls(self):
        acls = {"acls": [{"name": "web", "rules": 12, "ports": 3},
                         {"name": "database", "rules": 2, "ports": 0}]}
        self.assertEqual(self.table(acls, "acl")[0], [
            "NAME      RULES  PORTS", "web          12      3", "database      2      0"])
        self.assertEqual(self.table(acls, "-br", "acl")[0], ["web", "database"])
        self.assertEqual(self.table({"acls": []}, "acl"), ([], "no lists\n"))

    def test_rules(self):
        self.assertEqual(self.table({"rules": RULES}, "acl", "show")[0], [
            "DIRECTION  WEIGHT  ACTION  LIST      NAME   MATCH                             EXTRAS",
            "in             20  allow   web       https  protocol tcp local-port 443       stateful 600s log",
            "out             1  deny    port vm2  -      protocol icmp icmp-type 9 vlan 0  -"])
        self.assertEqual(self.table({"rules": PORT_RULES}, "port-acl", "show")[0], [
            "DIRECTION  ACTION  LIST  NAME  MATCH",
            "both       meter   m     -     remote 10.0.0.0/8",
            "in         deny    m     x     any"])
        counted = [dict(rule, packets=7, bytes=8000) for rule in RULES]
        self.assertIn("      7   8000  web", self.table({"rules": counted}, "acl", "show")[0][1])
        self.assertEqual(self.table({"rules": []}, "acl", "show"), ([], "no rules\n"))

    def test_rules_in_parts(self):
        stream = [message(parameters={"rules": [rule]}, continues=rule is not RULES[-1])
                  for rule in RULES]
        code, stdout, _, call = self.ask(stream, "-j", "acl", "show")
        self.assertEqual((code, json.loads(stdout), call["more"]), (0, {"rules": RULES}, True))
        self.assertEqual(len(self.ask(stream, "acl", "show")[1].splitlines()), 3)

    def test_acls_of_a_port(self):
        port = dict(PORT, acl={"name": "web", "rules": 3}, port_acl={"name": None, "rules": 1})
        page = "\n".join(self.table({"ports": [port]}, "port", "show", "vm1")[0])
        self.assertIn("acl           web (3 rules)\n", page)
        self.assertIn("port-acl      its own (1 rule)\n", page)
        page = "\n".join(self.table({"ports": [PORT]}, "port", "show", "vm1")[0])
        self.assertNotIn("acl", page)

    def test_flows(self):
        lines = self.table({"flows": FLOWS}, "flow")[0]
        self.assertEqual([line.split() for line in lines], [
            "PROTOCOL BEGAN STATE AGE LEFT IN-PACKETS IN-BYTES OUT-PACKETS OUT-BYTES VLAN PORT LOCAL REMOTE ICMP RULES".split(),
            "tcp in established 2 298 41 3170 38 52114 100 vm1 192.0.2.8:443 198.51.100.1:40112 - in web https".split(),
            "udp out stateful 0 10 1 60 2 70 0 vm1 [2001:db8::1]:7 [2001:db8::2]:53 - out own 3, in m 1".split(),
            "icmp in - 0 60 1 98 0 0 0 - 192.0.2.8 192.0.2.9 echo 7 -".split(),
            "icmp in - 0 60 1 98 0 0 0 vm2 192.0.2.8 192.0.2.9 time-exceeded/0 -".split()])
        self.assertEqual(self.table({"flows": []}, "flow"), ([], "no flows\n"))
        stream = [message(parameters={"flows": [flow]}, continues=flow is not FLOWS[-1]) for flow in FLOWS]
        code, stdout, _, call = self.ask(stream, "-j", "flow")
        self.assertEqual((code, json.loads(stdout), call["more"]), (0, {"flows": FLOWS}, True))

    def test_flows_flush_and_reset(self):
        self.assertEqual(self.table({"flushed": 1}, "flow", "flush")[0], ["1 flow removed"])
        self.assertEqual(self.table({"flushed": 20}, "flow", "flush")[0], ["20 flows removed"])
        self.assertEqual(self.table({"reset": 2}, "acl", "reset")[0], ["counters of 2 rules set to zero"])

    def test_flows_of_a_port(self):
        port = dict(PORT, flows={"limit": 16384, "used": 12, "refused": 3}, acl_strict=True)
        page = "\n".join(self.table({"ports": [port]}, "port", "show", "vm1")[0])
        self.assertIn("flows         12 of 16384, 3 refused\n", page)
        self.assertIn("acl-strict    yes\n", page)
        self.assertNotIn("flows", "\n".join(self.table({"ports": [PORT]}, "port", "show", "vm1")[0]))

    def test_flush(self):
        self.assertEqual(self.table({"flushed": 1}, "fdb", "flush")[0], ["1 learned entry removed"])

    def test_no_escapes_reach_the_terminal(self):
        evil = dict(PORT, name="\x1b[2J\u202eé\n", reason="\x07", drops={"\x9b": {"in": 1, "out": 1}})
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


def steps(*texts, **members):
    return message(parameters={"changes": [], "steps": list(texts), **members})


def setting(key, old, new):
    return {"key": key, "from": old, "to": new}


CHANGES = [
    {"change": "add", "kind": "port", "name": "vm3",
     "settings": [setting("switch", None, "prod"), setting("vlan.access", None, "100")]},
    {"change": "remove", "kind": "port", "name": "vm1", "settings": [setting("switch", "prod", None)]},
    {"change": "change", "kind": "port", "name": "vm2",
     "settings": [setting("vlan.access", "100", "200"), setting("mac", None, "pool"), setting("mtu", "9000", None)]},
    {"change": "change", "kind": "mac-pool", "name": "", "settings": [setting("size", "16", "32")]}]
DIFF = """\
+ port vm3
    switch: prod
    vlan.access: 100
- port vm1
~ port vm2
    vlan.access: 100 -> 200
    + mac: pool
    - mtu: 9000
~ mac-pool
    size: 16 -> 32
"""


class Changes(Case):
    """Apply, Plan, Change, Save and GetConfiguration: calls and what is printed."""

    def done(self, answer, *words, code=0, stderr="", **options):
        got, stdout, said, call = self.ask(answer, *words, **options)
        self.assertEqual((got, said), (code, stderr), words)
        return stdout, call and (call["method"].replace("org.xvswitch.", ""), call["parameters"])

    FILES = [{"name": "<stdin>", "text": "x"}]

    def test_apply(self):
        for options, method, parameters, stdout in (
                ([], "Apply", {}, "add port vm1\n"), (["--save"], "Apply", {"save": True}, "add port vm1\n"),
                (["--dry-run"], "Plan", {}, "would: add port vm1\n"),
                (["--dry-run", "--save"], "Plan", {}, "would: add port vm1\n")):
            with self.subTest(options):
                self.assertEqual(self.done(steps("add port vm1"), "apply", "-f", "-", *options, stdin=b"x"),
                                 (stdout, (method, {"files": self.FILES, **parameters})))

    def test_nothing_to_do(self):
        self.done(steps(), "apply", "-f", "-", "--dry-run", stderr="nothing to do\n")
        self.done(steps(), "port", "del", "x", stderr="nothing to change\n")

    def test_change(self):
        for line, section, name, operation, settings in (
                ("port add vm1", "ports", "vm1", "add", []),
                ("port add vm1 switch prod vlan.access 100 mtu -", "ports", "vm1", "add",
                 [("switch", "prod"), ("vlan.access", "100"), ("mtu", "-")]),
                ("po set vm1 vlan {trunk:[1,2-5]}", "ports", "vm1", "set", [("vlan", "{trunk:[1,2-5]}")]),
                ("port unset vm1 mtu vlan.access", "ports", "vm1", "set", [("mtu", None), ("vlan.access", None)]),
                ("port del switch", "ports", "switch", "del", []),
                ("switch add s type internal", "switches", "s", "add", [("type", "internal")]),
                ("sw del s", "switches", "s", "del", []),
                ("acl add web", "acls", "web", "add", []),
                ("acl set web rules []", "acls", "web", "set", [("rules", "[]")]),
                ("acl del rule", "acls", "rule", "del", []),
                ("acl rule add web action deny weight 7", "acls", "web", "add_rule",
                 [("action", "deny"), ("weight", "7")]),
                ("acl ru s rule name x", "acls", "rule", "set_rule", [("name", "x")]),
                ("acl rule del web weight 7", "acls", "web", "del_rule", [("weight", "7")]),
                ("port-acl rule add m remote any", "port-acls", "m", "add_rule", [("remote", "any")]),
                ("port- d m", "port-acls", "m", "del", []),
                ("mac-pool set first 02:00:00:00:00:00 size 16", "mac-pool", "", "set",
                 [("first", "02:00:00:00:00:00"), ("size", "16")]),
                ("mac-pool del", "mac-pool", "", "del", [])):
            for options, more, lead in (([], {}, ""), (["--save"], {"save": True}, ""),
                                        (["--dry-run"], {"dry_run": True}, "would: ")):
                with self.subTest(line, options=options):
                    stdout, call = self.done(steps("a"), *line.split(), *options)
                    self.assertEqual(stdout, lead + "a\n")
                    self.assertEqual(call, ("Change", {"changes": [{
                        "section": section, "name": name, "operation": operation,
                        "settings": [{"key": key, "value": value} for key, value in settings]}], **more}))

    def test_change_that_is_wrong(self):
        problems = [{"file": "vlan.access", "line": 0, "column": 0, "message": "must be a number"}]
        self.done(error("InvalidConfiguration", problems=problems, more=0), "port", "set", "vm1", "vlan.access", "x",
                  code=1, stderr="vlan.access: error: must be a number\n1 problem; nothing was applied\n")

    def test_not_utf8(self):
        self.assertIn("not UTF-8", self.run_ctl("port", "add", b"\xff")[2])
        self.assertIn("not UTF-8", self.run_ctl("port", "add", "x", "mac", b"\xff")[2])

    def test_diff(self):
        plan = message(parameters={"changes": CHANGES, "steps": ["remove port vm1", "flip"]})
        self.assertEqual(self.done(plan, "diff", code=4), (DIFF, ("Plan", {})))
        self.assertEqual(self.done(plan, "diff", "-f", "-", stdin=b"x", code=4), (DIFF, ("Plan", {"files": self.FILES})))
        self.assertEqual(self.done(plan, "-d", "diff", code=4)[0], DIFF + "\nwould: remove port vm1\nwould: flip\n")
        self.assertEqual(json.loads(self.done(plan, "-j", "diff", code=4)[0])["changes"], CHANGES)
        self.assertEqual(self.done(steps(), "diff", stderr="no difference\n")[0], "")
        self.assertEqual(json.loads(self.done(steps(), "-j", "diff")[0]), {"changes": [], "steps": []})

    def test_diff_color(self):
        lines = self.done(message(parameters={"changes": CHANGES}), "-c", "diff", code=4)[0].split("\n")
        for line in ("\033[32m+ port vm3\033[0m", "\033[31m- port vm1\033[0m", "\033[33m~ port vm2\033[0m",
                     "    \033[32m+ mac: pool\033[0m", "    \033[31m- mtu: 9000\033[0m", "    vlan.access: 100 -> 200"):
            self.assertIn(line, lines)

    def test_diff_of_nonsense(self):
        for changes in ([None], [{}], [{"change": 1, "settings": [None, {}]}], [{"change": "\x1b", "kind": "\x1b[2J"}]):
            stdout, _ = self.done(message(parameters={"changes": changes}), "diff", code=4)
            self.assertNotIn("\x1b", stdout)

    def test_save(self):
        for changed, text in ((True, "saved to /etc/x.yaml\n"), (False, "unchanged: /etc/x.yaml\n")):
            answer = message(parameters={"file": "/etc/x.yaml", "changed": changed})
            self.assertEqual(self.done(answer, "save"), (text, ("Save", {})))

    def test_decide(self):
        nothing = message(parameters={})
        self.assertEqual(self.done(nothing, "confirm"), ("", ("Confirm", {})))
        self.assertEqual(self.done(nothing, "confirm", "--save"), ("", ("Confirm", {"save": True})))
        self.assertEqual(self.done(nothing, "cancel"), ("", ("Cancel", {})))

    def test_yaml(self):
        text = "version: 1\n# \u00e9\n"
        self.assertEqual(self.done(message(parameters={"text": text}), "show", "--yaml"), (text, ("GetConfiguration", {})))
        self.assertEqual(json.loads(self.done(message(parameters={"text": text}), "-j", "show", "--yaml")[0]),
                         {"text": text})


def progress(done, total, step):
    return message(parameters={"progress": {"done": done, "total": total, "step": step}}, continues=True)


class Terminal:
    """xvsctl with a terminal of its own for stdin and stderr; stdout is a pipe."""

    def __init__(self, case, *words, **environment):
        self.master, slave = pty.openpty()
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 60, 0, 0))
        self.text = ""
        self.process = subprocess.Popen(
            [XVSCTL, *words], stdin=slave, stderr=slave, stdout=subprocess.PIPE, env=case.environment(**environment),
            start_new_session=True, preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
        os.close(slave)
        case.addCleanup(self.close)

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()
        os.close(self.master)

    def read(self, timeout):
        """Reads what there is; False at the end."""
        if not select.select([self.master], [], [], timeout)[0]:
            return True
        try:
            got = os.read(self.master, 4096)
        except OSError:  # nobody has the other side any more
            return False
        self.text += got.decode()
        return bool(got)

    def wait_for(self, text):
        end = time.monotonic() + 20
        while text not in self.text and time.monotonic() < end and self.read(0.2):
            pass
        assert text in self.text, self.text

    def type(self, text):
        os.write(self.master, text.encode())

    def end(self):
        """The exit code, and what was printed."""
        end = time.monotonic() + 20
        while time.monotonic() < end and self.read(0.2):
            pass
        return self.process.wait(20), self.process.stdout.read().decode()

    def screen(self):
        """The lines as they stand at the end, blanks cut off."""
        lines = []
        for raw in self.text.replace("\r\n", "\n").split("\n"):
            line = ""
            for part in raw.split("\r"):
                line = part + line[len(part):]
            lines.append(line.rstrip())
        return lines


class Progress(Case):
    def test_terminal(self):
        gate = threading.Event()

        def answer(call, client):
            yield progress(312, 4096, "attach port vm311 to tap311")
            gate.wait(20)
            for done in range(1000):
                yield progress(done, 4096, "soon \x1b[2J")
            time.sleep(0.15)
            yield progress(4000, 4096, "x" * 100)
            yield steps("a", "b")
        daemon = Daemon(self.socket, answer)
        terminal = Terminal(self, "apply", "-f", "/dev/null")
        terminal.wait_for("[ 312/4096] attach port vm311 to tap311")
        gate.set()
        self.assertEqual(terminal.end(), (0, "a\nb\n"))
        self.assertIs(daemon.calls[0]["more"], True)
        self.assertEqual(terminal.screen(), [""])
        self.assertNotIn("\x1b", terminal.text)
        self.assertLess(terminal.text.count("soon"), 20)  # each is written twice, where a longer one stood
        self.assertIn("[4000/4096] " + "x" * 47, terminal.text)
        self.assertNotIn("x" * 48, terminal.text)

    def test_error_after_progress(self):
        Daemon(self.socket, [progress(1, 2, "attach tap0"), error("Refused", step="attach tap0", reason="no")])
        terminal = Terminal(self, "apply", "-f", "/dev/null")
        self.assertEqual(terminal.end(), (2, ""))
        self.assertEqual(terminal.screen()[0], "xvsctl: refused: attach tap0: no")

    def test_no_terminal(self):
        for option in ([], ["-j"]):
            code, stdout, stderr, _ = self.ask([progress(1, 2, "a"), progress(2, 2, "b"), steps("a", "b")],
                                               "apply", "-f", "-", *option)
            self.assertEqual((code, stderr), (0, ""))
            self.assertIn(stdout, ("a\nb\n", '{"changes":[],"steps":["a","b"]}\n'))

    def test_silence(self):
        def answer(call, client):
            yield progress(1, 9, "a")
            client.recv(1)  # nothing until it goes
        begin = time.monotonic()
        code, _, stderr, _ = self.ask(answer, "apply", "-f", "-", XVS_TIMEOUT="1s")
        self.assertEqual(code, 3)
        self.assertIn("nothing more from the daemon on %s within 1 s" % self.socket, stderr)
        self.assertTrue(0.9 < time.monotonic() - begin < 10)

    def test_progress_is_life(self):
        def answer(call, client):
            for done in range(5):
                time.sleep(0.5)
                yield progress(done, 5, "a")
            for byte in steps("a")[:5]:
                time.sleep(0.5)
                yield bytes([byte])
            yield steps("a")[5:]
        self.assertEqual(self.ask(answer, "apply", "-f", "-", XVS_TIMEOUT="1s")[:3], (0, "a\n", ""))

    def test_wrong_timeout(self):
        code, _, stderr = self.run_ctl("show", XVS_TIMEOUT="120")
        self.assertEqual(code, 1)
        self.assertIn("XVS_TIMEOUT '120': the unit is missing: 120s", stderr)


class TryDaemon:
    """Holds one trial as the real one does; without an end of its own unless `expires` says so."""

    def __init__(self, case, seconds=60, expires=None, decision=None):
        self.outcome, self.changed, self.expires = None, threading.Event(), expires
        self.seconds, self.decision = seconds, decision
        self.daemon = Daemon(case.socket, self.answer)

    def answer(self, call, client):
        method = call["method"].replace("org.xvswitch.", "")
        if method != "Try":
            yield self.decision or message(parameters={})
            if not self.decision:
                self.decide({"Confirm": "confirmed", "Cancel": "canceled"}[method])
            return
        yield progress(1, 2, "add port vm1")
        yield message(parameters={"changes": [], "steps": ["add port vm1", "flip"], "seconds_left": self.seconds},
                      continues=True)
        while not self.changed.wait(self.expires or 0.02):
            if self.expires:
                self.decide("expired")
            elif select.select([client], [], [], 0)[0]:
                return self.decide("gone")
        yield message(parameters={"outcome": self.outcome})

    def decide(self, outcome):
        self.outcome = outcome
        self.changed.set()

    def methods(self):
        return [call["method"].replace("org.xvswitch.", "") for call in self.daemon.calls]


class Try(Case):
    QUESTION = "keep this? press ENTER within 60 s, or say: xvsctl confirm"
    STEPS = "add port vm1\nflip\n"
    SHOWN = QUESTION[:40]

    def begin(self, *words, **options):
        daemon = TryDaemon(self, **options)
        terminal = Terminal(self, "try", "-f", "/dev/null", *words)
        terminal.wait_for(self.SHOWN)
        return daemon, terminal

    def test_enter(self):
        daemon, terminal = self.begin("--timeout", "1m")
        terminal.type("\n")
        self.assertEqual(terminal.end(), (0, self.STEPS))
        self.assertEqual(daemon.methods(), ["Try", "Confirm"])
        self.assertEqual(daemon.daemon.calls[0]["parameters"],
                         {"files": [{"name": "/dev/null", "text": ""}], "timeout": 60})
        self.assertIs(daemon.daemon.calls[0]["more"], True)
        self.assertEqual(terminal.screen()[-2:], ["confirmed", ""])

    def test_countdown(self):
        _, terminal = self.begin()
        terminal.wait_for(self.QUESTION.replace("60 s", "59 s"))

    def test_take_back(self):
        for typed in ("q\n", "\x03", "\x04"):
            with self.subTest(typed):
                if os.path.exists(self.socket):
                    os.unlink(self.socket)
                daemon, terminal = self.begin()
                terminal.type(typed)
                self.assertEqual(terminal.end(), (2, self.STEPS))
                self.assertEqual(daemon.methods(), ["Try", "Cancel"])
                self.assertIn("xvsctl: reverted: canceled", terminal.screen())

    def test_other_words(self):
        daemon, terminal = self.begin()
        terminal.type("yes\n")
        terminal.wait_for("ENTER alone keeps it")
        self.assertEqual(daemon.methods(), ["Try"])
        terminal.type("\n")
        self.assertEqual(terminal.end()[0], 0)

    def test_typed_too_early(self):
        gate = threading.Event()
        daemon = TryDaemon(self)
        late = daemon.answer
        daemon.daemon.answer = lambda call, client: (piece for piece in late(call, client) if gate.wait(20))
        terminal = Terminal(self, "try", "-f", "/dev/null")
        terminal.type("\n")
        time.sleep(0.3)
        gate.set()
        terminal.wait_for(self.SHOWN)
        terminal.type("q\n")
        self.assertEqual(terminal.end()[0], 2)
        self.assertEqual(daemon.methods(), ["Try", "Cancel"])

    def test_confirmed_elsewhere(self):
        daemon, terminal = self.begin()
        daemon.decide("confirmed")
        self.assertEqual(terminal.end(), (0, self.STEPS))
        self.assertEqual(daemon.methods(), ["Try"])

    def test_confirm_that_fails(self):
        daemon, terminal = self.begin(decision=error("TooManyClients", limit=16))
        terminal.type("\n")
        terminal.wait_for("16 clients already")
        daemon.decide("expired")
        self.assertEqual(terminal.end()[0], 2)

    def test_cancel_that_fails(self):
        _, terminal = self.begin(decision=error("TooManyClients", limit=16))
        terminal.type("q\n")
        self.assertEqual(terminal.end()[0], 3)
        self.assertIn("  the former configuration comes back by itself", terminal.screen())

    def test_connection_breaks(self):
        def answer(call, client):
            yield message(parameters={"steps": ["a"], "seconds_left": 60}, continues=True)
        code, stdout, stderr, _ = self.ask(answer, "try", "-f", "-")
        self.assertEqual((code, stdout), (3, "a\n"))
        self.assertIn("the former configuration comes back by itself", stderr)

    def test_signals_end_it(self):
        for number in (signal.SIGHUP, signal.SIGTERM):
            if os.path.exists(self.socket):
                os.unlink(self.socket)
            daemon, terminal = self.begin()
            terminal.process.send_signal(number)
            self.assertEqual(terminal.end()[0], -number)
            self.assertTrue(daemon.changed.wait(10))
            self.assertEqual((daemon.outcome, daemon.methods()), ("gone", ["Try"]))

    def start(self, *words, **options):
        """Without a terminal; a line of stdin is there that must not be read."""
        daemon = TryDaemon(self, **options)
        process = subprocess.Popen([XVSCTL, "try", "-f", "/dev/null", *words], env=self.environment(),
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        process.stdin.write("\n")
        process.stdin.flush()
        self.kill_late(process)
        return daemon, process

    def test_no_terminal(self):
        daemon, process = self.start()
        self.assertEqual(process.stderr.readline(), "reverts in 60 s, unless you say: xvsctl confirm\n")
        self.assertFalse(daemon.changed.wait(0.5))
        daemon.decide("confirmed")
        self.assertEqual(process.communicate(), (self.STEPS, "confirmed\n"))
        self.assertEqual((process.returncode, daemon.methods()), (0, ["Try"]))

    def test_interrupt_without_terminal(self):
        daemon, process = self.start()
        process.stderr.readline()
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.communicate(), (self.STEPS, "xvsctl: reverted: canceled\n"))
        self.assertEqual((process.returncode, daemon.methods()), (2, ["Try", "Cancel"]))

    def test_expires(self):
        _, process = self.start("-j", seconds=1, expires=1.2)
        stdout, stderr = process.communicate()
        self.assertEqual([json.loads(line) for line in stdout.splitlines()], [
            {"changes": [], "steps": ["add port vm1", "flip"], "seconds_left": 1}, {"outcome": "expired"}])
        self.assertEqual((process.returncode, stderr.splitlines()[1]), (
            2, "xvsctl: reverted: nobody confirmed it within 1 s"))

    def test_daemon_forgets(self):
        def answer(call, client):
            yield message(parameters={"steps": [], "seconds_left": 1}, continues=True)
            client.recv(1)
        code, _, stderr, _ = self.ask(answer, "try", "-f", "-", XVS_TIMEOUT="1s")
        self.assertEqual(code, 3)
        self.assertIn("nothing more", stderr)

    def test_refused(self):
        code, stdout, stderr, _ = self.ask(error("Refused", step="attach tap0", reason="no"), "try", "-f", "-")
        self.assertEqual((code, stdout), (2, ""))
        self.assertIn("attach tap0: no", stderr)

    def test_no_wait(self):
        code, stdout, stderr, call = self.ask(steps("a", seconds_left=3600),
                                              "try", "-f", "-", "--timeout", "1h", "--no-wait")
        self.assertEqual((code, stdout, stderr), (0, "a\n", "reverts in 3600 s, unless you say: xvsctl confirm\n"))
        self.assertEqual({**call["parameters"], "files": 0}, {"files": 0, "timeout": 3600, "wait": False})


def event(name, **members):
    return message(parameters={"event": name, "time": 1700000000123456, **members}, continues=True)


def logged(**members):
    return event("logged", **{"port": "vm1", "switch": "prod", "direction": "in", "action": "deny",
                              "reason": "acl-extended", "kind": "acl", "list": "web", "rule": None, "number": 2,
                              "weight": 0, "protocol": "tcp", "local": "192.0.2.8", "local_port": None,
                              "remote": "198.51.100.1", "remote_port": None, "icmp_type": None, "vlan": 0, "missed": 0,
                              **members})


def dropped(**members):
    return event("dropped", **{"port": "vm1", "switch": "prod", "direction": "out", "reason": None, "kind": None,
                               "list": None, "rule": None, "number": 0, "weight": 0, "protocol": None,
                               "local": "192.0.2.8", "local_port": None, "remote": "198.51.100.1",
                               "remote_port": None, "icmp_type": None, "vlan": 0, "missed": 0, **members})


class Monitor(Case):
    EVENTS = (
        (event("link", port="vm1", interface="tap0", up=True), "port vm1: link of tap0 is up"),
        (event("link", port="vm1", interface="tap0", up=False), "port vm1: link of tap0 is down"),
        (event("attached", port="vm1", interface="tap0"), "port vm1: attached to tap0"),
        (event("detached", port="vm1", interface="tap0"), "port vm1: detached from tap0"),
        (event("mac_moved", switch="prod", mac="02:00:00:00:00:01", vlan=5, **{"from": "vm1", "to": "vm2"}),
         "switch prod: 02:00:00:00:00:01 vlan 5 moved from vm1 to vm2"),
        (event("imported", port="vm1", switch="prod", entries=12, left_out=0),
         "port vm1: state of extensions imported, 12 entries, 0 left out"),
        (logged(rule="rest", weight=1, local_port=22, remote_port=40114),
         "port vm1: in denied by web rest (acl-extended): tcp local 192.0.2.8:22 remote 198.51.100.1:40114"),
        (logged(action="allow", reason=None, weight=7, list=None, protocol="icmp", icmp_type="echo-request", missed=12),
         "port vm1: in allowed by own weight 7: icmp echo-request local 192.0.2.8 remote 198.51.100.1, 12 more not told"),
        (logged(kind="port_acl", weight=0, number=3, reason="acl-mac", protocol=None, local="02:00:00:00:00:01",
                remote="02:00:00:00:00:02"),
         "port vm1: in denied by web 3 (acl-mac): local 02:00:00:00:00:01 remote 02:00:00:00:00:02"),
        (logged(kind=None, list=None), "port vm1: in denied by a rule that is gone (acl-extended): tcp local "
         "192.0.2.8 remote 198.51.100.1"),
        (dropped(reason="dhcp-server", protocol="udp", local_port=67, remote_port=68, missed=3),
         "port vm1: out dropped, dhcp-server: udp local 192.0.2.8:67 remote 198.51.100.1:68, 3 more not told"),
        (dropped(reason="acl-extended", kind="acl", list="web", rule="rest", weight=1, protocol="tcp", local_port=22),
         "port vm1: out dropped, acl-extended by web rest: tcp local 192.0.2.8:22 remote 198.51.100.1"),
        (dropped(reason="mac-spoofed", local="02:00:00:00:00:01", remote="02:00:00:00:00:02"),
         "port vm1: out dropped, mac-spoofed: local 02:00:00:00:00:01 remote 02:00:00:00:00:02"),
        (event("step", number=3, total=10, step="attach tap0", result="undone"), "step 3 of 10 undone: attach tap0"),
        (event("trial", state="begun", seconds_left=60), "try begun: reverts in 60 s unless confirmed"),
        (event("trial", state="confirmed"), "try confirmed"),
        (event("trial", state="canceled"), "try canceled: reverted"),
        (event("trial", state="expired"), "try expired: reverted"),
        (event("configuration", changes=3), "configuration in force, changes: 3"),
        (event("lost", count=7), "events lost since this command was too slow: 7"),
        (event("trial", state="new\x1b"), "trial state=new\\x1b"),
        (event("brand-new", a=1, b=None, c={"d": [True]}), 'brand-new a=1 b=null c={"d":[true]}'),
        (event("link"), "link"))

    def start(self, *words):
        process = subprocess.Popen([XVSCTL, "monitor", *words], env=self.environment(TZ="UTC-1", XVS_TIMEOUT="1s"),
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.kill_late(process)
        return process

    def serve(self):
        def answer(call, client):
            time.sleep(1.5)  # longer than XVS_TIMEOUT: no event is no fault
            for piece, _ in self.EVENTS:
                yield piece
            client.recv(1)
        return Daemon(self.socket, answer)

    def test_text(self):
        daemon = self.serve()
        process = self.start()
        for _, text in self.EVENTS:  # comes while the stream goes on
            self.assertEqual(process.stdout.readline(), "23:13:20.123  " + text + "\n")
        process.send_signal(signal.SIGINT)
        self.assertEqual((process.communicate(), process.returncode), (("", ""), 0))
        self.assertEqual(daemon.calls, [{"method": "org.xvswitch.Monitor", "parameters": {}, "more": True}])

    def test_filter(self):
        daemon = self.serve()
        process = self.start("dropped", "port", "vm1")
        process.stdout.readline()
        process.send_signal(signal.SIGINT)
        process.communicate()
        self.assertEqual(daemon.calls, [{"method": "org.xvswitch.Monitor",
                                         "parameters": {"event": "dropped", "port": "vm1"}, "more": True}])

    def test_json(self):
        self.serve()
        process = self.start("-j")
        for piece, _ in self.EVENTS:
            self.assertEqual(json.loads(process.stdout.readline()), json.loads(piece[:-1])["parameters"])
        process.send_signal(signal.SIGINT)
        process.communicate()
        self.assertEqual(process.returncode, 0)

    def test_daemon_ends(self):
        code, stdout, stderr, _ = self.ask([event("trial", state="confirmed")], "monitor")
        self.assertEqual((code, stdout[14:]), (3, "try confirmed\n"))
        self.assertIn("closed the connection", stderr)

    def test_nonsense(self):
        for parameters in ({}, {"event": 1, "time": "x"}, {"event": "link", "time": -1, "up": []},
                           {"time": 9223372036854775807}):
            code, stdout, _, _ = self.ask([message(parameters=parameters, continues=True)], "monitor")
            self.assertEqual((code, stdout.count("\n")), (3, 1), parameters)


COMPLETION = os.path.join(os.path.dirname(__file__), "../../scripts/completion")


class Completion(Case):
    """The words that a shell offers; the names are asked from the fake daemon."""

    CASES = (
        ("xvsctl ", {"apply", "diff", "try", "confirm", "cancel", "save", "show", "features",
                     "switch", "port", "acl", "port-acl", "mac-pool", "fdb", "network", "record",
                     "route", "flow",
                     "extension", "monitor", "help"}),
        ("xvsctl c", {"confirm", "cancel"}),
        ("xvsctl port ", {"list", "show", "add", "set", "unset", "del", "forget-addresses",
                          "help"}),
        ("xvsctl monitor d", {"detached", "dropped"}),
        ("xvsctl monitor po", {"port"}),
        ("xvsctl monitor dropped ", {"port"}),
        ("xvsctl monitor port ", {"vm1", "vm20"}),
        ("xvsctl monitor dropped port ", {"vm1", "vm20"}),
        ("xvsctl mac-pool ", {"set", "del", "help"}),
        ("xvsctl fdb f", {"flush"}),
        ("xvsctl acl ", {"list", "show", "add", "set", "del", "rule", "reset", "help"}),
        ("xvsctl acl show ", {"web", "wide", "port"}),
        ("xvsctl acl show port ", {"vm1", "vm20"}),
        ("xvsctl port-acl list ", {"metered"}),
        ("xvsctl port-acl del ", {"metered"}),
        ("xvsctl acl add ", set()),
        ("xvsctl acl set web ", {"rules"}),
        ("xvsctl acl rule ", {"add", "set", "del", "help"}),
        ("xvsctl acl rule add w", {"web", "wide"}),
        ("xvsctl acl rule del web ", {"name", "weight", "direction"}),
        ("xvsctl acl rule add web direction ", {"in", "out"}),
        ("xvsctl acl rule add web direction in lo", {"local", "local-port", "log"}),
        ("xvsctl port-acl rule set metered action ", {"allow", "deny", "meter"}),
        ("xvsctl port-acl rule del metered name x ", {"name", "direction", "local", "remote"}),
        ("xvsctl acl rule add web --dr", {"--dry-run"}),
        ("xvsctl flow ", {"list", "show", "flush", "help"}),
        ("xvsctl flow flush ", {"port", "switch"}),
        ("xvsctl flow list port ", {"vm1", "vm20"}),
        ("xvsctl port show ", {"vm1", "vm20", "switch"}),
        ("xvsctl -s port show vm2", {"vm20"}),
        ("xvsctl port set ", {"vm1", "vm20"}),
        ("xvsctl port del ", {"vm1", "vm20"}),
        ("xvsctl port unset ", {"vm1", "vm20"}),
        ("xvsctl port forget-addresses ", {"vm1", "vm20"}),
        ("xvsctl switch ", {"list", "show", "add", "set", "unset", "del", "help"}),
        ("xvsctl port add ", set()),
        ("xvsctl port add vm3 switch ", {"prod"}),
        ("xvsctl switch set ", {"prod"}),
        ("xvsctl fdb list switch ", {"prod"}),
        ("xvsctl fdb add 02:00:00:00:00:01 port ", {"vm1", "vm20", "uplink", "host"}),
        ("xvsctl extension ", {"list", "show", "install", "remove", "enable", "disable", "move",
                               "set", "verify", "export", "import", "help"}),
        ("xvsctl extension export ", {"port"}),
        ("xvsctl extension import port ", {"vm1", "vm20"}),
        ("xvsctl extension export port vm1 ", set()),
        ("xvsctl extension export -o x.json port vm1 --ou", {"--output"}),
        ("xvsctl extension import port vm1 --str", {"--strict"}),
        ("xvsctl extension export --str", set()),
        ("xvsctl extension list ", {"switch"}),
        ("xvsctl extension list switch ", {"prod"}),
        ("xvsctl extension show ", {"syn-limit", "log"}),
        ("xvsctl extension remove log ", {"switch"}),
        ("xvsctl extension install a.o ", {"name", "switch"}),
        ("xvsctl extension install a.o name x ", {"switch"}),
        ("xvsctl extension install a.o switch ", {"prod"}),
        ("xvsctl extension enable log ", {"switch", "port"}),
        ("xvsctl extension disable log port ", {"vm1", "vm20"}),
        ("xvsctl extension move log switch prod ", {"before", "after"}),
        ("xvsctl extension move log switch prod before ", {"syn-limit", "log"}),
        ("xvsctl extension set log ", {"switch", "port"}),
        ("xvsctl extension set log switch prod ", {"rate", "strict"}),
        ("xvsctl extension set log switch prod rate ", set()),
        ("xvsctl extension set log switch prod rate 5 s", {"strict"}),
        ("xvsctl extension move log --dr", {"--dry-run"}),
        ("xvsctl extension list --dr", set()),
        ("xvsctl extension verify a.o ", set()),
        ("xvsctl extension verify --see", {"--seed"}),
        ("xvsctl show --y", {"--yaml"}),
        ("xvsctl try --t", {"--timeout"}),
        ("xvsctl try --n", {"--no-wait"}),
        ("xvsctl apply --dr", {"--dry-run"}),
        ("xvsctl confirm --sa", {"--save"}),
        ("xvsctl port set vm1 --dr", {"--dry-run"}),
        ("xvsctl show --dr", set()),
        ("xvsctl diff --t", set()))

    def answer(self, call, client):
        self.assertIn(call["method"], ["org.xvswitch." + what for what in (
            "ListPorts", "ListSwitches", "ListAcls", "ListPortAcls", "ListExtensions", "ShowExtension")])
        names = ("metered",) if "PortAcls" in call["method"] else ("web", "wide")
        yield message(parameters={"ports": [PORT, WAITING], "switches": [SWITCH],
                                  "acls": [{"name": name, "rules": 1, "ports": 1} for name in names],
                                  "extensions": [{"name": name} for name in ("syn-limit", "log")],
                                  "settings": [{"name": name} for name in ("rate", "strict")],
                                  "maps": [{"name": "buckets"}]})

    def shell(self, name, *words, stdin=None):
        if not shutil.which(name):
            self.skipTest(name + " is not installed")
        path = os.path.dirname(XVSCTL) + ":" + os.environ["PATH"]
        done = subprocess.run([name, *words], input=stdin, env=self.environment(PATH=path, HOME=self.folder.name),
                              cwd=self.folder.name, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=30)
        self.assertEqual(done.stderr, "")
        return done.stdout

    def bash(self, line):
        return set(self.shell("bash", "--norc", "-c", r"""
            compopt() { :; }
            source "$1"
            COMP_LINE=$2 COMP_POINT=${#2}
            read -ra COMP_WORDS <<< "$2"
            [[ $2 == *" " ]] && COMP_WORDS+=("")
            COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
            _xvsctl xvsctl "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
            [[ ! ${COMPREPLY[*]} ]] || printf "%s\n" "${COMPREPLY[@]}"
            """, "-", COMPLETION + "/xvsctl.bash", line).split())

    def fish(self, line):
        out = self.shell("fish", "--no-config", "-c", "source %s/xvsctl.fish; complete -C %s" % (
            COMPLETION, shlex.quote(line)))
        return {word.split("\t")[0] for word in out.splitlines()}

    def zsh(self, line):
        """In a shell on a terminal of its own: what compadd is given, or else what stands on the line then."""
        out = self.shell("zsh", "-f", "-c", r"""
            zmodload zsh/zpty
            zpty line zsh -f -i
            zpty -w line "PS1= PS2= RPS1=; unsetopt zle_bracketed_paste; stty -echo; fpath=($1 \$fpath)"
            zpty -w line 'autoload -Uz compinit && compinit -u -D; zstyle ":completion:*" menu no'
            zpty -w line 'compadd() { local -a got; builtin compadd -O got "$@"; print -rl -- ${got/#/OFFER=} >> offers; builtin compadd "$@" }'
            zpty -w line 'report() { print -rl -- LINE=$BUFFER END >> offers; zle kill-whole-line }; zle -N report; bindkey "^X^R" report; print READY''_NOW'
            while zpty -r line got && [[ $got != *READY_NOW* ]]; do :; done
            : > offers
            zpty -n -w line "$2"$'\t'
            for i in {0..199}; do
                (( i % 20 )) || zpty -n -w line $'\x18\x12'  # again: it may be lost while a list is drawn
                grep -q END offers && break
                sleep 0.05
                while zpty -r -t line got; do :; done
            done
            zpty -d line
            cat offers
            """, "-", COMPLETION, line)
        self.assertIn("END", out)
        offers = {word[6:] for word in out.split() if word.startswith("OFFER=")}
        whole = out[out.index("LINE=") + 5:].split("\n")[0].strip()
        return offers or ({whole.split()[-1]} if whole != line.strip() else set())

    def offered(self, complete):
        Daemon(self.socket, self.answer)
        for line, want in self.CASES:
            with self.subTest(line):
                self.assertEqual(complete(line), want)

    def test_bash(self):
        self.offered(self.bash)

    def test_fish(self):
        self.offered(self.fish)

    def test_zsh(self):
        self.offered(self.zsh)

    def test_no_daemon(self):
        self.assertEqual(self.bash("xvsctl port del "), set())
        self.assertEqual(self.bash("xvsctl switch show "), set())

    def test_files(self):
        self.write("a.yaml", "")
        self.assertEqual(self.bash("xvsctl diff -f "), {"a.yaml"})

    def test_every_command_is_offered(self):
        """What `xvsctl help` names and what the completion offers are the same."""
        _, out, _ = self.run_ctl("help")
        lines = [line.split() for line in out.splitlines() if line.startswith("  xvsctl")]
        for line in lines:
            self.assertIn(line[1], self.bash("xvsctl "))
            for word in line:
                if word.startswith("[--"):
                    option = word.strip("[]")
                    self.assertIn(option, self.bash("xvsctl %s -" % " ".join(line[1:3] if line[2][0].isalpha() else line[1:2])))


if __name__ == "__main__":
    if len(sys.argv) > 1 and os.path.exists(sys.argv[1]):
        XVSCTL = os.path.abspath(sys.argv.pop(1))
    unittest.main()
