# SPDX-License-Identifier: GPL-2.0-only
"""check_memory.py SOCKET PID: files that come as memory, and what a client may do wrong with it."""

import fcntl
import json
import os
import pathlib
import socket
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent))
import varlink  # noqa: E402

SEALED = fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE
SWITCH = b"version: 1\nswitches: {s: {type: private}}\n"
PORT = b"version: 1\nports: {p: {switch: s, interface: none}}\n"
LIMIT = 32 << 20
CLOSED_SECONDS = 2


def memory(data, seals=SEALED):
    fd = os.memfd_create("files", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    os.write(fd, data)
    fcntl.fcntl(fd, fcntl.F_ADD_SEALS, seals)
    return fd


def plan(path, files, *descriptors, first=None):
    """The reply to Plan of `files`. None: the daemon has closed the connection."""
    client = varlink.Client(path)
    text = json.dumps({"method": "org.xvswitch.Plan", "parameters": {"files": files}}).encode() + b"\0"
    try:
        if first is not None:
            socket.send_fds(client.socket, [text[:1]], [first])
            text = text[1:]
        socket.send_fds(client.socket, [text], descriptors)
        return client.receive()
    except (EOFError, ConnectionResetError, BrokenPipeError):
        return None


def sized(*sizes):
    return [{"name": f"f{number}", "size": size} for number, size in enumerate(sizes)]


def refused(reply, text):
    assert reply and reply.get("error", "").endswith(".InvalidParameter"), (reply, text)
    assert text in json.dumps(reply["parameters"]), (reply, text)


def main(path, pid):
    whole = len(SWITCH) + len(PORT)
    changes = plan(path, sized(len(SWITCH), len(PORT)), memory(SWITCH + PORT))["parameters"]["changes"]
    assert [change["name"] for change in changes] == ["s", "p"], changes
    mixed = [{"name": "a", "text": PORT.decode()}, {"name": "b", "size": len(SWITCH)}]
    assert len(plan(path, mixed, memory(SWITCH))["parameters"]["changes"]) == 2
    at_bound = plan(path, sized(len(SWITCH)), memory(SWITCH + b"#" * (LIMIT - len(SWITCH))))
    assert len(at_bound["parameters"]["changes"]) == 1

    wrong = plan(path, sized(4, len(SWITCH) - 4), memory(SWITCH))
    assert wrong["error"].endswith(".InvalidConfiguration"), wrong
    refused(plan(path, sized(whole)), "no memory file")
    refused(plan(path, sized(whole + 1), memory(SWITCH + PORT)), "more than the memory file has")
    refused(plan(path, sized(1 << 62, 1 << 62), memory(SWITCH)), "more than the memory file has")
    refused(plan(path, sized(-2), memory(SWITCH)), "{name: string")
    refused(plan(path, [{"name": "a"}], memory(SWITCH)), "{name: string")
    refused(plan(path, [{"name": "a", "text": "", "size": 1}], memory(SWITCH)), "{name: string")
    refused(plan(path, sized(1), memory(SWITCH + b" " * LIMIT)), "larger")
    for seals in (0, SEALED & ~fcntl.F_SEAL_WRITE, SEALED & ~fcntl.F_SEAL_SHRINK):
        refused(plan(path, sized(len(SWITCH)), memory(SWITCH, seals)), "not readable, or not sealed")
    for name in ("/dev/zero", "/proc/self/status", "/"):
        refused(plan(path, sized(1), os.open(name, os.O_RDONLY)), "not sealed")
    refused(plan(path, sized(1), socket.socket(socket.AF_UNIX).fileno()), "not sealed")

    before = len(os.listdir(f"/proc/{pid}/fd"))
    assert plan(path, sized(1), memory(SWITCH), memory(SWITCH)) is None
    assert plan(path, sized(1), *[memory(SWITCH)] * 9) is None
    assert plan(path, sized(1), memory(SWITCH), first=memory(SWITCH)) is None
    assert "parameters" in plan(path, [{"name": "a", "text": SWITCH.decode()}], memory(SWITCH))
    assert varlink.Client(path).call("org.varlink.service.GetInfo")
    end = time.monotonic() + CLOSED_SECONDS
    while (after := len(os.listdir(f"/proc/{pid}/fd"))) > before and time.monotonic() < end:
        time.sleep(0.01)  # the daemon hears of the last connection's end in its own time
    assert after <= before, f"{after} descriptors, {before} before"


main(*sys.argv[1:])
