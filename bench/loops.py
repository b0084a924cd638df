#!/usr/bin/env python3
"""CPU per answer of a server with two loops beside one with one, in the same run, alternating, on the same cores.

usage: loops.py [--rounds 5] [--seconds 3]
"""

import argparse
import os
import statistics

import private_network
from edge import CLIENT_CPU, SERVER_CPU, Oxbow, measure, spread, workloads

BOTH = SERVER_CPU | CLIENT_CPU
# A loop that always has something to do finds several requests at a look, and one that has not, fewer: how busy they are counts.
CONNECTIONS = {"playlist, 2 KB, live": (32, 128, 512), "segment, 1.5 MB, live": (8,)}


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--seconds", type=float, default=3)
    given = options.parse_args()
    network = private_network.enter()
    servers = []
    try:
        for loops in (1, 2):
            servers.append(Oxbow(loops, BOTH))
        print(f"{os.cpu_count()} cores; {network}; {given.rounds} rounds of {given.seconds} s, us of CPU per answer", flush=True)
        for each in zip(*(workloads(server) for server in servers)):
            for connections in CONNECTIONS.get(each[0].name, ()):
                results = [[], []]
                for _ in range(given.rounds):
                    for result, server, workload in zip(results, servers, each):
                        workload.connections = connections
                        result.append(measure(server, workload.path(), workload, given.seconds)["us"])
                ratio = statistics.median(results[1]) / statistics.median(results[0])
                print(f"{each[0].name}, {connections:4} connections: one loop {spread(results[0])}  two loops {spread(results[1])}  "
                      f"x {ratio:.2f}", flush=True)
    finally:
        for server in servers:
            server.close()


if __name__ == "__main__":
    main()
