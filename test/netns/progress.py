# SPDX-License-Identifier: GPL-2.0-only
"""Applies standard input through a raw connection, and tells how often progress came."""

import json
import socket
import sys

client = socket.socket(socket.AF_UNIX)
client.connect(sys.argv[1])
client.sendall(json.dumps({
    "method": "org.xvswitch.Apply", "more": True,
    "parameters": {"files": [{"name": "x", "text": sys.stdin.read()}]}}).encode() + b"\0")
data, before = b"", 0
while True:
    data += client.recv(1 << 20)
    while b"\0" in data:
        reply, data = data.split(b"\0", 1)
        reply = json.loads(reply)
        if "error" in reply:
            sys.exit(f"refused: {reply}")
        if not reply.get("continues"):
            assert reply["parameters"]["steps"], reply
            print(f"progress came {before} times" if before else "none came")
            sys.exit(0)
        word = reply["parameters"]["progress"]
        assert 0 < word["done"] <= word["total"] and word["step"], word
        before += 1
