#!/usr/bin/env python3
"""Golden values of the COCO box metrics from pycocotools, of LVIS's federated ones from hotcoco.

    coco_eval.py write                      writes tests/golden/coco_eval.json
    coco_eval.py write-federated            writes tests/golden/coco_eval_federated.json
    coco_eval.py compare PROGRAM [COUNT]    COUNT random problems (default 200) through pycocotools and PROGRAM,
                                            called as PROGRAM GROUND_TRUTH.json PREDICTIONS.json; exit status 1 where
                                            a number differs by more than 1e-9. PROGRAM may hold arguments, e.g.
                                            "banyan eval --json --ground-truth {gt} --predictions {dt}".

Needs pycocotools (any 2.0.x) and numpy; hotcoco for write-federated.
"""
import contextlib
import datetime
import importlib.metadata
import io
import json
import pathlib
import random
import shlex
import subprocess
import sys
import tempfile

import numpy as np
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

GOLDEN = pathlib.Path(__file__).resolve().parents[2] / "tests" / "golden"
TOLERANCE = 1e-9
NAMES = ["ap", "ap50", "ap75", "ap_small", "ap_medium", "ap_large",
         "ar1", "ar10", "ar100", "ar_small", "ar_medium", "ar_large"]
# IoU index or None for all, area index, index into maxDets
PRECISIONS = [(None, 0, 2), (0, 0, 2), (5, 0, 2), (None, 1, 2), (None, 2, 2), (None, 3, 2)]
RECALLS = [(0, 0), (0, 1), (0, 2), (1, 2), (2, 2), (3, 2)]


def mean_of_valid(values):
    valid = values[values > -1]
    return float(np.mean(valid)) if valid.size else -1.0


def load(dataset):
    coco = COCO()
    coco.dataset = dataset
    coco.createIndex()
    return coco


def run_pycocotools(truth, detections):
    """Stats, and per category id the same 12 numbers and the curve at IoU 0.5."""
    with contextlib.redirect_stdout(io.StringIO()):
        coco_truth = load(json.loads(json.dumps(truth)))
        if detections:
            coco_detections = coco_truth.loadRes(json.loads(json.dumps(detections)))
        else:  # loadRes refuses an empty list
            coco_detections = load({**truth, "annotations": []})
        run = COCOeval(coco_truth, coco_detections, "bbox")
        run.evaluate()
        run.accumulate()
        run.summarize()
    precision, recall, scores = run.eval["precision"], run.eval["recall"], run.eval["scores"]
    per_class = {}
    for k, category in enumerate(run.params.catIds):
        values = [mean_of_valid(precision[slice(None) if t is None else t, :, k, a, m]) for t, a, m in PRECISIONS]
        values += [mean_of_valid(recall[:, k, a, m]) for a, m in RECALLS]
        per_class[int(category)] = {"stats": values, "precision_at_50": precision[0, ::10, k, 0, 2].tolist(),
                                    "score_at_50": scores[0, ::10, k, 0, 2].tolist()}
    return {"stats": [float(v) for v in run.stats], "per_class": per_class}


class Maker:
    """A seeded problem; the fields of `shape` say what is special about it."""

    def __init__(self, seed, **shape):
        self.random = random.Random(seed)
        self.shape = {"images": 6, "categories": 3, "truths": 4, "found": 0.8, "noise": 3, "jitter": 0.12,
                      "crowd": 0.0, "score_steps": 0, "sizes": (8, 200), "grid": 0.1, "mask_area": False,
                      "duplicates": 0, "sparse": False, "shuffle": False, "crowd_members": 0, **shape}
        count = lambda n: list(range(1, n + 1))
        pick = lambda n, limit: self.random.sample(range(1, limit), n)
        sparse = self.shape["sparse"]
        self.images = pick(self.shape["images"], 600000) if sparse else count(self.shape["images"])
        self.categories = pick(self.shape["categories"], 1300) if sparse else count(self.shape["categories"])
        self.annotations, self.detections = [], []

    def number(self, value):
        grid = self.shape["grid"]
        return round(round(value / grid) * grid, 6)

    def box(self):
        low, high = self.shape["sizes"]
        width, height = (low * (high / low) ** self.random.random() for _ in range(2))
        return [self.number(v) for v in (self.random.uniform(0, 500), self.random.uniform(0, 400), width, height)]

    def moved(self, box, jitter):
        x, y, w, h = box
        shift = lambda size: self.random.gauss(0, jitter) * size
        return [self.number(v) for v in (x + shift(w), y + shift(h), abs(w + shift(w)), abs(h + shift(h)))]

    def score(self):
        steps = self.shape["score_steps"]
        return self.random.randint(0, steps) / steps if steps else round(self.random.random(), 6)

    def detect(self, image, category, box):
        self.detections.append({"image_id": image, "category_id": category, "bbox": box, "score": self.score()})

    def annotate(self, image, category, box, crowd=False):
        area = box[2] * box[3] * (self.random.uniform(0.3, 1) if self.shape["mask_area"] else 1)
        self.annotations.append({"id": len(self.annotations) + 1, "image_id": image, "category_id": category,
                                 "bbox": box, "area": round(area, 4), "iscrowd": int(crowd)})

    def fill(self, image, category):
        for _ in range(self.random.randint(0, self.shape["truths"])):
            box = self.box()
            crowd = self.random.random() < self.shape["crowd"]
            self.annotate(image, category, box, crowd)
            for _ in range(self.shape["crowd_members"] if crowd else 0):
                inside = [box[0] + self.random.random() * box[2] * 0.8, box[1] + self.random.random() * box[3] * 0.8,
                          box[2] * 0.3, box[3] * 0.3]
                self.detect(image, category, [self.number(v) for v in inside])
            if self.random.random() < self.shape["found"]:
                for _ in range(1 + self.random.randint(0, self.shape["duplicates"])):
                    self.detect(image, category, self.moved(box, self.shape["jitter"]))
        for _ in range(self.random.randint(0, self.shape["noise"])):
            self.detect(image, category, self.box())

    def make(self):
        for image in self.images:
            for category in self.categories:
                self.fill(image, category)
        images, categories = list(self.images), list(self.categories)
        if self.shape["shuffle"]:
            for records in (images, categories, self.annotations, self.detections):
                self.random.shuffle(records)
        truth = {"images": [{"id": i} for i in images], "annotations": self.annotations,
                 "categories": [{"id": c, "name": f"class {c}"} for c in categories]}
        return truth, self.detections


def without(records, key, value):
    return [record for record in records if record[key] != value]


def boxes_problem(truths, found):
    """One image, one category; truths: (box, area or None, crowd), found: (box, score)."""
    annotations = [{"id": i + 1, "image_id": 1, "category_id": 1, "bbox": list(box), "iscrowd": int(crowd),
                    "area": box[2] * box[3] if area is None else area} for i, (box, area, crowd) in enumerate(truths)]
    detections = [{"image_id": 1, "category_id": 1, "bbox": list(box), "score": score} for box, score in found]
    return {"images": [{"id": 1}], "categories": [{"id": 1, "name": "class 1"}],
            "annotations": annotations}, detections


def fixtures():
    yield "plain", Maker(1).make()
    yield "score ties in an image and between images", Maker(2, score_steps=4, images=8).make()
    yield "all scores equal", Maker(3, score_steps=1, images=5).make()
    yield "crowds", Maker(4, crowd=0.4, truths=5, crowd_members=2).make()
    yield "only crowds", Maker(5, crowd=1.0, crowd_members=2, images=4).make()
    yield "crowds with ties and duplicates", Maker(6, crowd=0.3, score_steps=5, duplicates=2, crowd_members=2).make()
    yield "sparse ids, everything shuffled", Maker(7, sparse=True, shuffle=True, images=9, categories=5).make()
    yield "shuffled with ties", Maker(8, sparse=True, shuffle=True, score_steps=3, images=9).make()
    yield "more detections than counted", Maker(9, images=1, categories=1, truths=20, noise=260, found=1).make()
    yield "more ties than counted", Maker(10, images=2, categories=1, truths=9, noise=150, score_steps=6).make()
    yield "tiny boxes", Maker(11, sizes=(0.3, 4), grid=0.01).make()
    yield "large boxes", Maker(12, sizes=(90, 700)).make()
    yield "areas of masks", Maker(13, mask_area=True, sizes=(20, 160)).make()
    yield "duplicates", Maker(14, duplicates=4, jitter=0.03).make()
    yield "overlaps on the thresholds", Maker(15, grid=4, sizes=(8, 40), jitter=0.1, duplicates=2, truths=6).make()
    yield "perfect boxes", Maker(16, jitter=0, noise=0, found=1).make()
    yield "loose boxes", Maker(17, jitter=0.35, duplicates=3).make()
    yield "dense scene", Maker(18, images=1, categories=1, truths=60, sizes=(60, 200), found=1, duplicates=1).make()
    yield "negative scores", (lambda t, d: (t, [{**r, "score": r["score"] * 8 - 4} for r in d]))(*Maker(19).make())

    truth, detections = Maker(20).make()
    yield "no detections", (truth, [])
    yield "no ground truth", ({**truth, "annotations": []}, detections)
    yield "category without ground truth", (
        {**truth, "annotations": without(truth["annotations"], "category_id", 2)}, detections)
    yield "category without detections", (truth, without(detections, "category_id", 3))
    yield "images without annotations", (
        {**truth, "annotations": without(without(truth["annotations"], "image_id", 1), "image_id", 4)}, detections)
    yield "detections of an unlisted category", (
        truth, detections + [{**record, "category_id": 77} for record in detections[:5]])
    first_zero = [{**record, "id": i} for i, record in enumerate(truth["annotations"])]
    yield "annotation id zero", ({**truth, "annotations": first_zero}, detections)

    sides = [(32, 32), (31.9, 32), (32, 32.1), (96, 96), (96, 95.9), (96.1, 96)]
    places = [(300 * i, 300 * j, w, h) for j in range(2) for i, (w, h) in enumerate(sides)]
    yield "areas on the borders", boxes_problem(
        [(box, None, False) for box in places[:6]] + [(places[6], 1024, False), (places[7], 9216, False)],
        [(box, 0.9 - 0.05 * i) for i, box in enumerate(places)])
    yield "object preferred to a better crowd", boxes_problem(
        [((0, 0, 100, 100), None, True), ((10, 10, 40, 40), None, False), ((12, 10, 40, 40), None, False)],
        [((11, 10, 40, 40), 0.9), ((11, 10, 40, 40), 0.8), ((11, 10, 40, 40), 0.7), ((60, 60, 80, 30), 0.6)])
    yield "equal overlaps", boxes_problem(
        [((0, 0, 10, 10), None, False), ((4, 0, 10, 10), None, False), ((2, 0, 10, 10), None, False)],
        [((2, 0, 10, 10), 0.9), ((2, 0, 10, 10), 0.9), ((2, 0, 10, 10), 0.9), ((2, 0, 10, 10), 0.9)])
    yield "the later of equal overlaps is taken", boxes_problem(
        [((0, 0, 10, 10), None, False), ((4, 0, 10, 10), None, False)],
        [((2, 0, 10, 10), 0.9), ((5, 0, 10, 10), 0.8)])
    yield "empty boxes", boxes_problem(
        [((5, 5, 0, 0), None, False), ((5, 5, 0, 9), None, True), ((5, 5, 9, 9), None, False)],
        [((5, 5, 0, 0), 0.9), ((5, 5, 0, 9), 0.8), ((5, 5, 9, 9), 0.7)])


def compact(truth, detections):
    """Records as lists, in the order of the keys in "columns"."""
    return {"images": [image["id"] for image in truth["images"]],
            "categories": [category["id"] for category in truth["categories"]],
            "annotations": [[a["id"], a["image_id"], a["category_id"], *a["bbox"], a["area"], a["iscrowd"]]
                            for a in truth["annotations"]],
            "detections": [[d["image_id"], d["category_id"], *d["bbox"], d["score"]] for d in detections]}


def write_document(path, tool, command, records, columns):
    document = {"tool": tool, "version": importlib.metadata.version(tool), "date": datetime.date.today().isoformat(),
                "command": f"scripts/golden/coco_eval.py {command}", "columns": columns}
    lines = ",\n".join(json.dumps(record, separators=(",", ":")) for record in records)
    path.write_text(json.dumps(document)[:-1] + ',\n"fixtures": [\n' + lines + "\n]}\n")
    print(f"{path}: {len(records)} fixtures, {path.stat().st_size} bytes")


COLUMNS = {"annotations": "id image_id category_id x y width height area iscrowd",
           "detections": "image_id category_id x y width height score"}


def write():
    records = [{"name": name, **compact(*problem), "expected": run_pycocotools(*problem)}
               for name, problem in fixtures()]
    write_document(GOLDEN / "coco_eval.json", "pycocotools", "write", records,
                   {**COLUMNS, "stats": " ".join(NAMES), "curves": "at recall 0, 0.1 ... 1"})


def federated_problem(seed):
    """Some categories of an image are verified absent, some not exhaustive, the rest unknown; no crowds, as in LVIS."""
    truth, detections = Maker(seed, images=8, categories=6, truths=3, noise=4, found=0.9, duplicates=1).make()
    pick = random.Random(seed)
    truth["annotations"] = [a for a in truth["annotations"] if pick.random() < 0.7]
    for image in truth["images"]:
        shown = {a["category_id"] for a in truth["annotations"] if a["image_id"] == image["id"]}
        absent = [c["id"] for c in truth["categories"] if c["id"] not in shown]
        image["neg_category_ids"] = [c for c in absent if pick.random() < 0.5]
        image["not_exhaustive_category_ids"] = [c for c in sorted(shown) if pick.random() < 0.4]
    return truth, detections


def run_hotcoco_federated(truth, detections):
    """AP, AP50, AP75, AP by size, AR, AR by size (LVIS's, at 300 detections), and AP of each class."""
    import hotcoco
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
        files = [pathlib.Path(folder) / name for name in ("gt.json", "dt.json")]
        categories = [{**category, "frequency": "f"} for category in truth["categories"]]
        files[0].write_text(json.dumps({**truth, "categories": categories}))
        files[1].write_text(json.dumps(detections))
        coco = hotcoco.COCO(str(files[0]))
        run = hotcoco.COCOeval(coco, coco.load_res(str(files[1])), "bbox", lvis_style=True)
        run.run()
        result = run.get_results(per_class=True)
    names = ["AP", "AP50", "AP75", "APs", "APm", "APl", "AR@300", "ARs@300", "ARm@300", "ARl@300"]
    return {"stats": [result[name] for name in names],
            "per_class": {c["id"]: result[f"AP/{c['name']}"] for c in truth["categories"]}}


def write_federated():
    records = []
    for seed in range(40, 46):
        truth, detections = federated_problem(seed)
        labels = [[i["id"], i["neg_category_ids"], i["not_exhaustive_category_ids"]] for i in truth["images"]]
        records.append({"name": f"seed {seed}", **compact(truth, detections), "labels": labels,
                        "expected": run_hotcoco_federated(truth, detections)})
    write_document(GOLDEN / "coco_eval_federated.json", "hotcoco", "write-federated", records,
                   {**COLUMNS, "labels": "image_id neg_category_ids not_exhaustive_category_ids",
                    "stats": "ap ap50 ap75 ap_small ap_medium ap_large ar ar_small ar_medium ar_large",
                    "per_class": "ap"})


def random_problem(seed):
    pick = random.Random(seed).choice
    return Maker(seed, images=pick([1, 3, 12]), categories=pick([1, 2, 6]), truths=pick([1, 5, 25]),
                 noise=pick([0, 5, 150]), jitter=pick([0, 0.05, 0.12, 0.3]), crowd=pick([0, 0.1, 0.5]),
                 score_steps=pick([0, 0, 1, 5, 50]), sizes=pick([(1, 30), (8, 200), (90, 700)]),
                 grid=pick([0.01, 0.1, 1, 4]), mask_area=pick([False, True]), duplicates=pick([0, 1, 4]),
                 sparse=pick([False, True]), shuffle=pick([False, True]), crowd_members=pick([0, 3])).make()


def run_program(program, truth, detections, folder):
    files = {"gt": folder / "gt.json", "dt": folder / "dt.json"}
    files["gt"].write_text(json.dumps(truth))
    files["dt"].write_text(json.dumps(detections))
    command = program if "{gt}" in program else program + " {gt} {dt}"
    words = [word.format(**files) for word in shlex.split(command)]
    return json.loads(subprocess.run(words, check=True, capture_output=True, text=True).stdout)


def largest_difference(expected, found):
    pairs = list(zip(expected["stats"], found["stats"]))
    for category, of_class in expected["per_class"].items():
        pairs += [(value, found["per_class"][f"class {category}"][name])
                  for name, value in zip(NAMES, of_class["stats"])]
    return max(abs(a - b) for a, b in pairs)


def compare(program, count):
    worst = 0.0
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(count):
            truth, detections = random_problem(1000 + seed)
            found = run_program(program, truth, detections, pathlib.Path(folder))
            difference = largest_difference(run_pycocotools(truth, detections), found)
            worst = max(worst, difference)
            if difference > TOLERANCE:
                print(f"seed {1000 + seed}: differs by {difference:g}")
    print(f"{count} random problems: largest difference {worst:g}")
    return 0 if worst <= TOLERANCE else 1


def main(arguments):
    if arguments[:1] == ["write"]:
        return write()
    if arguments[:1] == ["write-federated"]:
        return write_federated()
    if arguments[:1] == ["compare"] and len(arguments) in (2, 3):
        return compare(arguments[1], int(arguments[2]) if len(arguments) == 3 else 200)
    sys.exit(__doc__)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
