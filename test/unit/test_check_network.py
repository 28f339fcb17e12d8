#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Whose a MAC address may be, as `xvswitchd --check` says it. Argument: the daemon."""
import subprocess
import sys
import tempfile
import unittest

DAEMON = sys.argv.pop(1)
HEAD = """version: 1
switches:
  prod: {type: external, host-port: {addresses: [192.0.2.1/24], provider: on}}
networks:
  red: {switch: prod, subnets: {a: {vsid: 5001, prefixes: [10.0.1.0/24]}}}
  blue: {switch: prod, subnets: {a: {vsid: 5002, prefixes: [10.0.1.0/24]}}}
ports:
"""


def check(*subnets):
    """Ports p0, p1, ... with one address, in these virtual subnets; 0: in none."""
    text = HEAD
    for i, vsid in enumerate(subnets):
        where = f", vsid: {vsid}" if vsid else ""
        text += f"  p{i}: {{switch: prod, interface: i{i}, mac: 52:54:00:00:00:01{where}}}\n"
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
        file.write(text)
        file.flush()
        done = subprocess.run([DAEMON, "--check", file.name], text=True, capture_output=True)
    return done.returncode, done.stdout + done.stderr


class Addresses(unittest.TestCase):
    def test_in_different_subnets(self):
        self.assertEqual(check(5001, 5002)[0], 0)

    def test_twice_in_one_subnet(self):
        code, text = check(5001, 5002, 5001)
        self.assertNotEqual(code, 0)
        self.assertIn("52:54:00:00:00:01 belongs to 'p0' already in switch 'prod'", text)
        self.assertIn(":10:", text)

    def test_in_a_subnet_and_in_none(self):
        for subnets in (0, 5001), (5001, 0):
            code, text = check(*subnets)
            self.assertNotEqual(code, 0)
            self.assertIn("belongs to", text)


unittest.main()
