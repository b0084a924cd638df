"""A network namespace of the benchmark's own, where loopback uses the congestion control `cubic`.

Where the machine's default is BBR, its pacing timers are charged to the servers under test on loopback, several times
what the work costs, and not to all of them alike.
"""

import os
import pathlib
import subprocess
import sys

INSIDE = "OXBOW_BENCH_NETWORK"


def enter():
    """Runs the program again inside the namespace; without root it goes on outside. Returns what it is run under."""
    if os.environ.get(INSIDE):
        return "loopback of an own network namespace, congestion control cubic"
    default = pathlib.Path("/proc/sys/net/ipv4/tcp_congestion_control").read_text().strip()
    if os.geteuid() != 0:
        return f"loopback of the machine, congestion control {default}"
    # The route of 127.0.0.1 itself is nearer than that of the network, so it is the one that counts; both, for the
    # load tools' other addresses.
    route = "ip route replace local {} dev lo table local proto kernel scope host src 127.0.0.1 congctl cubic"
    setup = " && ".join(["ip link set lo up", route.format("127.0.0.0/8"), route.format("127.0.0.1"), 'exec "$@"'])
    sys.stdout.flush()
    done = subprocess.run(["unshare", "--net", "sh", "-c", setup, "sh", sys.executable, *sys.argv],
                          env={**os.environ, INSIDE: "1"})
    sys.exit(done.returncode)
