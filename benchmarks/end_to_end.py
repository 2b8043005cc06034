#!/usr/bin/env python3
"""JPEG bytes to the boxes of all tasks: Banyan's detector against the usual Python pipeline, OpenCV + OpenVINO + NumPy.

    cmake --preset no-torch && cmake --build --preset no-torch --target detect_worker banyan
    benchmarks/setup_peers.sh
    banyan quantize MODEL --calib CONFIG.json --out MODEL8
    .deps/bench-venv/bin/python3 benchmarks/end_to_end.py --model MODEL8 --pictures FOLDER

Ours is a process that decodes, letterboxes, runs the network and makes boxes as `banyan detect` does
(benchmarks/detect_worker.cpp). The pipeline runs the same network, exported as ONNX, in this process: cv2.imdecode straight to
RGB, cv2.resize and cv2.copyMakeBorder, OpenVINO with its latency hint, thresholds and box codes by NumPy, and
cv2.dnn.NMSBoxesBatched once for all tasks. In each round every picture is given to both, one after the other; who begins changes
from picture to picture. Nobody begins before both processes have come to rest (compare_engines.py tells why). Times are medians
over all pictures and rounds; a ratio below 1 says that ours is faster. The figures mean something only where nothing else runs.

What makes the comparison fair, and where it is not quite:
  - Both get the bytes of the file in memory, the same thresholds and the same number of threads (also OpenCV's).
  - OpenVINO is tried with uint8 [1, H, W, 3] that it converts itself and with float32 [1, 3, H, W] made by NumPy within the
    letterbox's time; what is faster is compared ("peer_input").
  - Thresholds come first, as logits: of the cells below them nothing is computed, as in ours. The network writes its outputs into
    arrays that NumPy looks at as one, so that a picture costs a few calls however many branches there are.
  - What is not in 8 bits is as each engine has it by default: bfloat16 where the processor is fast at it.
Both must find nearly the same boxes. A box has a partner if the other found one of its class with IoU >= 0.8; boxes that score
less than 0.1 above the threshold need none, since in 8 bits scores differ by some hundredths.
"""

import argparse
import collections
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

from support import ROOT, commit, cpu_name, positive, save

try:
    import cv2
    import numpy as np
    import openvino
except ImportError as error:
    sys.exit(f"end_to_end.py: {error}; run benchmarks/setup_peers.sh and start this with .deps/bench-venv/bin/python3")

from peers import Program, Quiet

STAGES = ["decode", "letterbox", "network", "boxes"]
GREY = (114, 114, 114)
MAX_LOG_RATIO = np.log(1000 / 16)
PARTNER_IOU, SURE_MARGIN, LEAST_AGREEMENT = 0.8, 0.1, 0.97
WARM_UP = 5  # pictures


class Ours(Program):
    def __init__(self, args, threads):
        super().__init__([args.worker, args.model, threads, args.score, args.nms_iou, args.most])
        self.version = self.ask("version")

    def detect(self, path, _data):
        """Milliseconds by stage, and [N, 6]: class, score, x0, y0, x1, y1."""
        numbers = [float(word) for word in self.ask(f"detect {path}").split()]
        return dict(zip(STAGES, numbers)), np.array(numbers[len(STAGES):]).reshape(-1, 6)


class BoxMaker:
    """Boxes of all branches at once, as the exported file's metadata tells to make them. The network writes its class logits
    one behind the other into one array and its box outputs into another; what belongs to a logit is looked up."""

    def __init__(self, branches, request, side):
        self.bins = branches[0]["box_bins"]
        self.has_points = branches[0]["anchors"]["kind"] == "points"
        if any((branch["box_bins"], branch["anchors"]["kind"]) != (self.bins, branches[0]["anchors"]["kind"])
               for branch in branches):
            raise RuntimeError("the model's branches code their boxes in different ways")
        self.numbers = 4 * max(self.bins, 1)  # of a box
        levels = [level for branch in branches for level in self.levels_of(branch, side)]
        self.logits = np.empty(sum(level["classes"].size for level in levels), np.float32)
        self.codes = np.empty(sum(level["box_count"] for level in levels), np.float32)
        logit, code = 0, 0
        for level in levels:
            count = level["classes"].size
            share_output(request, level["class_output"], self.logits[logit:logit + count])
            share_output(request, level["box_output"], self.codes[code:code + level["box_count"]])
            level["first_code"] = level["first_code"] + code
            logit, code = logit + count, code + level["box_count"]
        self.classes, self.first_code, self.cells, self.strides, self.centres, self.sizes = (
            np.concatenate([level[key] for level in levels])
            for key in ("classes", "first_code", "cells", "strides", "centres", "sizes"))

    def levels_of(self, branch, side):
        """Arrays over the logits of each level, [A, K, H * W] flat."""
        per_cell, classes = branch["anchors"]["per_cell"], branch["class_ids"]
        for i, stride in enumerate(branch["strides_px"]):
            middles = (np.arange(side // stride, dtype=np.float32) + 0.5) * stride
            grid = np.stack(np.meshgrid(middles, middles), -1).reshape(-1, 2)  # [H * W, 2]
            anchor, kind, cell = (index.reshape(-1) for index in np.meshgrid(
                np.arange(per_cell), np.arange(len(classes)), np.arange(len(grid)), indexing="ij"))
            sizes = np.zeros((per_cell, 2)) if self.has_points else np.array(branch["anchors"]["sizes_px"][i])
            yield {"class_output": branch["class_outputs"][i], "box_output": branch["box_outputs"][i],
                   "box_count": per_cell * self.numbers * len(grid), "classes": np.array(classes)[kind],
                   "first_code": anchor * self.numbers * len(grid) + cell, "cells": np.full(len(cell), len(grid)),
                   "strides": np.full((len(cell), 1), stride, np.float32), "centres": grid[cell],
                   "sizes": sizes.astype(np.float32)[anchor]}

    def found(self, threshold):
        """Of the logits above the threshold: boxes [n, 4] in pixels of the input, scores [n], classes [n]."""
        above = np.flatnonzero(self.logits > threshold)
        places = self.first_code[above, None] + self.cells[above, None] * np.arange(self.numbers)
        codes = self.codes[places]
        if self.bins:
            logits = codes.reshape(-1, 4, self.bins)
            shares = np.exp(logits - logits.max(-1, keepdims=True))
            codes = shares @ np.arange(self.bins, dtype=np.float32) / shares.sum(-1)
        return self.decoded(codes, above), 1 / (1 + np.exp(-self.logits[above])), self.classes[above]

    def decoded(self, codes, above):
        centres = self.centres[above]
        if self.has_points:
            distances = np.maximum(codes, 0) * self.strides[above]
            return np.concatenate([centres - distances[:, :2], centres + distances[:, 2:]], 1)
        sizes = self.sizes[above]
        middles = centres + codes[:, :2] * sizes
        halves = 0.5 * sizes * np.exp(np.minimum(codes[:, 2:], MAX_LOG_RATIO))
        return np.concatenate([middles - halves, middles + halves], 1)


def share_output(request, name, memory):
    """The network writes this output there."""
    request.set_tensor(name, openvino.Tensor(memory.reshape(request.get_tensor(name).shape), shared_memory=True))


class Pipeline:
    """The usual way in Python. The exported file has one input "image", float32 [1, 3, side, side], RGB in 0..255."""

    def __init__(self, args, onnx, threads, as_bytes):
        cv2.setNumThreads(threads)
        self.version = f"OpenVINO {openvino.__version__}, OpenCV {cv2.__version__}"
        self.args, self.as_bytes = args, as_bytes
        core = openvino.Core()
        network = core.read_model(str(onnx))
        self.side = network.input().shape[3]
        if as_bytes:
            steps = openvino.preprocess.PrePostProcessor(network)
            steps.input().tensor().set_element_type(openvino.Type.u8).set_layout(openvino.Layout("NHWC"))
            steps.input().model().set_layout(openvino.Layout("NCHW"))
            network = steps.build()
        settings = {"INFERENCE_NUM_THREADS": threads, "NUM_STREAMS": 1, "PERFORMANCE_HINT": "LATENCY"}
        self.request = core.compile_model(network, "CPU", settings).create_infer_request()
        branches = branches_of(onnx)
        self.maker = BoxMaker(branches, self.request, self.side)
        self.threshold = np.log(args.score / (1 - args.score))
        self.branch_of_class = {c: branch["name"] for branch in branches for c in branch["class_ids"]}

    def detect(self, _path, data):
        """As Ours.detect()."""
        laps = [time.perf_counter()]

        def lap():
            laps.append(time.perf_counter())

        picture = cv2.imdecode(data, cv2.IMREAD_COLOR_RGB)
        lap()
        square, scale, left, top = self.letterbox(picture)
        lap()
        self.request.infer(square, share_inputs=True, share_outputs=True)
        lap()
        height, width = picture.shape[:2]
        found = self.boxes()
        if len(found):
            found[:, 2:] = (found[:, 2:] - (left, top, left, top)) / scale
            np.clip(found[:, 2:], 0, (width, height, width, height), out=found[:, 2:])
            found = found[((found[:, 4:] - found[:, 2:4]) > 0).all(1)]
        lap()
        return {stage: (b - a) * 1e3 for stage, a, b in zip(STAGES, laps, laps[1:])}, found

    def letterbox(self, picture):
        height, width = picture.shape[:2]
        scale = self.side / max(height, width)
        inner_width, inner_height = round(width * scale), round(height * scale)
        left, top = (self.side - inner_width) // 2, (self.side - inner_height) // 2
        if (inner_width, inner_height) != (width, height):
            picture = cv2.resize(picture, (inner_width, inner_height), interpolation=cv2.INTER_LINEAR)
        if inner_width != inner_height:
            picture = cv2.copyMakeBorder(picture, top, self.side - inner_height - top, left,
                                         self.side - inner_width - left, cv2.BORDER_CONSTANT, value=GREY)
        if not self.as_bytes:
            picture = np.ascontiguousarray(picture.transpose(2, 0, 1), dtype=np.float32)
        return picture[np.newaxis], scale, left, top

    def boxes(self):
        """[N, 6]: class, score, box in pixels of the input, by falling score."""
        boxes, scores, classes = self.maker.found(self.threshold)
        if len(boxes) == 0:
            return np.empty((0, 6))
        boxes = np.clip(boxes, 0, self.side).astype(np.float64)
        sizes = boxes[:, 2:] - boxes[:, :2]
        kept = cv2.dnn.NMSBoxesBatched(np.concatenate([boxes[:, :2], sizes], 1), scores, classes, self.args.score,
                                       self.args.nms_iou)
        kept = np.asarray(kept, np.int64).reshape(-1)
        kept = kept[(sizes[kept] > 0).all(1)]
        kept = kept[np.argsort(-scores[kept], kind="stable")]
        found = np.concatenate([classes[kept, np.newaxis], scores[kept, np.newaxis], boxes[kept]], 1)
        return found if len(found) <= self.args.most else self.best_of_branches(found)

    def best_of_branches(self, found):
        counts = collections.Counter()
        kept = []
        for row in found:
            branch = self.branch_of_class[int(row[0])]
            counts[branch] += 1
            if counts[branch] <= self.args.most:
                kept.append(row)
        return np.array(kept)


def branches_of(path):
    import onnx
    model = onnx.load(str(path))
    return json.loads(next(entry.value for entry in model.metadata_props if entry.key == "banyan.branches"))


def faster_pipeline(args, onnx, threads, pictures):
    """With the input on which it is faster, and that input's name."""
    both = {"uint8": Pipeline(args, onnx, threads, True), "float32": Pipeline(args, onnx, threads, False)}
    times = {kind: [] for kind in both}
    for turn in range(2 * WARM_UP):
        path, data = pictures[turn % len(pictures)]
        for kind, pipeline in both.items():
            times[kind].append(sum(pipeline.detect(path, data)[0].values()))
    faster = min(both, key=lambda kind: statistics.median(times[kind][WARM_UP:]))
    return both[faster], faster


def iou_with(box, boxes):
    """[N] of [4] and [N, 4]"""
    inner = np.minimum(box[2:], boxes[:, 2:]) - np.maximum(box[:2], boxes[:, :2])
    shared = np.maximum(inner, 0).prod(1)
    return shared / ((box[2:] - box[:2]).prod() + (boxes[:, 2:] - boxes[:, :2]).prod(1) - shared)


class Agreement:
    """Counts boxes with and without a partner."""

    def __init__(self, sure_score):
        self.sure_score = sure_score
        self.boxes = self.sure = self.partners = 0
        self.ious, self.score_differences = [], []

    def add(self, ours, peers):
        self.boxes += len(ours)
        for mine, others in ((ours, peers), (peers, ours)):
            for row in mine[mine[:, 1] >= self.sure_score]:
                self.sure += 1
                same_class = others[others[:, 0] == row[0]]
                overlaps = iou_with(row[2:], same_class[:, 2:])
                if overlaps.size == 0 or overlaps.max() < PARTNER_IOU:
                    continue
                self.partners += 1
                self.ious.append(overlaps.max())
                self.score_differences.append(abs(same_class[overlaps.argmax(), 1] - row[1]))

    def result(self):
        share = self.partners / self.sure if self.sure else 1.0
        return {"boxes": self.boxes, "sure": self.sure, "share": share,
                "mean_iou": float(np.mean(self.ious)) if self.ious else 1.0,
                "mean_score_difference": float(np.mean(self.score_differences)) if self.ious else 0.0}


def take_turns(ours, pipeline, pictures, args):
    """Milliseconds of all passes by engine and stage, and how well the boxes agree."""
    engines = [ours, pipeline]
    times = [{stage: [] for stage in [*STAGES, "total"]} for _ in engines]
    agreement = Agreement(args.score + SURE_MARGIN)
    quiet = Quiet(engines)
    for turn in range(args.rounds * len(pictures)):
        path, data = pictures[turn % len(pictures)]
        found = {}
        for which in (turn % 2, 1 - turn % 2):
            quiet.wait()
            stages, found[which] = engines[which].detect(path, data)
            for stage, ms in [*stages.items(), ("total", sum(stages.values()))]:
                times[which][stage].append(ms)
        if turn < len(pictures):
            agreement.add(found[0], found[1])
    return times, agreement.result()


def compare(args, onnx, threads, pictures, versions):
    """Rows of the result, and the agreement. @raises RuntimeError boxes that disagree"""
    ours = Ours(args, threads)
    try:
        pipeline, peer_input = faster_pipeline(args, onnx, threads, pictures)
        versions.update({"banyan": ours.version, "peer": pipeline.version})
        for path, data in pictures[:WARM_UP]:
            ours.detect(path, data)
        times, agreement = take_turns(ours, pipeline, pictures, args)
    finally:
        ours.close()
    if agreement["share"] < LEAST_AGREEMENT:
        raise RuntimeError(f"{1 - agreement['share']:.1%} of the sure boxes have no partner, at most "
                           f"{1 - LEAST_AGREEMENT:.1%} may: {agreement}")
    rows = []
    for stage in [*STAGES, "total"]:
        mine, other = (statistics.median(times[which][stage]) for which in (0, 1))
        rows.append({"threads": threads, "stage": stage, "ours_ms": mine, "peer_ms": other, "ratio": mine / other,
                     "peer_input": peer_input})
    return rows, {"threads": threads, **agreement}


def report(result):
    """Markdown on stdout."""
    print(f"{result['cpu']}; {result['pictures']} pictures, {result['rounds']} rounds; banyan {result['versions']['banyan']}, "
          f"{result['versions']['peer']}\n")
    print("| threads | stage | ours, ms | pipeline, ms | ours / it |\n|---|---|---|---|---|")
    for row in result["ratios"]:
        print(f"| {row['threads']} | {row['stage']} | {row['ours_ms']:.3f} | {row['peer_ms']:.3f} | {row['ratio']:.2f} |")
    for entry in result["agreement"]:
        print(f"\nthreads {entry['threads']}: {entry['boxes']} boxes; of {entry['sure']} sure ones (both sides counted) "
              f"{entry['share']:.2%} have a partner, IoU {entry['mean_iou']:.3f} and scores "
              f"{entry['mean_score_difference']:.3f} apart in the mean")


def share(text):
    number = float(text)
    if not 0 < number < 1:
        raise argparse.ArgumentTypeError(f"{number} is not in (0, 1)")
    return number


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=pathlib.Path, required=True, metavar="FILE", help="quantised model file")
    parser.add_argument("--pictures", type=pathlib.Path, required=True, metavar="FOLDER", help="of JPEG files")
    parser.add_argument("--count", type=positive, default=50, metavar="N", help="the first pictures by name (50)")
    parser.add_argument("--rounds", type=positive, default=10, metavar="N", help="over all pictures (10)")
    parser.add_argument("--threads", type=lambda text: [positive(word) for word in text.split(",")], default=[1, 2],
                        metavar="N,…", help="of both (1,2)")
    parser.add_argument("--score", type=share, default=0.3, metavar="X", help="threshold (0.3)")
    parser.add_argument("--nms-iou", type=share, default=0.6, metavar="X", help="(0.6)")
    parser.add_argument("--most", type=positive, default=100, metavar="N", help="boxes a branch (100)")
    parser.add_argument("--banyan", type=pathlib.Path, default=ROOT / "build/no-torch/bin/banyan", metavar="FILE",
                        help="exports the network (build/no-torch/bin/banyan)")
    parser.add_argument("--worker", type=pathlib.Path, default=ROOT / "build/no-torch/bin/detect_worker", metavar="FILE",
                        help="the program that runs our detector (build/no-torch/bin/detect_worker)")
    parser.add_argument("--cpus", type=lambda text: {int(word) for word in text.split(",")}, metavar="N,…",
                        help="both run on these processors only (not set: wherever the system puts them)")
    parser.add_argument("--json", type=pathlib.Path, metavar="FILE",
                        help="the result for programs: {\"ratios\": [{\"threads\", \"stage\", \"ours_ms\", \"peer_ms\", "
                             "\"ratio\", \"peer_input\"}], \"agreement\": [{\"threads\", \"boxes\", \"sure\", \"share\", "
                             "\"mean_iou\", \"mean_score_difference\"}], \"pictures\", \"rounds\", \"cpu\", \"commit\", "
                             "\"versions\"}")
    return parser.parse_args()


def main():
    args = arguments()
    if args.cpus:
        os.sched_setaffinity(0, args.cpus)
    files = sorted(path for path in args.pictures.iterdir() if path.suffix.lower() in (".jpg", ".jpeg"))[:args.count]
    if not files:
        raise RuntimeError(f"{args.pictures}: no JPEG file")
    pictures = [(path, np.frombuffer(path.read_bytes(), np.uint8)) for path in files]
    result = {"ratios": [], "agreement": [], "pictures": len(pictures), "rounds": args.rounds, "cpu": cpu_name(),
              "commit": commit(), "versions": {}}
    with tempfile.TemporaryDirectory() as folder:
        onnx = pathlib.Path(folder) / "network.onnx"
        subprocess.run([args.banyan, "export", args.model, "--out", onnx], check=True, stdout=subprocess.DEVNULL)
        for threads in args.threads:
            print(f"comparing on {threads} threads", file=sys.stderr, flush=True)
            rows, agreement = compare(args, onnx, threads, pictures, result["versions"])
            result["ratios"] += rows
            result["agreement"].append(agreement)
    report(result)
    if args.json:
        save(args.json, result)


if __name__ == "__main__":
    try:
        main()
    except (RuntimeError, OSError, subprocess.CalledProcessError) as error:
        sys.exit(f"end_to_end.py: {error}")
