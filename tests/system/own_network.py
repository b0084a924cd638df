"""A network of the test's own: the test and its server at one end, an encoder at the other, a router between them that
can swallow packets without a word. Needs root; all of it goes with the process, however that ends."""

import os
import subprocess
import sys

INSIDE = "OXBOW_TEST_NETWORK"


def enter():
    """Runs the program again in namespaces of its own: of the network, and of mounts, which hold the other ends."""
    if os.environ.get(INSIDE):
        return
    setup = ("mkdir -p /run/netns && mount -t tmpfs none /run/netns && ip link set lo up && exec \"$@\"")
    os.execvpe("unshare", ["unshare", "--net", "--mount", "--propagation", "private", "sh", "-c", setup, "sh",
                           sys.executable, *sys.argv], {**os.environ, INSIDE: "1"})


def run(command):
    done = subprocess.run(command.split(), capture_output=True, text=True)
    if done.returncode != 0:
        raise AssertionError(f"{command}: {done.stderr}")


class Network:
    """test 10.213.0.1 -- 10.213.0.254 router 10.213.1.254 -- encoder 10.213.1.1, later .2, .3 ..."""

    SERVER = "10.213.0.1"

    def __init__(self):
        self.host = 1
        for command in (
                "ip netns add router",
                "ip netns add encoder",
                "ip link add near type veth peer name far netns router",
                "ip link add uplink netns encoder type veth peer name downlink netns router",
                f"ip addr add {self.SERVER}/24 dev near",
                "ip link set near up",
                "ip route add 10.213.1.0/24 via 10.213.0.254",
                "ip -n router addr add 10.213.0.254/24 dev far",
                "ip -n router addr add 10.213.1.254/24 dev downlink",
                "ip -n router link set far up",
                "ip -n router link set downlink up",
                "ip netns exec router sysctl -q -w net.ipv4.ip_forward=1",
                "ip -n encoder link set lo up",
                "ip -n encoder link set uplink up"):
            run(command)
        self.address("add")

    def address(self, what):
        run(f"ip -n encoder addr {what} 10.213.1.{self.host}/24 dev uplink")
        if what == "add":
            run("ip -n encoder route replace default via 10.213.1.254")

    @staticmethod
    def at_encoder(*command):
        return ["ip", "netns", "exec", "encoder", *map(str, command)]

    def go_dark(self):
        """From now on the router forwards nothing, and says nothing of it."""
        run("ip -n router route add blackhole 10.213.0.1/32")
        run("ip -n router route add blackhole 10.213.1.0/25")

    def come_back(self):
        """Packets pass again. The encoder has another address by now, as behind a mobile network: of its old
        connection nothing ever comes again, not even its end."""
        self.address("del")
        self.host += 1
        self.address("add")
        run("ip -n router route del blackhole 10.213.0.1/32")
        run("ip -n router route del blackhole 10.213.1.0/25")
