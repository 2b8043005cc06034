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
  - ONNX Runtime: threads within operators only, operators in sequence, all graph optimisations; fp32 only.
  - OpenVINO: latency hint, one stream, the number format as its precision hint.
  - LibTorch (--peers libtorch; the worker is of a build with it): operators one by one, channels last, bf16 weights and values
    with bf16; timed in its own process like ours, but given the normalised picture.
"""

import argparse
import dataclasses
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

from support import ROOT, save

try:
    import numpy as np
except ImportError:
    sys.exit("compare_engines.py: no numpy; run benchmarks/setup_peers.sh and start this with .deps/bench-venv/bin/python3")

LIMITS = {"fp32": 1e-3, "bf16": 0.1}  # of the difference of an output, as a share of its largest number
OURS = "banyan"
WARM_UP = 5  # passes


@dataclasses.dataclass
class Case:
    """What all engines are given."""
    net: str
    dtype: str
    args: argparse.Namespace
    folder: pathlib.Path

    @property
    def onnx(self):
        return self.folder / "network.onnx"

    @property
    def picture_file(self):
        return self.folder / "picture.bin"


class Worker:
    """A program that speaks the language of benchmarks/worker.h."""

    def __init__(self, program, case, more=()):
        self.output_file = case.folder / "output.bin"
        words = [program, case.net, "--precision", case.dtype, "--threads", case.args.threads, *more]
        self.process = subprocess.Popen([str(word) for word in words], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        text=True)
        self.version = self.ask("version")

    def ask(self, line):
        try:
            self.process.stdin.write(line + "\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            pass  # it has ended, and so has its answer
        answer = self.process.stdout.readline()
        if not answer:
            raise RuntimeError(f"{self.process.args[0]} ended with code {self.process.wait()}")
        return answer.strip()

    def run(self, passes):
        return [float(ms) for ms in self.ask(f"run {passes}").split()]

    def output(self, name, height, width):
        """Of the last run, as [1, C, H, W]."""
        self.ask(f"output {name} {self.output_file}")
        numbers = np.fromfile(self.output_file, dtype=np.float32).reshape(1, height, width, -1)
        return numbers.transpose(0, 3, 1, 2)

    def close(self):
        self.process.kill()  # it holds nothing that could be lost
        self.process.wait()


class Ours(Worker):
    """Writes the files for the others, too."""

    def __init__(self, case):
        super().__init__(case.args.worker, case, ["--onnx", case.onnx])
        self.ask(f"output image {case.picture_file}")


class LibTorch(Worker):
    dtypes = ("fp32", "bf16")

    def __init__(self, case):
        super().__init__(case.args.torch_worker, case)


class PythonPeer:
    """An engine that runs in this process; subclasses give infer() and output()."""

    def run(self, passes):
        times = []
        for _ in range(passes):
            start = time.perf_counter()
            self.infer()
            times.append((time.perf_counter() - start) * 1e3)
        return times

    def close(self):
        pass


def picture_for(case, shape):
    """float32 [1, 3, H, W]"""
    _, channels, height, width = shape
    pixels = np.fromfile(case.picture_file, dtype=np.float32).reshape(1, height, width, channels)
    return np.ascontiguousarray(pixels.transpose(0, 3, 1, 2))


class OnnxRuntime(PythonPeer):
    dtypes = ("fp32",)

    def __init__(self, case):
        import onnxruntime
        self.version = onnxruntime.__version__
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads, options.inter_op_num_threads = case.args.threads, 1
        options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
        self.session = onnxruntime.InferenceSession(str(case.onnx), options, providers=["CPUExecutionProvider"])
        self.picture = picture_for(case, self.session.get_inputs()[0].shape)
        self.results = {value.name: np.empty(value.shape, np.float32) for value in self.session.get_outputs()}
        self.binding = self.session.io_binding()
        self.binding.bind_input("image", "cpu", 0, np.float32, self.picture.shape, self.picture.ctypes.data)
        for name, array in self.results.items():
            self.binding.bind_output(name, "cpu", 0, np.float32, array.shape, array.ctypes.data)

    def infer(self):
        self.session.run_with_iobinding(self.binding)

    def output(self, name, _height, _width):
        return self.results[name]


class OpenVino(PythonPeer):
    dtypes = ("fp32", "bf16")

    def __init__(self, case):
        import openvino
        self.version = openvino.__version__
        number = {"fp32": openvino.Type.f32, "bf16": openvino.Type.bf16}[case.dtype]
        settings = {"INFERENCE_NUM_THREADS": case.args.threads, "NUM_STREAMS": 1, "PERFORMANCE_HINT": "LATENCY",
                    "INFERENCE_PRECISION_HINT": number}
        model = openvino.Core().compile_model(str(case.onnx), "CPU", settings)
        for name in ("INFERENCE_NUM_THREADS", "INFERENCE_PRECISION_HINT"):
            if model.get_property(name) != settings[name]:
                raise RuntimeError(f"OpenVINO takes {model.get_property(name)} as {name}, not {settings[name]}")
        self.request = model.create_infer_request()
        self.picture = picture_for(case, model.input().shape)
        self.request.set_input_tensor(openvino.Tensor(self.picture, shared_memory=True))

    def infer(self):
        self.request.infer(share_outputs=True)

    def output(self, name, _height, _width):
        return self.request.get_tensor(name).data


PEERS = {"onnxruntime": OnnxRuntime, "openvino": OpenVino, "libtorch": LibTorch}


class Quiet:
    """Waits until the threads of all engines sleep."""
    NAP_SECONDS, NAPS, BUSY_SHARE, LIMIT_SECONDS = 0.002, 3, 0.1, 10

    def __init__(self, engines):
        others = [engine.process.pid for engine in engines if isinstance(engine, Worker)]
        # Linux's number for the processor-time clock of another process, see clock_getcpuclockid(3).
        self.clocks = [time.CLOCK_PROCESS_CPUTIME_ID, *((~pid << 3) | 2 for pid in others)]

    def used(self):
        return sum(time.clock_gettime(clock) for clock in self.clocks)

    def wait(self):
        end = time.monotonic() + self.LIMIT_SECONDS
        naps = 0
        while naps < self.NAPS:
            if time.monotonic() > end:
                raise RuntimeError(f"an engine is still busy {self.LIMIT_SECONDS} s after its turn")
            before = self.used()
            time.sleep(self.NAP_SECONDS)
            naps = naps + 1 if self.used() - before < self.BUSY_SHARE * self.NAP_SECONDS else 0


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
    engines = {}
    try:
        engines[OURS] = Ours(case)
        engines.update((name, PEERS[name](case)) for name in peers)
        for name, engine in engines.items():
            engine.run(WARM_UP)
            versions[name] = engine.version
        agreement = differences(engines, case)
        medians = {name: statistics.median(times) for name, times in take_turns(engines, case.args).items()}
    finally:
        for engine in engines.values():
            engine.close()
    return [{"net": case.net, "dtype": case.dtype, "peer": name, "ours_ms": medians[OURS], "peer_ms": medians[name],
             "ratio": medians[OURS] / medians[name], "difference": agreement[name]} for name in peers]


def cpu_name():
    lines = pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    return next((line.partition(": ")[2] for line in lines if line.startswith("model name")), "unknown")


def commit():
    done = subprocess.run(["git", "-C", ROOT, "describe", "--always", "--dirty"], stdout=subprocess.PIPE, text=True)
    return done.stdout.strip() or "unknown"


def report(result, args):
    """Markdown on stdout."""
    versions = ", ".join(f"{name} {version}" for name, version in result["versions"].items())
    lines = [f"{result['cpu']}, threads: {args.threads}; {args.rounds} rounds of {args.passes} passes; {versions}", "",
             "| network | format | peer | ours, ms | peer, ms | ours / peer | largest difference |",
             "|---|---|---|---|---|---|---|"]
    for row in result["ratios"]:
        lines.append(f"| {pathlib.Path(row['net']).name} | {row['dtype']} | {row['peer']} | {row['ours_ms']:.2f} | "
                     f"{row['peer_ms']:.2f} | {row['ratio']:.2f} | {row['difference']:.1e} |")
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


def positive(text):
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{number} is below 1")
    return number


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--nets", type=lambda text: text.split(","), default=["det3", "resnet18", "mobilenet_v2"],
                        metavar="NET,…", help="networks and paths of model files (det3,resnet18,mobilenet_v2)")
    parser.add_argument("--dtypes", type=choices(LIMITS), default=list(LIMITS), metavar="DTYPE,…", help="(fp32,bf16)")
    parser.add_argument("--peers", type=choices(PEERS), default=["onnxruntime", "openvino"], metavar="PEER,…",
                        help="of onnxruntime, openvino and libtorch (onnxruntime,openvino)")
    parser.add_argument("--threads", type=positive, default=2, metavar="N", help="of each engine (2)")
    parser.add_argument("--rounds", type=positive, default=60, metavar="N", help="(60)")
    parser.add_argument("--passes", type=positive, default=3, metavar="N", help="of an engine's turn in a round (3)")
    parser.add_argument("--worker", type=pathlib.Path, default=ROOT / "build/no-torch/bin/engine_worker", metavar="FILE",
                        help="the program that runs our engine (build/no-torch/bin/engine_worker)")
    parser.add_argument("--torch-worker", type=pathlib.Path, default=ROOT / "build/release/bin/torch_worker",
                        metavar="FILE", help="the one that runs LibTorch (build/release/bin/torch_worker)")
    parser.add_argument("--cpus", type=lambda text: {int(word) for word in text.split(",")}, metavar="N,…",
                        help="all engines run on these processors only (not set: wherever the system puts them)")
    parser.add_argument("--json", type=pathlib.Path, metavar="FILE",
                        help="the result for programs: {\"ratios\": [{\"net\", \"dtype\", \"peer\", \"ours_ms\", "
                             "\"peer_ms\", \"ratio\", \"difference\"}], \"skipped\": [{\"dtype\", \"peer\"}], "
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
