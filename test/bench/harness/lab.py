# SPDX-License-Identifier: GPL-2.0-only
"""Namespaces, processes and settings of a bench. A lab takes down whatever it has put up."""

import contextlib
import itertools
import os
import pathlib
import signal
import subprocess
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[3]
END_SECONDS = 5  # that a process has to end by itself
RUN_SECONDS = 300  # after which a command hangs
QUIET = ("net.ipv6.conf.all.disable_ipv6=1", "net.ipv6.conf.default.disable_ipv6=1")


class BenchError(Exception):
    """Something could not be measured; the text says why."""


class Missing(BenchError):
    """A peer can't be had on this machine: it is left out, and the result says so."""


def install(name, missing):
    """Installs the bench's packages if `missing` names anything that `name` needs."""
    if not missing():
        return
    done = subprocess.run([ROOT / "scripts" / "install-dependencies", "--bench"], text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    if done.returncode or missing():
        said = done.stdout.strip().splitlines()[-1:] or [", ".join(missing())]
        raise Missing(f"{name} can't be had: {said[0]}")


def command_line(words, netns=None, cpu=None):
    """The words, run in a namespace and on one CPU where given. /sys stays the host's."""
    inside = ["nsenter", f"--net=/run/netns/{netns}"] if netns else []
    pinned = ["taskset", "-c", str(cpu)] if cpu is not None else []
    return [*inside, *pinned, *map(str, words)]


def run(*words, netns=None, cpu=None, stdin=None, env=None, status=0):
    """Runs a command, which has to end with `status`, and returns what it prints."""
    text = " ".join(map(str, words))[:200]
    try:
        done = subprocess.run(command_line(words, netns, cpu), input=stdin, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              env=env, timeout=RUN_SECONDS, check=False)
    except subprocess.TimeoutExpired as late:
        raise BenchError(f"{text}: hangs") from late
    if done.returncode != status:
        said = done.stderr.strip() or done.stdout.strip()
        raise BenchError(f"{text}: {said or done.returncode}")
    return done.stdout


def end(process):
    """Ends a process that start() gave: asked first, killed if it doesn't listen."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


class Namespace:
    """A network namespace, known to ip(8) by name, in which nobody speaks unasked."""

    def __init__(self, name):
        self.name = name

    def make(self):
        run("ip", "netns", "add", self.name)
        self.run("sysctl", "-qw", *QUIET)
        self.ip("link", "set", "lo", "up")

    def remove(self):
        if self.name in os.listdir("/run/netns"):
            run("ip", "netns", "del", self.name)

    def run(self, *words, **options):
        return run(*words, netns=self.name, **options)

    def ip(self, *words, **options):
        return run("ip", "-n", self.name, *words, **options)


class Lab(contextlib.ExitStack):
    """Puts things up; leaving its `with` block takes them down again, last one first."""

    _numbers = itertools.count()

    def __init__(self, build):
        super().__init__()
        self.build = pathlib.Path(build)
        self.name = f"xvsbench{os.getpid()}-{next(self._numbers)}"

    def __enter__(self):
        super().__enter__()
        folder = tempfile.TemporaryDirectory(prefix=f"{self.name}-")
        self.folder = pathlib.Path(self.enter_context(folder))
        return self

    def __exit__(self, *details):
        kept = {number: signal.signal(number, signal.SIG_IGN)
                for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
        try:
            return super().__exit__(*details)
        finally:
            for number, handler in kept.items():
                signal.signal(number, handler)

    def tool(self, name):
        return self.build / "bench" / name

    def namespace(self, name):
        space = Namespace(f"{self.name}-{name}")
        self.callback(space.remove)
        space.make()
        return space

    def start(self, *words, netns=None, cpu=None, **options):
        """A process beside this one, out of reach of the terminal's ctrl-C."""
        process = subprocess.Popen(command_line(words, netns, cpu), text=True,
                                   start_new_session=True, **options)
        self.callback(end, process)
        return process

    def start_ready(self, *words, **options):
        """The same; returns once it has said its first line, that it is ready."""
        process = self.start(*words, stdout=subprocess.PIPE, **options)
        if not process.stdout.readline():
            raise BenchError(f"{words[0]} ended")
        return process

    def set_sysctl(self, key, value):
        """Of the host, for as long as the lab stands."""
        before = run("sysctl", "-n", key).strip()
        self.callback(run, "sysctl", "-qw", f"{key}={before}")
        run("sysctl", "-qw", f"{key}={value}")
