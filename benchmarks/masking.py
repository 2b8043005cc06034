#!/usr/bin/env python3
"""Masked against naive training, full labels and single-task networks, on real pictures.

    benchmarks/masking.py vest --out runs/masking-vest       half of the pictures lose their head labels, half their torsos
    benchmarks/masking.py people --out runs/masking-people   five data sets that label one or two of five tasks each

Arms, each trained with every seed:
  masked   a task learns from the pictures that label it
  naive    what a data set does not label is background
  full     every label of every picture (vest only): the upper bound
  single   one network a task, with just the rows of that task that each batch of the joint run holds
  taught   masked, with a teacher: the network of --teacher, or the masked one of the same seed (only with --arms)

A run is one process with one thread; --jobs of them run at once. Finished runs are kept: a stopped experiment goes on when it is
started again. The end prints Markdown: AP and AP50 per task (mean over seeds), paired bootstrap intervals over pictures of the
differences, what each arm finds where nobody labelled it, and what it cost.
"""

import argparse
import concurrent.futures
import json
import os
import pathlib
import random
import sys

from support import ROOT, call, load, save

HALVES_SEED = 0  # which picture loses which label; the same for all arms and seeds

# What no validation set can judge, a part tells: where a face is labelled there is a head, and a person (part, whole).
PARTS = [("face", "head"), ("face", "person"), ("head", "person"), ("torso", "person")]
PART_SCORE = 0.3   # a detection of the whole counts from this score on,
PART_COVER = 0.8   # if it covers so much of the part
PART_LARGEST = 50  # and is at most so many times as large


def expanded(config):
    """The config as the program reads it: defaults for environment variables, paths made absolute."""
    for key in ("datasets", "validation"):
        for dataset in config[key]:
            dataset["root"] = absolute(dataset["root"])
    config["train"]["pretrained"] = absolute(config["train"]["pretrained"])
    return config


def absolute(path):
    head, _, rest = path.partition("}")
    name, _, default = head.removeprefix("${").partition(":-")
    return os.path.normpath(ROOT / "configs" / ((os.environ.get(name) or default) + rest))


def halved(config, folder):
    """The vest config with heads labelled in one half of the pictures and torsos in the other."""
    full = config["datasets"][0]
    names = (pathlib.Path(full["root"]) / full["split"]).read_text(encoding="utf-8").splitlines()
    random.Random(HALVES_SEED).shuffle(names)
    middle = len(names) // 2
    halves = {"head": names[:middle], "torso": names[middle:]}
    config["datasets"] = []
    for task, pictures in halves.items():
        split = folder / f"{task}s.txt"
        split.write_text("\n".join(pictures) + "\n", encoding="utf-8")
        classes = {source: ours for source, ours in full["classes"].items() if ours == task}
        config["datasets"].append({**full, "name": f"{task}s", "split": str(split), "classes": classes})
    return config


def rows_of(config, task):
    """Rows of a joint batch that label the task."""
    ratios = [dataset.get("ratio", 1) for dataset in config["datasets"]]
    mine = sum(r for r, d in zip(ratios, config["datasets"]) if task in d["classes"].values())
    return max(1, round(config["loader"]["batch_size"] * mine / sum(ratios)))


def plan(experiment, folder, wanted, teacher):
    """[(arm, config path, extra options)]; {SEED} in an option is the run's."""
    base = ROOT / "configs" / ("safety_vest.json" if experiment == "vest" else "people.json")
    joint = expanded(load(base))
    if experiment == "vest":
        joint = halved(joint, folder)
    joint["train"]["eval_every"] = 0
    save(folder / "joint.json", joint)
    arms = [("masked", folder / "joint.json", []),
            ("naive", folder / "joint.json", ["--set", "/train/unlabelled=\"background\""])]
    if experiment == "vest":
        full = expanded(load(base))
        full["train"]["eval_every"] = 0
        save(folder / "full.json", full)
        arms.append(("full", folder / "full.json", []))
    for task in (entry["name"] for entry in joint["tasks"]):
        arms.append((f"single-{task}", folder / "joint.json",
                     ["--tasks", task, "--set", f"/loader/batch_size={rows_of(joint, task)}"]))
    teacher = teacher or folder / "masked-{SEED}" / "weights" / "last.banyan.safetensors"
    arms.append(("taught", folder / "joint.json", ["--set", f"/train/teachers=[{{\"model\": \"{teacher}\"}}]"]))
    return [arm for arm in arms if arm[0].split("-")[0] in wanted]


class Runner:
    def __init__(self, args, folder):
        self.banyan, self.options, self.folder = args.banyan, args.set, folder
        self.truth = folder / "truth.json"

    def call(self, arguments, log):
        return call(self.banyan, arguments, log)

    def claim(self, path, made_with):
        """Refuses to take a run of other options for this one."""
        if not path.exists():
            save(path, made_with)
        elif load(path) != made_with:
            raise RuntimeError(f"{path}: the run was made with another config or other options; give another --out")

    def train(self, arm, config, extra, seed):
        out = self.folder / f"{arm}-{seed}"
        extra = [word.replace("{SEED}", str(seed)) for word in extra]
        changes = [f"/train/seed={seed}", "/train/threads=1", *self.options]
        self.claim(pathlib.Path(f"{out}.made-with.json"), {"config": load(config), "options": [*extra, *changes]})
        if (out / "report.html").exists():
            return
        resume = ["--resume"] if (out / "config.json").exists() else []
        self.call(["train", config, "--out", out, *extra, *resume, *(word for c in changes for word in ("--set", c))],
                  f"{out}.log")
        print(f"finished {arm}, seed {seed}", file=sys.stderr, flush=True)

    def judge(self, arm, config, seed):
        """Detections of one network, numbered as in the ground truth that the first call writes."""
        out = self.folder / f"{arm}-{seed}"
        results = f"{out}.json"
        if not os.path.exists(results):
            ids = ["--ids-of", self.truth] if self.truth.exists() else ["--save-ground-truth", self.truth]
            self.call(["eval", "--model", out / "weights" / "last.banyan.safetensors", "--data", config, "--split",
                       "validation", "--save-predictions", results, *ids], f"{out}.log")
        return results

    def compare(self, ours, others):
        """Paired bootstrap of two arms; each is a list of results, one a seed."""
        return json.loads(self.call(["compare", "--ground-truth", self.truth, "--a", *ours, "--b", *others, "--json"],
                                    self.folder / "compare.log"))

    def seconds(self, arm, seeds):
        """Of the training steps alone, mean over the seeds."""
        config = load(self.folder / f"{arm}-{seeds[0]}" / "config.json")
        rows = config["loader"]["batch_size"] * config["train"]["log_every"]
        total = 0
        for seed in seeds:
            lines = (self.folder / f"{arm}-{seed}" / "timing.jsonl").read_text(encoding="utf-8").splitlines()
            total += sum(rows / line["images_per_second"] for line in map(json.loads, lines) if "images_per_second" in line)
        return total / len(seeds)

    def parameters(self, arm, seed):
        model = self.folder / f"{arm}-{seed}" / "weights" / "last.banyan.safetensors"
        return json.loads(self.call(["explain", model, "--json"], self.folder / "compare.log"))["total"]["parameters"]


def percent(metric, kind, index):
    value = metric[kind][index]
    sign = "+" if kind == "differences" else ""
    return f"{100 * value['estimate']:{sign}.1f} [{100 * value['low']:{sign}.1f}, {100 * value['high']:{sign}.1f}]"


def covers(whole, part):
    """Boxes are x, y, width, height."""
    width = min(whole[0] + whole[2], part[0] + part[2]) - max(whole[0], part[0])
    height = min(whole[1] + whole[3], part[1] + part[3]) - max(whole[1], part[1])
    area = part[2] * part[3]
    return min(width, height) > 0 and width * height >= PART_COVER * area and whole[2] * whole[3] <= PART_LARGEST * area


def unlabelled_wholes(truth, labelled):
    """{(part, whole): [(image id, box of a labelled part)]} of pictures whose set does not label the whole."""
    names = {category["id"]: category["name"] for category in truth["categories"]}
    sets = {image["id"]: image["file_name"].partition("/")[0] for image in truth["images"]}
    wholes = {}
    for part, whole in PARTS:
        if whole not in names.values():
            continue
        boxes = [(a["image_id"], a["bbox"]) for a in truth["annotations"]
                 if names[a["category_id"]] == part and whole not in labelled[sets[a["image_id"]]] and not a["iscrowd"]]
        if boxes:
            wholes[part, whole] = boxes
    return wholes


def share_found(boxes, whole_id, files):
    found = {}
    for file in files:
        for detection in load(file):
            if detection["category_id"] == whole_id and detection["score"] >= PART_SCORE:
                found.setdefault(detection["image_id"], []).append(detection["bbox"])
    return sum(any(covers(whole, box) for whole in found.get(image, [])) for image, box in boxes) / len(boxes)


def found_unlabelled(runner, config, results):
    """Markdown: how much of what no data set labels there each arm finds, mean over the seeds. (Single-task networks are
    run on the sets of their task only.)"""
    truth = load(runner.truth)
    labelled = {entry["name"]: set(entry["classes"].values()) for entry in config["validation"]}
    ids = {category["name"]: category["id"] for category in truth["categories"]}
    wholes = unlabelled_wholes(truth, labelled)
    if not wholes:
        return []
    lines = [f"Of labelled parts in sets that do not label the whole, in percent those that a detection of the whole of score "
             f">= {PART_SCORE} covers:", "",
             "| arm | " + " | ".join(f"{whole} at a {part} ({len(boxes)})" for (part, whole), boxes in wholes.items()) + " |",
             "|" + "---|" * (len(wholes) + 1)]
    for arm, seeds in results.items():
        shares = [100 * sum(share_found(boxes, ids[whole], files.split(",")) for files in seeds) / len(seeds)
                  for (_, whole), boxes in wholes.items()]
        lines.append(f"| {arm} | " + " | ".join(f"{share:.0f}" for share in shares) + " |")
    return [*lines, ""]


def report(runner, arms, seeds):
    """Markdown on stdout and in report.md."""
    configs = {arm: config for arm, config, _ in arms}
    results = {arm: [runner.judge(arm, configs[arm], seed) for seed in seeds] for arm in configs}
    singles = [arm for arm in configs if arm.startswith("single-")]
    results["single"] = [",".join(results[arm][i] for arm in singles) for i in range(len(seeds))]
    shown = [arm for arm in ("masked", "taught", "naive", "full", "single") if results.get(arm, [""])[0]]
    against = {arm: runner.compare(results["masked"], results[arm]) for arm in shown}
    tasks = list(against["masked"]["tasks"])
    lines = [f"Seeds {seeds[0]} to {seeds[-1]}; brackets: 95 % of {against['masked']['resamples']} resamples of "
             f"{against['masked']['images']} pictures.", ""]
    for metric, title in (("ap", "AP"), ("ap50", "AP50")):
        lines += [f"| {title} | " + " | ".join([*tasks, "mean", "masked minus this, mean"]) + " |",
                  "|" + "---|" * (len(tasks) + 3)]
        for arm in shown:
            rows = [against[arm]["tasks"][task][metric] for task in tasks] + [against[arm]["mean"][metric]]
            cells = [percent(row, "sides", 1) for row in rows]
            difference = "" if arm == "masked" else percent(rows[-1], "differences", 0)
            lines.append("| " + " | ".join([arm, *cells, difference]) + " |")
        lines.append("")
        for arm in shown[1:]:
            rows = [against[arm]["tasks"][task][metric] for task in tasks]
            lines.append(f"masked minus {arm}, {title}: " +
                         ", ".join(f"{task} {percent(row, 'differences', 0)}" for task, row in zip(tasks, rows)))
        lines.append("")
    lines += found_unlabelled(runner, load(configs["masked"]), {arm: results[arm] for arm in shown if arm != "single"})
    lines += ["| cost | seconds of training | parameters |", "|---|---|---|"]
    for arm in shown:
        parts = singles if arm == "single" else [arm]
        seconds = sum(runner.seconds(part, seeds) for part in parts)
        parameters = sum(runner.parameters(part, seeds[0]) for part in parts)
        lines.append(f"| {arm} | {seconds:.0f} | {parameters / 1e6:.2f} M |")
    text = "\n".join(lines) + "\n"
    (runner.folder / "report.md").write_text(text, encoding="utf-8")
    print(text)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("experiment", choices=["vest", "people"])
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--banyan", default=ROOT / "build/release/bin/banyan")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--jobs", type=int, default=2, help="runs at once, one thread each")
    parser.add_argument("--arms", default="masked,naive,full,single", help="masked always; those of the list above")
    parser.add_argument("--teacher", type=lambda path: pathlib.Path(path).resolve(), help="model file, for the arm taught")
    parser.add_argument("--set", action="append", default=[], metavar="POINTER=VALUE", help="changes every run's config")
    args = parser.parse_args()
    folder = args.out.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    runner = Runner(args, folder)
    arms = plan(args.experiment, folder, {"masked", *args.arms.split(",")}, args.teacher)
    seeds = list(range(1, args.seeds + 1))
    for taught in (False, True):  # teachers first
        train_all(runner, [arm for arm in arms if (arm[0] == "taught") == taught], seeds, args.jobs)
    report(runner, arms, seeds)


def train_all(runner, arms, seeds, jobs):
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        runs = [pool.submit(runner.train, *arm, seed) for seed in seeds for arm in arms]
        concurrent.futures.wait(runs, return_when=concurrent.futures.FIRST_EXCEPTION)
        for run in runs:
            run.cancel()
        for run in runs:
            if not run.cancelled():
                run.result()


if __name__ == "__main__":
    main()
