# SPDX-License-Identifier: GPL-2.0-only
"""check_replies.py SOCKET: are the replies of a running daemon as its own description says?"""

import json
import pathlib
import shutil
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent))
import varlink  # noqa: E402

SERVICE = "org.varlink.service"
SWITCH = "org.xvswitch"

OTHER = [{"name": "f", "text": "version: 1\nswitches: {z: {type: private}}\n"}]
DOCUMENT = json.dumps({"format": 1, "byte_order": sys.byteorder, "extensions": [], "maps": [], "entries": [],
                       "complete": True})
OTHERS = json.dumps({
    "format": 1, "byte_order": sys.byteorder, "complete": False, "entries": [{"map": 0, "key": "", "value": "00"}],
    "extensions": [{"vendor": "", "name": "x", "installed": "x"}],
    "maps": [{"extension": 0, "name": "m", "version": 1, "key_size": 4, "value_size": 1}]})
# Calls and the fewest objects their reply must hold, so that there is something to check.
CALLS = [
    ("Show", {}, "ports", 6),
    ("Show", {}, "switches", 2),
    ("Features", {}, "features", 16),
    ("Features", {}, "nics", 1),
    ("ListSwitches", {}, "switches", 2),
    ("ListSwitches", {"name": "e"}, "switches", 1),
    ("ListPorts", {}, "ports", 6),
    ("ListPorts", {"switch": "e"}, "ports", 4),
    ("ListPorts", {"name": "a"}, "ports", 1),
    ("ListEntries", {}, "entries", 3),
    ("ListEntries", {"switch": "s", "mac": "00:00:00:00:00:01"}, "entries", 0),
    ("ListAcls", {}, "acls", 1),
    ("ListPortAcls", {"name": "m"}, "acls", 1),
    ("ListRules", {}, "rules", 3),
    ("ListRules", {"name": "web"}, "rules", 2),
    ("ListPortRules", {"port": "a"}, "rules", 1),
    ("ListNetworks", {}, "networks", 0),
    ("ListRoutes", {}, "routes", 0),
    ("ListRecords", {}, "records", 0),
    ("ListFlows", {}, "flows", 0),
    ("ListFlows", {"port": "a", "switch": "s"}, "flows", 0),
    ("FlushFlows", {"port": "a"}, None, 0),
    ("ResetRules", {}, None, 0),
    ("ResetPortRules", {}, None, 0),
    ("FlushEntries", {"switch": "s"}, None, 0),
    ("ForgetAddresses", {"port": "a"}, None, 0),
    ("AddEntry", {"switch": "s", "mac": "02:00:00:00:77:01", "port": "a"}, None, 0),
    ("RemoveEntry", {"switch": "s", "mac": "02:00:00:00:77:01"}, None, 0),
    ("GetConfiguration", {}, None, 0),
    ("ListExtensions", {}, "extensions", 1),
    ("ShowExtension", {"name": "budget", "switch": "s"}, "maps", 3),
    ("ExportExtensionState", {"port": "a"}, "entries", 2),
    ("ImportExtensionState", {"port": "a", "strict": True, "files": [{"name": "f", "text": DOCUMENT}]}, None, 0),
    ("ImportExtensionState", {"port": "a", "files": [{"name": "f", "text": OTHERS}]}, "left_out", 2),
    ("Plan", {"files": [{"name": "f", "text": "version: 1\n"}]}, "changes", 1),
    ("Change", {"dry_run": True, "changes": [
        {"section": "ports", "name": "a", "operation": "set",
         "settings": [{"key": "vlan.access", "value": "100"}]}]}, "changes", 1),
    ("Change", {"dry_run": True, "changes": [
        {"section": "acls", "name": "web", "operation": "del_rule",
         "settings": [{"key": "name", "value": "https"}]}]}, "changes", 1),
    ("Try", {"files": OTHER, "timeout": 60, "wait": False}, "changes", 1),
    ("Cancel", {}, None, 0),
    ("Apply", {"files": OTHER}, "steps", 1),
    ("Save", {}, None, 0),
]
ONCE = ("RemoveEntry", "Try", "Cancel", "Apply")  # the second time there is nothing to do
ERRORS = [
    ("Apply", {"files": [{"name": "f", "text": "version: 1\nswitches: {s: {tpe: 1}}\n"}]}),
    ("Apply", {"files": []}),
    ("ListPorts", {"name": "nobody"}),
    ("ListRules", {"name": "wbe"}),
    ("ForgetAddresses", {"port": "nobody"}),
    ("ForgetAddresses", {}),
    ("ExportExtensionState", {"port": "nobody"}),
    ("ExportExtensionState", {}),
    ("ImportExtensionState", {"port": "a", "files": []}),
    ("ImportExtensionState", {"port": "a", "files": [{"name": "f", "text": "{}"}]}),
    ("ImportExtensionState", {"port": "a", "files": [{"name": "f", "text": OTHERS}], "strict": True}),
    ("Confirm", {}),
    ("Cancel", {}),
    ("Monitor", {}),
    ("NoSuchMethod", {}),
]


def fetch(client, interface):
    reply = client.call(SERVICE + ".GetInterfaceDescription", {"interface": interface})
    return varlink.Interface(reply[0]["parameters"]["description"])


def check_reply(client, interface, name, parameters, member, least):
    for more in (False, True):
        taken, given, _ = interface.methods[name]
        yield from interface.check(parameters, taken, f"{name} call")
        replies = client.call(f"{interface.name}.{name}", parameters, more)
        count = 0
        for reply in replies:
            if "error" in reply:
                yield f"{name}: {reply}"
                continue
            yield from interface.check(reply["parameters"], given, name)
            count += len(reply["parameters"].get(member) or ())
        if count < least:
            yield f"{name}: expected {least} {member}, got {count}"
        if name in ONCE:
            return


def check_error(client, interfaces, name, parameters):
    reply = client.call(f"{SWITCH}.{name}", parameters)[0]
    if "error" not in reply:
        yield f"{name} {parameters}: expected an error, got {reply}"
        return
    interface, error = reply["error"].rsplit(".", 1)
    described = interfaces[interface]
    if error not in described.errors:
        yield f"{reply['error']}: not described"
    else:
        yield from described.check(reply["parameters"], described.errors[error], error)


def check_all(path):
    client = varlink.Client(path)
    interfaces = {name: fetch(client, name) for name in (SERVICE, SWITCH)}
    switch = interfaces[SWITCH]
    yield from interfaces[SERVICE].check(
        client.call(SERVICE + ".GetInfo")[0]["parameters"],
        interfaces[SERVICE].methods["GetInfo"][1], "GetInfo")
    for name, parameters in ERRORS:
        yield from check_error(client, interfaces, name, parameters)
    client.send(SWITCH + ".Monitor", more=True)
    worker = varlink.Client(path)
    for call in CALLS:
        yield from check_reply(worker, switch, *call)
    events = set()
    while "detached" not in events:
        event = client.receive()["parameters"]
        events.add(event["event"])
        yield from switch.check(event, switch.methods["Monitor"][1], "Monitor")


def main():
    problems = list(check_all(sys.argv[1]))
    for problem in problems:
        print(problem, file=sys.stderr)
    tool = shutil.which("varlinkctl")
    if tool:
        subprocess.run([tool, "introspect", sys.argv[1], SWITCH], check=True,
                       stdout=subprocess.DEVNULL)
        subprocess.run([tool, "info", sys.argv[1]], check=True, stdout=subprocess.DEVNULL)
    else:
        print("skipped: varlinkctl on the description (it is not installed)")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
