#!/usr/bin/env python3
"""COCO box evaluation: Banyan, pycocotools and hotcoco side by side on one core.

    coco_eval_benchmark.py PROGRAM [--runs 5] [--images 5000] [--truths 36000] [--detections 300000]

PROGRAM is build/.../bin/banyan or build/.../bin/coco_eval_benchmark. The problem is synthetic, seeded and of
val2017's size: 80 categories, most detections near an object, the rest anywhere. Every run is a fresh process pinned
to one core with one thread; the tools take turns, so that a busy spell of the machine hits all of them.

Counted, by each tool's own clock inside its process (start and imports never count):
  load   reading and indexing both JSON files
  work   everything after it: match + accumulate (pycocotools, hotcoco: evaluate + accumulate + summarize)
  total  load + work
The 12 numbers of the tools are compared as well. Needs pycocotools and hotcoco in the Python that runs this.
"""
import argparse
import json
import os
import pathlib
import random
import statistics
import subprocess
import sys
import tempfile

PEERS = {
    "pycocotools": "from pycocotools.coco import COCO; from pycocotools.cocoeval import COCOeval",
    "hotcoco": "from hotcoco import COCO, COCOeval",
}
PEER_SCRIPT = """
import contextlib, io, json, sys, time
{imports}
with contextlib.redirect_stdout(io.StringIO()):
    begin = time.perf_counter()
    truth = COCO(sys.argv[1])
    detections = truth.{load}(sys.argv[2])
    loaded = time.perf_counter()
    run = COCOeval(truth, detections, "bbox")
    run.evaluate(); run.accumulate(); run.summarize()
    end = time.perf_counter()
json.dump({{"stats": [float(v) for v in run.stats], "load": loaded - begin, "work": end - loaded}}, sys.stderr)
"""
LOAD = {"pycocotools": "loadRes", "hotcoco": "load_res"}


def make_problem(images, truths, detections, seed=20240917):
    """Ground truth and detections as COCO's files have them."""
    pick = random.Random(seed)
    annotations, found = [], []
    for i in range(truths):
        width, height = (8 * 50 ** pick.random() for _ in range(2))
        box = [round(v, 2) for v in (pick.uniform(0, 640 - width), pick.uniform(0, 480 - height), width, height)]
        annotations.append({"id": i + 1, "image_id": 1 + pick.randrange(images), "category_id": 1 + pick.randrange(80),
                            "bbox": box, "area": round(box[2] * box[3] * pick.uniform(0.4, 1), 2),
                            "iscrowd": int(pick.random() < 0.01)})
    for _ in range(detections):
        source = pick.choice(annotations)
        x, y, w, h = source["bbox"]
        spread = pick.choice([0.03, 0.08, 0.2, 0.5])
        near = [x + pick.gauss(0, spread) * w, y + pick.gauss(0, spread) * h,
                w * 2 ** pick.gauss(0, spread), h * 2 ** pick.gauss(0, spread)]
        category = source["category_id"] if pick.random() < 0.8 else 1 + pick.randrange(80)
        found.append({"image_id": source["image_id"], "category_id": category, "bbox": near,
                      "score": min(1.0, max(0.0, pick.betavariate(1, 3) + (0.3 if spread < 0.1 else 0)))})
    found.sort(key=lambda record: record["image_id"])
    truth = {"images": [{"id": i + 1, "width": 640, "height": 480} for i in range(images)],
             "annotations": annotations, "categories": [{"id": c + 1, "name": f"class {c + 1}"} for c in range(80)]}
    return truth, found


def run_pinned(command):
    core = min(os.sched_getaffinity(0))
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "RAYON_NUM_THREADS": "1"}
    return subprocess.run(command, check=True, capture_output=True, text=True, env=environment,
                          preexec_fn=lambda: os.sched_setaffinity(0, {core}))


def run_banyan(program, files):
    words = [program]
    if pathlib.Path(program).name == "banyan":
        words += ["eval", "--json", "--ground-truth", files[0], "--predictions", files[1]]
    else:
        words += files
    report = json.loads(run_pinned(words).stdout)
    seconds = report["seconds"]
    return {"stats": report["stats"], "load": seconds["load"], "work": seconds["match"] + seconds["accumulate"]}


def run_peer(name, files):
    script = PEER_SCRIPT.format(imports=PEERS[name], load=LOAD[name])
    return json.loads(run_pinned([sys.executable, "-c", script, *files]).stderr)


def measure(program, files, runs):
    """tool -> list of results; the tools take turns."""
    tools = {"banyan": lambda: run_banyan(program, files), **{n: (lambda n=n: run_peer(n, files)) for n in PEERS}}
    results = {name: [] for name in tools}
    for turn in range(runs):
        for name, run in tools.items():
            results[name].append({**(result := run()), "total": result["load"] + result["work"]})
            print(f"run {turn + 1} {name}: load {result['load']:.3f} s, work {result['work']:.3f} s", file=sys.stderr)
    return results


def print_results(results):
    ours = results["banyan"]
    print(f"{'tool':12}{'load s':>10}{'work s':>10}{'total s':>10}{'work x':>9}{'total x':>9}{'max diff':>11}")
    for name, runs in results.items():
        median = {key: statistics.median(run[key] for run in runs) for key in ("load", "work", "total")}
        # Ratios pair the runs of one turn.
        ratio = {key: statistics.median(run[key] / own[key] for run, own in zip(runs, ours)) for key in median}
        difference = max(abs(a - b) for a, b in zip(runs[0]["stats"], ours[0]["stats"]))
        print(f"{name:12}{median['load']:10.4f}{median['work']:10.4f}{median['total']:10.4f}"
              f"{ratio['work']:9.1f}{ratio['total']:9.1f}{difference:11.1e}")
    print("medians; x: how many times Banyan's time; max diff: largest difference of the 12 numbers to Banyan's")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--images", type=int, default=5000)
    parser.add_argument("--truths", type=int, default=36000)
    parser.add_argument("--detections", type=int, default=300000)
    options = parser.parse_args()
    truth, detections = make_problem(options.images, options.truths, options.detections)
    with tempfile.TemporaryDirectory() as folder:
        files = [str(pathlib.Path(folder) / name) for name in ("truth.json", "detections.json")]
        for path, content in zip(files, (truth, detections)):
            pathlib.Path(path).write_text(json.dumps(content))
        print_results(measure(options.program, files, options.runs))


if __name__ == "__main__":
    main()
