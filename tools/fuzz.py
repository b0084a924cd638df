#!/usr/bin/env python3
"""Runs fuzz targets and tells what they found; adds what a run has found to the kept corpus.

    fuzz.py [TARGET] [SECONDS]      the target, or all of them, for SECONDS each (60); two at a time
    fuzz.py --merge [TARGET]        inputs of build/fuzz/corpus that reach more go to fuzz/corpus

A finding is printed with the command that shows it again; the exit code is then 1.
"""

import argparse
import concurrent.futures
import dataclasses
import pathlib
import re
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).parents[1]
BUILD = ROOT / "build/fuzz"  # --built: another
PARALLEL = 2

INPUT_BYTES_MAX = 4096
ONE_INPUT_SECONDS_MAX = 25
MEMORY_MB_MAX = 1024
ALLOCATION_MB_MAX = 64  # more than any limit lets one input make us take at once


@dataclasses.dataclass
class Run:
    target: str
    executions: int
    edges: int
    findings: list
    output: str

    @property
    def failed(self):
        return bool(self.findings)


def targets_there_are():
    return re.findall(r"^fuzz_target\((\w+)", (ROOT / "fuzz/CMakeLists.txt").read_text(), re.MULTILINE)


def build(targets):
    if not (BUILD / "build.ninja").exists():
        subprocess.run(["cmake", "--preset", "fuzz"], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["cmake", "--build", BUILD, "--", *(f"fuzz_{name}" for name in targets)], check=True)


def program(target):
    return BUILD / "fuzz" / target


def kept_corpus(target):
    return ROOT / "fuzz/corpus" / target


def found_corpus(target):
    folder = BUILD / "corpus" / target
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def crash_folder(target):
    folder = BUILD / "crashes" / target
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def limits(target):
    dictionary = ROOT / f"fuzz/dictionaries/{target}.dict"
    largest = max(file.stat().st_size for file in kept_corpus(target).iterdir())
    return [
        f"-max_len={max(INPUT_BYTES_MAX, largest)}", f"-timeout={ONE_INPUT_SECONDS_MAX}",
        f"-rss_limit_mb={MEMORY_MB_MAX}", f"-malloc_limit_mb={ALLOCATION_MB_MAX}",
        *([f"-dict={dictionary}"] if dictionary.exists() else []),
    ]


def last_number(pattern, output):
    found = re.findall(pattern, output)
    return int(found[-1]) if found else 0


def run(target, seconds, seed):
    crashes = crash_folder(target)
    started = time.time()
    command = [program(target), f"-max_total_time={seconds}", f"-seed={seed}", "-print_final_stats=1",
               f"-artifact_prefix={crashes}/", *limits(target), found_corpus(target), kept_corpus(target)]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    output = done.stdout.decode(errors="replace")
    # An input that is only slow is kept there, too.
    findings = sorted(file for file in crashes.iterdir()
                      if file.stat().st_mtime >= started - 1 and not file.name.startswith("slow-unit-"))
    if done.returncode != 0 and not findings:
        findings = [f"exit code {done.returncode}, no input saved"]
    executions = last_number(r"number_of_executed_units:\s*(\d+)", output) or last_number(r"(?m)^#(\d+)", output)
    return Run(target, executions, last_number(r"cov: (\d+)", output), findings, output)


def show(run):
    print(run.output[-20_000:])
    for finding in run.findings:
        print(f"\n{run.target}: {finding}")
        if isinstance(finding, pathlib.Path):
            print(f"    again: {program(run.target).relative_to(ROOT)} {finding.relative_to(ROOT)}")


def show_table(runs):
    print(f"\n{'target':<22}{'executions':>12}{'edges':>8}  findings")
    for run in runs:
        print(f"{run.target:<22}{run.executions:>12,}{run.edges:>8}  {len(run.findings) or 'none'}")


def merge(targets):
    # -use_counters=0: an input for every edge, not for how often it is passed; the corpus stays small.
    for target in targets:
        before = len(list(kept_corpus(target).iterdir()))
        command = [program(target), "-merge=1", "-use_counters=0", *limits(target), kept_corpus(target),
                   found_corpus(target)]
        subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        files = list(kept_corpus(target).iterdir())
        size = sum(file.stat().st_size for file in files)
        print(f"{target:<22}{before:>6} -> {len(files)} inputs, {size:,} bytes")


def main():
    parser = argparse.ArgumentParser(prog="./dev fuzz", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("target", nargs="?", default="all", help="a target; all: every one")
    parser.add_argument("seconds", nargs="?", type=int, default=60)
    parser.add_argument("--merge", action="store_true")
    parser.add_argument("--seed", type=int, default=0, help="0: another one each time")
    parser.add_argument("--built", type=pathlib.Path, help="a build folder that has them: nothing is built")
    arguments = parser.parse_args()

    known = targets_there_are()
    if arguments.target.isdecimal():
        arguments.target, arguments.seconds = "all", int(arguments.target)
    if arguments.target not in (*known, "all"):
        parser.error(f"there is no target {arguments.target}; there are {', '.join(known)}")
    targets = known if arguments.target == "all" else [arguments.target]
    if arguments.built:
        global BUILD
        BUILD = arguments.built.resolve()
    else:
        build(targets)
    if arguments.merge:
        merge(targets)
        return 0

    with concurrent.futures.ThreadPoolExecutor(PARALLEL) as pool:
        runs = list(pool.map(lambda target: run(target, arguments.seconds, arguments.seed), targets))
    for failed in (each for each in runs if each.failed):
        show(failed)
    show_table(runs)
    return 1 if any(each.failed for each in runs) else 0


if __name__ == "__main__":
    sys.exit(main())
