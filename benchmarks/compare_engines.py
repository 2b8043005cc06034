#!/usr/bin/env python3
"""Banyan's engine against ONNX Runtime, OpenVINO and LibTorch: the time of one picture through the same network.

    cmake --preset no-torch && cmake --build --preset no-torch --target engine_worker
    benchmarks/setup_peers.sh
    .deps/bench-venv/bin/python3 benchmarks/compare_engines.py --threads 2

A network is det3 (ResNet-18, FPN, three branches with towers of 3x3 convolutions; 320 x 320), resnet18 or mobilenet_v2 (224 x
224, with classifier), all three with drawn weights, or the path of a model file. For each network and number format the worker
(a program that runs our engine) writes the network as an ONNX file, the peers load it, everybody must give nearly the same
outputs for the same picture, and then come the rounds: in each, every engine has one turn of --passes passes, and the engine
that begins is another each round. Times are medians over all passes of all rounds; a ratio below 1 says that ours is faster.

The figures mean something only where nothing else runs: engines wait for their threads in different ways, and other work
hits some of them many times harder than others.

What makes the comparison fair, and where it is not quite:
  - Weights, picture and number of threads are the same. Batch norms are folded before the file is written. The network
    itself subtracts the mean and divides by the deviation, in the file as in ours.
  - Ours takes uint8 [1, H, W, 3] and converts it within its time. Peers are given float32 [1, 3, H, W] that was made outside
    their time, in memory that is bound once, and outputs are left where they are: in their favour.
  - Ours is timed in its own process; ONNX Runtime and OpenVINO are timed around their call from Python, which costs them some
    microseconds a pass.
  - Idle threads of an engine may spin for a while (those of ONNX Runtime and of OpenMP for many milliseconds) and would slow
    the next. Every engine keeps its usual way of waiting, but nobody begins before all processes have used next to no processor
    time in a few naps of 2 ms on end. So the first pass of each turn wakes sleeping threads, for everybody alike.
  - int8: the worker quantises the network as `banyan quantize` does it, on 16 pictures, and the ONNX file holds what it
    found: QuantizeLinear and DequantizeLinear around values, int8 weights with a scale for each output channel. What is not in
    8 bits is as each engine has it by default: bfloat16 in ours and in OpenVINO where the processor is fast at it, float32 in
    ONNX Runtime. Each peer is tried with that file and with one that ONNX Runtime's quantiser made of the float network
    ("peer_file"), each with float32 [1, 3, H, W] made outside its time and with uint8 [1, H, W, 3] converted within it
    ("peer_input"); the fastest of the four is compared.
  - ONNX Runtime: threads within operators only, operators in sequence, all graph optimisations; fp32 and int8. It has 8-bit
    kernels for convolutions whose results are rounded at once; of our file it computes those before a sum and the last ones in
    float32, while its own quantiser rounds these results, too.
  - OpenVINO: latency hint, one stream; with fp32 and bf16 the number format as its precision hint.
  - LibTorch (--peers libtorch; the worker is of a build with it): operators one by one, channels last, bf16 weights and values
    with bf16; timed in its own process like ours, but given the normalised picture.
"""

import argparse
import os
import pathlib
import statistics
import sys
import tempfile

from support import ROOT, commit, cpu_name, positive, save

try:
    import numpy as np
except ImportError:
    sys.exit("compare_engines.py: no numpy; run benchmarks/setup_peers.sh and start this with .deps/bench-venv/bin/python3")

from peers import PEERS, WARM_UP, Case, Ours, Quiet, make_peer

LIMITS = {"fp32": 1e-3, "bf16": 0.1, "int8": 0.2}  # of the difference of an output, as a share of its largest number
OURS = "banyan"


def take_turns(engines, args):
    """Milliseconds of all passes by engine."""
    names = list(engines)
    times = {name: [] for name in names}
    quiet = Quiet(engines.values())
    for turn in range(args.rounds):
        first = turn % len(names)
        for name in names[first:] + names[:first]:
            quiet.wait()
            times[name] += engines[name].run(args.passes)
    return times


def largest_difference(ours, peer, shapes):
    """Over all outputs: the largest difference as a share of the largest number of that output."""
    largest = 0
    for name, (_, _, height, width) in shapes.items():
        a, b = ours.output(name, height, width), peer.output(name, height, width)
        if not (np.isfinite(a).all() and np.isfinite(b).all()):
            raise RuntimeError(f"{name}: numbers that are not finite")
        largest = max(largest, float(np.abs(a - b).max() / np.abs(b).max()))
    return largest


def output_shapes(path):
    import onnx
    outputs = onnx.load(str(path), load_external_data=False).graph.output
    return {value.name: [extent.dim_value for extent in value.type.tensor_type.shape.dim] for value in outputs}


def differences(engines, case):
    """By peer. @raises RuntimeError outputs that disagree"""
    shapes = output_shapes(case.onnx)
    found = {name: largest_difference(engines[OURS], engine, shapes) for name, engine in engines.items() if name != OURS}
    for name, difference in found.items():
        if difference > LIMITS[case.dtype]:
            raise RuntimeError(f"{case.net}, {case.dtype}: ours and {name} differ by {difference:.2g} of the largest "
                               f"number, at most {LIMITS[case.dtype]}")
    return found


def compare(case, peers, versions):
    """Rows of the result for one network and number format."""
    engines, ways = {}, {}
    try:
        engines[OURS] = Ours(case)
        for name in peers:
            engines[name], ways[name] = make_peer(name, case)
        for name, engine in engines.items():
            engine.run(WARM_UP)
            versions[name] = engine.version
        agreement = differences(engines, case)
        medians = {name: statistics.median(times) for name, times in take_turns(engines, case.args).items()}
    finally:
        for engine in engines.values():
            engine.close()
    return [{"net": case.net, "dtype": case.dtype, "peer": name, "ours_ms": medians[OURS], "peer_ms": medians[name],
             "ratio": medians[OURS] / medians[name], "difference": agreement[name], **ways[name]} for name in peers]


def report(result, args):
    """Markdown on stdout."""
    versions = ", ".join(f"{name} {version}" for name, version in result["versions"].items())
    lines = [f"{result['cpu']}, threads: {args.threads}; {args.rounds} rounds of {args.passes} passes; {versions}", "",
             "| network | format | peer | its file | its input | ours, ms | peer, ms | ours / peer | largest difference |",
             "|---|---|---|---|---|---|---|---|---|"]
    for row in result["ratios"]:
        lines.append(f"| {pathlib.Path(row['net']).name} | {row['dtype']} | {row['peer']} | {row['peer_file']} | "
                     f"{row['peer_input']} | "
                     f"{row['ours_ms']:.2f} | {row['peer_ms']:.2f} | {row['ratio']:.2f} | {row['difference']:.1e} |")
    lines += ["", *(f"{entry['dtype']}, {entry['peer']}: left out: it has no {entry['dtype']} kernels"
                    for entry in result["skipped"])]
    print("\n".join(lines).rstrip())


def choices(known):
    """Type of a list with commas for argparse."""
    def parse(text):
        words = text.split(",")
        for word in words:
            if word not in known:
                raise argparse.ArgumentTypeError(f"\"{word}\" is none of {', '.join(known)}")
        return words
    return parse


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--nets", type=lambda text: text.split(","), default=["det3", "resnet18", "mobilenet_v2"],
                        metavar="NET,…", help="networks and paths of model files (det3,resnet18,mobilenet_v2)")
    parser.add_argument("--dtypes", type=choices(LIMITS), default=list(LIMITS), metavar="DTYPE,…", help="(fp32,bf16,int8)")
    parser.add_argument("--peers", type=choices(PEERS), default=["onnxruntime", "openvino"], metavar="PEER,…",
                        help="of onnxruntime, openvino and libtorch (onnxruntime,openvino)")
    parser.add_argument("--threads", type=positive, default=2, metavar="N", help="of each engine (2)")
    parser.add_argument("--rounds", type=positive, default=60, metavar="N", help="(60)")
    parser.add_argument("--passes", type=positive, default=3, metavar="N", help="of an engine's turn in a round (3)")
    parser.add_argument("--worker", type=pathlib.Path, default=ROOT / "build/no-torch/bin/engine_worker", metavar="FILE",
                        help="the program that runs our engine (build/no-torch/bin/engine_worker)")
    parser.add_argument("--torch-worker", type=pathlib.Path, default=ROOT / "build/release/bin/torch_worker",
                        metavar="FILE", help="the one that runs LibTorch (build/release/bin/torch_worker)")
    parser.add_argument("--pictures", type=pathlib.Path, metavar="FOLDER",
                        help="of JPEG and PNG files: int8 is calibrated on the first 16 by name, all run the first (noise)")
    parser.add_argument("--cpus", type=lambda text: {int(word) for word in text.split(",")}, metavar="N,…",
                        help="all engines run on these processors only (not set: wherever the system puts them)")
    parser.add_argument("--json", type=pathlib.Path, metavar="FILE",
                        help="the result for programs: {\"ratios\": [{\"net\", \"dtype\", \"peer\", \"ours_ms\", "
                             "\"peer_ms\", \"ratio\", \"difference\", \"peer_file\", \"peer_input\"}], "
                             "\"skipped\": [{\"dtype\", \"peer\"}], "
                             "\"threads\", \"rounds\", \"passes\", \"cpu\", \"commit\", \"versions\"}")
    return parser.parse_args()


def main():
    args = arguments()
    if args.cpus:
        os.sched_setaffinity(0, args.cpus)
    rows, skipped, versions = [], [], {}
    for dtype in args.dtypes:
        peers = [name for name in args.peers if dtype in PEERS[name].dtypes]
        skipped += [{"dtype": dtype, "peer": name} for name in args.peers if name not in peers]
        for net in args.nets if peers else []:
            print(f"comparing {net}, {dtype}", file=sys.stderr, flush=True)
            with tempfile.TemporaryDirectory() as folder:
                rows += compare(Case(net, dtype, args, pathlib.Path(folder)), peers, versions)
    result = {"ratios": rows, "skipped": skipped, "threads": args.threads, "rounds": args.rounds, "passes": args.passes,
              "cpu": cpu_name(), "commit": commit(), "versions": versions}
    report(result, args)
    if args.json:
        save(args.json, result)


if __name__ == "__main__":
    try:
        main()
    except (RuntimeError, OSError) as error:
        sys.exit(f"compare_engines.py: {error}")
