#!/usr/bin/env python3
"""One network for all tasks beside a network for each: time, start-up and memory; and what `--tasks` saves.

    benchmarks/one_pass.py JOINT.banyan.safetensors --single PERSON.banyan.safetensors FACE.banyan.safetensors ...

JOINT serves several tasks; each --single network serves one of them. `banyan bench` measures each from picture to boxes, in
turn, --turns times; times are medians over the turns' medians. Printed are the joint pass beside the sum of the single networks,
for each task what is left of the joint network's time with `--tasks`, and of every model how long it takes to be ready and how
much memory the process needs. With --onnxruntime (start this with .deps/bench-venv/bin/python3, which benchmarks/setup_peers.sh
makes) ONNX Runtime loads and runs the same network in a process of its own: the time to make a session and run it once, and by
how much the process grows meanwhile, Python and the library itself left out.
"""

import argparse
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile

from support import ROOT, commit, cpu_name, positive, save

PEER = """
import resource, sys, time
import numpy as np
import onnxruntime
options = onnxruntime.SessionOptions()
options.intra_op_num_threads = int(sys.argv[2])
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
start = time.perf_counter()
session = onnxruntime.InferenceSession(sys.argv[1], options, providers=["CPUExecutionProvider"])
ready = (time.perf_counter() - start) * 1e3
image = session.get_inputs()[0]
for _ in range(10):
    session.run(None, {image.name: np.zeros(image.shape, np.float32)})
print(ready, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024)
"""


def bench(args, model, tasks=""):
    """What one call of `banyan bench` says."""
    words = [args.banyan, "bench", model, "--json", "--rounds", args.rounds, "--threads", args.threads]
    words += ["--tasks", tasks] if tasks else []
    words += ["--fp32"] if args.fp32 else []
    done = subprocess.run([str(word) for word in words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if done.returncode != 0:
        sys.exit(f"one_pass.py: {done.stderr.strip().splitlines()[-1]}")
    return json.loads(done.stdout)


def measure(args):
    """By what was run: its results, one a turn. The joint network with one task is named by the task."""
    tasks = bench(args, args.joint)["tasks"]
    runs = {("joint", ""): (args.joint, "")}
    runs |= {("joint", task): (args.joint, task) for task in tasks}
    runs |= {("single", str(model)): (model, "") for model in args.single}
    results = {key: [] for key in runs}
    for turn in range(args.turns):
        order = list(runs)[turn % len(runs):] + list(runs)[:turn % len(runs)]
        for key in order:
            results[key].append(bench(args, *runs[key]))
        print(f"turn {turn + 1} of {args.turns}", file=sys.stderr)
    return results


def peer_start(args):
    """Milliseconds and bytes of ONNX Runtime with the joint network."""
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "joint.onnx"
        subprocess.run([str(args.banyan), "export", str(args.joint), "--out", str(path)], check=True, stdout=subprocess.DEVNULL)
        answers = []
        for _ in range(args.turns):
            done = subprocess.run([sys.executable, "-c", PEER, str(path), str(args.threads)], check=True,
                                  stdout=subprocess.PIPE, text=True)
            answers.append([float(word) for word in done.stdout.split()])
    return [statistics.median(column) for column in zip(*answers)]


def median(results, *path):
    values = []
    for result in results:
        for key in path:
            result = result[key]
        values.append(result)
    return statistics.median(values)


def parse(words):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("joint", type=pathlib.Path)
    parser.add_argument("--single", type=pathlib.Path, nargs="*", default=[], metavar="MODEL")
    parser.add_argument("--banyan", type=pathlib.Path, default=ROOT / "build/release/bin/banyan", metavar="PROGRAM")
    parser.add_argument("--threads", type=positive, default=1, metavar="N")
    parser.add_argument("--rounds", type=positive, default=100, metavar="N", help="passes a turn (100)")
    parser.add_argument("--turns", type=positive, default=5, metavar="N", help="(5)")
    parser.add_argument("--fp32", action="store_true")
    parser.add_argument("--onnxruntime", action="store_true", help="its start-up and memory, too")
    parser.add_argument("--json", type=pathlib.Path, metavar="FILE")
    return parser.parse_args(words)


def main():
    args = parse(sys.argv[1:])
    results = measure(args)
    whole = median(results["joint", ""], "ms", "total", "median")
    print(f"{cpu_name()}, {args.threads} threads, {results['joint', ''][0]['precision']}, commit {commit()}\n")
    print("| network | ms | of all tasks | ready after ms | peak MB |\n|---|---|---|---|---|")
    rows = []
    for (kind, name), turns in results.items():
        row = {"network": kind, "task": name, "ms": median(turns, "ms", "total", "median"),
               "ready_ms": median(turns, "ready_ms"), "peak_bytes": median(turns, "peak_bytes")}
        rows.append(row)
        print(f"| {kind} {name or 'all tasks'} | {row['ms']:.2f} | {row['ms'] / whole:.2f} | {row['ready_ms']:.0f} | "
              f"{row['peak_bytes'] / 1e6:.0f} |")
    single = sum(row["ms"] for row in rows if row["network"] == "single")
    if single:
        print(f"\nall tasks in one pass: {whole:.2f} ms, {whole / single:.2f} of the {single:.2f} ms of single networks")
    peer = peer_start(args) if args.onnxruntime else None
    if peer:
        print(f"ONNX Runtime: session after {peer[0]:.0f} ms, process larger by {peer[1] / 1e6:.0f} MB")
    if args.json:
        save(args.json, {"rows": rows, "joint_ms": whole, "single_ms": single, "onnxruntime": peer})


if __name__ == "__main__":
    main()
