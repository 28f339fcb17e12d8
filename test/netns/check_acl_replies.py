# SPDX-License-Identifier: GPL-2.0-only
"""check_acl_replies.py SOCKET: what a daemon says of rules, flows and logged packets, while there
are some, is as its description says."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent))
import varlink  # noqa: E402

SWITCH = "org.xvswitch"
LISTS = (("ListRules", "rules"), ("ListPortRules", "rules"), ("ListFlows", "flows"),
         ("ListPorts", "ports"))


def check_list(client, interface, name, member):
    for more in (False, True):
        count = 0
        for reply in client.call(f"{SWITCH}.{name}", {}, more):
            yield from interface.check(reply["parameters"], interface.methods[name][1], name)
            count += len(reply["parameters"][member])
        if not count:
            yield f"{name}: nothing there"


def check_event(path, interface):
    client = varlink.Client(path)
    client.send(SWITCH + ".Monitor", more=True)
    while True:
        event = client.receive()["parameters"]
        yield from interface.check(event, interface.methods["Monitor"][1], "Monitor")
        if event["event"] == "logged":
            return


def main():
    client = varlink.Client(sys.argv[1])
    reply = client.call("org.varlink.service.GetInterfaceDescription", {"interface": SWITCH})
    interface = varlink.Interface(reply[0]["parameters"]["description"])
    problems = list(check_event(sys.argv[1], interface))
    for call in LISTS:
        problems += check_list(client, interface, *call)
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
