# SPDX-License-Identifier: GPL-2.0-only
"""An Open vSwitch of the bench's own, with its userspace datapath: its own database and sockets."""

import os
import pathlib
import shutil
import time

from harness.lab import BenchError, install, run

PROGRAMS = ("ovsdb-tool", "ovsdb-server", "ovs-vswitchd", "ovs-vsctl")
SCHEMA = pathlib.Path("/usr/share/openvswitch/vswitch.ovsschema")
START_SECONDS = 20
COMMAND_SECONDS = 120
LOG_TAIL = 1500  # characters shown when it fails


def missing():
    """What of it isn't installed."""
    return [*(program for program in PROGRAMS if not shutil.which(program)),
            *([] if SCHEMA.exists() else [str(SCHEMA)])]


def obtain():
    """Installs it where it isn't."""
    install("Open vSwitch", missing)


class OpenVSwitch:
    """
    One bridge, br0, in the namespace `space`. `large`: it takes the large pieces that guests hand
    over; they must send in small ones otherwise, and sum up their checksums.
    """

    def __init__(self, lab, space, large=False):
        self.lab, self.space = lab, space
        self.folder = lab.folder / space.name
        self.folder.mkdir()
        self.log = self.folder / "log"
        self.socket = f"unix:{self.folder}/db.sock"
        self.environment = {**os.environ, **{f"OVS_{part}DIR": str(self.folder)
                                             for part in ("RUN", "LOG", "DB", "SYSCONF")}}
        database = self.folder / "conf.db"
        run("ovsdb-tool", "create", database, SCHEMA)
        self.start("ovsdb-server", database, f"--remote=p{self.socket}")
        self.wait_until_it_answers("--no-wait")
        self.command("--no-wait", "set", "Open_vSwitch", ".",
                     f"other_config:userspace-tso-enable={str(large).lower()}")
        self.start("ovs-vswitchd", self.socket)
        self.wait_until_it_answers()
        self.command("add-br", "br0", "--", "set", "bridge", "br0", "datapath_type=netdev")

    def start(self, program, *words):
        with self.log.open("a") as log:
            return self.lab.start(program, *words, f"--unixctl={self.folder}/{program}.ctl",
                                  netns=self.space.name, env=self.environment,
                                  stdout=log, stderr=log)

    def wait_until_it_answers(self, *how):
        end = time.monotonic() + START_SECONDS
        while True:
            try:
                return self.command(*how, "init")
            except BenchError as error:
                if time.monotonic() > end:
                    raise BenchError(f"Open vSwitch doesn't start: {error}\n"
                                     f"{self.log.read_text()[-LOG_TAIL:]}") from error
            time.sleep(0.05)

    def command(self, *words):
        """Of ovs-vsctl, which waits until what it changed is in force."""
        return run("ovs-vsctl", f"--db={self.socket}", f"--timeout={COMMAND_SECONDS}", *words,
                   env=self.environment)

    def add_flows(self, flows):
        """Lines of ovs-ofctl(8), beside those that are there."""
        run("ovs-ofctl", "--bundle", "add-flows", f"unix:{self.folder}/br0.mgmt", "-",
            stdin="\n".join(flows), env=self.environment)

    def add_ports(self, vlans):
        """In one transaction. `vlans`: interface → VLAN."""
        self.command(*(word for name, vlan in vlans.items()
                       for word in ("--", "add-port", "br0", name, f"tag={vlan}")))

    def remove_ports(self, names):
        self.command(*(word for name in names for word in ("--", "del-port", "br0", name)))

    def working_ports(self):
        """Interfaces that the datapath has taken, br0's own included."""
        numbers = self.command("--bare", "--columns=ofport", "list", "interface").split()
        return sum(int(number) > 0 for number in numbers)
