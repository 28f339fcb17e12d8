# SPDX-License-Identifier: GPL-2.0-only
"""An xvswitchd of the bench's own: its own pins, socket, state; never the host's."""

import json
import os
import pathlib
import shutil
import time

from harness.lab import BenchError, run

BPFFS = pathlib.Path("/sys/fs/bpf")
START_SECONDS = 20
UP_SECONDS = 60
LOG_TAIL = 1500  # characters shown when it fails


def mount_bpffs():
    if not os.path.ismount(BPFFS):
        run("mount", "-t", "bpf", "bpf", BPFFS)


class Daemon:
    def __init__(self, lab, space):
        mount_bpffs()
        self.lab, self.space = lab, space
        self.folder = lab.folder / space.name
        self.pins = BPFFS / space.name
        self.socket = self.folder / "control.sock"
        self.log = self.folder / "log"
        for part in ("boot", "state"):
            (self.folder / part).mkdir(parents=True)
        lab.callback(self.purge)
        with self.log.open("w") as log:
            self.process = lab.start(*self.command(), netns=space.name, stdout=log, stderr=log)
        self.wait_until_it_answers()

    def command(self):
        return (self.lab.build / "bin" / "xvswitchd", "--config", self.folder / "boot",
                "--socket", self.socket, "--pin-dir", self.pins,
                "--state-dir", self.folder / "state")

    def purge(self):
        """Takes the pins away, by force if the daemon's own way fails."""
        try:
            self.space.run(*self.command(), "--purge")
        finally:
            shutil.rmtree(self.pins, ignore_errors=True)

    def wait_until_it_answers(self):
        end = time.monotonic() + START_SECONDS
        while True:
            try:
                return self.control("show")
            except BenchError as error:
                if self.process.poll() is not None or time.monotonic() > end:
                    raise BenchError(f"xvswitchd doesn't start: {error}\n"
                                     f"{self.log.read_text()[-LOG_TAIL:]}") from error
            time.sleep(0.05)

    def control(self, *words, status=0):
        return run(self.lab.build / "bin" / "xvsctl", "--socket", self.socket, *words,
                   status=status)

    def apply(self, config):
        """`config` as in the YAML files. JSON is YAML."""
        path = self.folder / "config.yaml"
        path.write_text(json.dumps(config, indent=1))
        self.control("apply", "-f", path)

    def ports(self):
        return json.loads(self.control("-j", "port", "show"))["ports"]

    def wait_until_up(self, names):
        """Until the ports `names` are up. Returns all ports."""
        end = time.monotonic() + UP_SECONDS
        while True:
            ports = {port["name"]: port for port in self.ports()}
            waiting = [name for name in names if ports.get(name, {}).get("state") != "up"]
            if not waiting:
                return ports
            if time.monotonic() > end:
                raise BenchError(f"{len(waiting)} ports stay down: {ports.get(waiting[0])}")
            time.sleep(0.1)

    def memory(self):
        """VmRSS, VmHWM and RssAnon in bytes."""
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        fields = dict(line.split(":", 1) for line in status.splitlines())
        return {key: int(fields[key].split()[0]) * 1024
                for key in ("VmRSS", "VmHWM", "RssAnon")}
