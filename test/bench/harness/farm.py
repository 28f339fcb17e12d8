# SPDX-License-Identifier: GPL-2.0-only
"""Many taps at once."""

import subprocess

from harness.lab import BenchError


class Farm:
    """The taps, held by a tool that counts what they get."""

    def __init__(self, lab, space, count):
        self.process = lab.start_ready(lab.tool("tap_farm"), "--prefix", "tap", "--taps", count,
                                       netns=space.name, stdin=subprocess.PIPE)

    def answer(self):
        line = self.process.stdout.readline()
        if not line:
            raise BenchError("tap_farm ended")
        return line

    def tell(self, command):
        self.process.stdin.write(f"{command}\n")
        self.process.stdin.flush()

    def send(self):
        self.tell("send")

    def count(self):
        """Taps reached, and frames they got, since the last count."""
        self.tell("count")
        return map(int, self.answer().split())
