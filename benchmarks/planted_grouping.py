#!/usr/bin/env python3
"""Does the merge scheduler find a grouping of tasks that was planted in the data?

    benchmarks/planted_grouping.py --out runs/planted

Six tasks in three families: wide bars, tall bars, big rings. Tasks of a family share shape, size and aspect and differ by a dark
or light mark in the middle; the colours of the objects tell nothing. Every data set labels one task, and objects of the others
lie in its pictures unlabelled. Which task has which family and mark, their order in the config and all pictures follow from the
seed. Config and names tell nothing of the families; the planted grouping stands in planted.json beside, which only this script
reads.

For each seed: `banyan merge measure` trains a small network with a branch for each task, probes it and merges every pair
untrained; `banyan merge plan` chooses a plan with as many branches as there are families. It is found where all groups are the
planted ones. Three plans are made: with everything that was measured (all), without the merged pairs (no pairs), and with the
look-ahead and cosine of the gradients alone (gradients). Beside, the AP after merging without training of the planted grouping,
of the plan with everything (chosen), and of two wrong groupings: one family right and the others crossed (half), none right
(crossed).

A seed is one process with one thread at a time. Finished stages are kept: a stopped script goes on when it is started again. The
end prints Markdown.
"""

import argparse
import colorsys
import itertools
import json
import math
import pathlib
import random
import struct
import sys
import time
import zlib

from support import ROOT, call, load, save

SIDE = 96  # of the pictures and of the network's input, in pixels
FAMILIES = ("wide_bar", "tall_bar", "big_ring")
TASKS_OF_FAMILY = 2
MARKS = {"dark": (15, 15, 15), "light": (245, 245, 245)}  # in the middle of an object; a family has one task of each
TRAINING_PICTURES = 160  # of each task
VALIDATION_PICTURES = 300  # with labels of every task
MARGIN = 3  # pixels between objects
STEPS, PROBES_EVERY = 700, 70
VARIANTS = {"all": None,
            "no pairs": lambda key: key != "transplant_drop",
            "gradients": lambda key: key in ("look_ahead", "gradient_cosine")}


# Pictures


class Picture:
    """RGB on a noisy background."""

    def __init__(self, rng):
        self.pixels = bytearray(3 * SIDE * SIDE)
        base, spread = rng.randrange(70, 150), rng.randrange(10, 40)
        for channel in range(3):
            tint = base + rng.randrange(-15, 16)
            noise = bytes(tint + spread * (value - 128) // 256 for value in range(256))
            self.pixels[channel::3] = rng.randbytes(SIDE * SIDE).translate(noise)

    def span(self, row, begin, end, colour):
        if end > begin:
            at = 3 * (SIDE * row + begin)
            self.pixels[at:at + 3 * (end - begin)] = bytes(colour) * (end - begin)

    def png(self):
        rows = b"".join(b"\0" + self.pixels[3 * SIDE * y:3 * SIDE * (y + 1)] for y in range(SIDE))
        return b"\x89PNG\r\n\x1a\n" + b"".join(
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
            for kind, data in ((b"IHDR", struct.pack(">2I5B", SIDE, SIDE, 8, 2, 0, 0, 0)),
                               (b"IDAT", zlib.compress(rows, 1)), (b"IEND", b"")))


def size_of(family, rng):
    """Width and height of an object."""
    if family in ("wide_bar", "tall_bar"):
        long, short = rng.randrange(28, 53), rng.randrange(7, 14)
        return (long, short) if family == "wide_bar" else (short, long)
    side = rng.randrange(24, 39)
    return side, side


def draw_object(picture, task, colour, box):
    x, y, width, height = box
    if task["family"] == "big_ring":
        draw_ring(picture, colour, box)
    else:
        for row in range(y, y + height):
            picture.span(row, x, x + width, colour)
    across, down = {"wide_bar": (8, height), "tall_bar": (width, 8), "big_ring": (8, 8)}[task["family"]]
    left, top = x + (width - across) // 2, y + (height - down) // 2
    for row in range(top, top + down):
        picture.span(row, left, left + across, MARKS[task["mark"]])


def draw_ring(picture, colour, box):
    x, y, width, height = box
    radius = width / 2
    inner = radius - max(4, width // 7)
    for row in range(height):
        off = row + 0.5 - radius
        outer, hole = (math.sqrt(max(0.0, r * r - off * off)) for r in (radius, inner))
        left, right = round(radius - outer), round(radius + outer)
        hole_left, hole_right = (round(radius - hole), round(radius + hole)) if hole > 0 else (right, right)
        picture.span(y + row, x + left, x + hole_left, colour)
        picture.span(y + row, x + hole_right, x + right, colour)


def place(taken, width, height, rng):
    """A free place, or None."""
    for _ in range(30):
        x, y = rng.randrange(SIDE - width + 1), rng.randrange(SIDE - height + 1)
        if all(x + width + MARGIN <= a or a + w + MARGIN <= x or y + height + MARGIN <= b or b + h + MARGIN <= y
               for a, b, w, h in taken):
            return x, y, width, height
    return None


def draw_picture(tasks, first, rng):
    """Picture and [(task, box)]: two or three objects of the first task, none to two of each other, as far as there is room."""
    picture, objects = Picture(rng), []
    wanted = [task for task in tasks if task["name"] != first for _ in range(rng.choice((0, 0, 1, 1, 2)))]
    rng.shuffle(wanted)
    own = [task for task in tasks if task["name"] == first] * rng.choice((2, 3))
    for task in own + wanted:
        box = place([box for _, box in objects], *size_of(task["family"], rng), rng)
        if box:
            tone = colorsys.hsv_to_rgb(rng.random(), rng.uniform(0.8, 0.9), rng.uniform(0.8, 1))
            colour = [round(255 * value) for value in tone]
            draw_object(picture, task, colour, box)
            objects.append((task["name"], box))
    return picture, objects


def draw_set(folder, tasks, labelled, count, rng):
    """A COCO set that labels the tasks named."""
    images = folder / "images"
    images.mkdir(parents=True, exist_ok=True)
    truth = {"images": [], "annotations": [],
             "categories": [{"id": i + 1, "name": name} for i, name in enumerate(labelled)]}
    for number in range(1, count + 1):
        picture, objects = draw_picture(tasks, labelled[number % len(labelled)], rng)
        name = f"{number:04}.png"
        (images / name).write_bytes(picture.png())
        truth["images"].append({"id": number, "file_name": name, "width": SIDE, "height": SIDE})
        for task, box in objects:
            if task in labelled:
                truth["annotations"].append({"id": len(truth["annotations"]) + 1, "image_id": number, "bbox": list(box),
                                             "category_id": labelled.index(task) + 1, "area": box[2] * box[3], "iscrowd": 0})
    save(folder / "labels.json", truth)


def plant(seed, folder):
    """Draws all data of a seed; returns {"tasks": [{"name", "family", "mark"}], "groups": [[name]]}."""
    done = folder / "planted.json"
    if done.exists():
        return load(done)
    rng = random.Random(f"planted grouping {seed}")
    tasks = [{"family": family, "mark": mark} for family in FAMILIES for mark in MARKS]
    rng.shuffle(tasks)
    for letter, task in zip("abcdefghij", tasks):
        task["name"] = f"task_{letter}"
    for task in tasks:
        draw_set(folder / "data" / task["name"], tasks, [task["name"]], TRAINING_PICTURES, rng)
    draw_set(folder / "data" / "validation", tasks, [task["name"] for task in tasks], VALIDATION_PICTURES, rng)
    planted = {"tasks": tasks,
               "groups": [[task["name"] for task in tasks if task["family"] == family] for family in FAMILIES]}
    save(done, planted)
    return planted


# The program


def config_of(planted, seed, folder):
    names = [task["name"] for task in planted["tasks"]]
    coco = {"format": "coco", "images": "images", "annotations": "labels.json"}
    head = {"depth": 1, "width": 32, "box_bins": 16}
    return {
        "schema_version": 1,
        "tasks": [{"name": name} for name in names],
        "model": {
            "input_side": SIDE,
            "backbone": {"type": "mobilenet_v2", "width": 0.35, "last_level": 3},
            "neck": {"type": "fpn", "channels": 8, "first_level": 3, "last_level": 3},
            "branches": [{"name": name, "anchors": {"kind": "points", "levels": [3]}, "head": head,
                          "matcher": {"type": "tal"}} for name in names]},
        "datasets": [{**coco, "name": name, "root": str(folder / "data" / name), "classes": {name: name}} for name in names],
        "validation": [{**coco, "name": "validation", "root": str(folder / "data" / "validation"),
                        "classes": {name: name for name in names}}],
        "loader": {"batch_size": 18, "sides": [SIDE]},
        "transforms": {"scale_low": 1.0, "scale_high": 1.0, "hue_degrees": 0, "saturation": 0, "brightness": 0.1,
                       "contrast": 0.1},
        # A strong decay: what chance put into the towers fades, what their tasks need remains.
        "train": {"steps": STEPS, "lr": 0.01, "weight_decay": 1.0, "backbone_lr_scale": 1.0, "warmup_steps": 40,
                  "ema_decay": 0.98, "trunk_norm": "batch", "threads": 1, "seed": seed, "eval_every": 0,
                  "checkpoint_every": 200}}


def claimed_config(planted, seed, folder):
    """Refuses to go on with what another version of this script began."""
    path, wanted = folder / "config.json", config_of(planted, seed, folder)
    if not path.exists():
        save(path, wanted)
    elif load(path) != wanted:
        raise RuntimeError(f"{path}: the seed was begun with another config; give another --out")
    return path


class Runner:
    def __init__(self, banyan, folder):
        self.banyan, self.folder = banyan, folder

    def call(self, *arguments):
        return call(self.banyan, arguments, self.folder / "banyan.log")

    def measure(self, config):
        out = self.folder / "measure"
        if not (out / "affinity.html").exists():
            resume = ["--resume"] if out.exists() else []
            self.call("merge", "measure", config, "--out", out, "--every", PROBES_EVERY, "--pairs", "on", "--images", 128,
                      "--threads", 1, *resume)
        return out

    def accuracies(self, config, model):
        kept = self.folder / "accuracies.json"
        if not kept.exists():
            judged = json.loads(self.call("eval", "--model", model, "--data", config, "--split", "validation", "--json"))
            save(kept, judged["tasks"])
        return load(kept)

    def plan(self, affinities, variant, accuracies, branches):
        """Groups of the best plan, with the matrices that the variant leaves; no cost but the number of branches counts."""
        kept = VARIANTS[variant]
        shown = dict(affinities)
        if kept:
            shown["matrices"] = [matrix for matrix in affinities["matrices"] if kept(matrix["key"])]
        file = self.folder / f"affinities-{variant.replace(' ', '-')}.json"
        save(file, shown)
        text = ",".join(f"{task}={max(value['ap'], 1e-3):.6f}" for task, value in accuracies.items())
        plan = json.loads(self.call("merge", "plan", "--affinities", file, "--budget", f"branches={branches}", "--accuracies",
                                    text, "--json"))
        return {"groups": sorted(sorted(group["tasks"]) for group in plan["groups"]), "loss": plan["loss"]}

    def apply(self, config, model, name, groups):
        """Mean AP of the tasks when the groups are merged without training."""
        kept = self.folder / "applied.json"
        applied = load(kept) if kept.exists() else {}
        if name not in applied:
            applied[name] = self.applied_ap(config, model, groups)
            save(kept, applied)
        return applied[name]

    def applied_ap(self, config, model, groups):
        text = " | ".join("+".join(group) for group in groups)
        result = json.loads(self.call("merge", "apply", "--model", model, "--plan", text, "--data", config, "--out",
                                      self.folder / "applied.safetensors", "--json"))
        return result["after"]["mean_ap"]


# The comparison


def rand_index(plan, planted):
    """Share of the pairs of tasks on which both groupings agree: together or apart."""
    def together(groups):
        return {pair for group in groups for pair in itertools.combinations(sorted(group), 2)}
    tasks = sorted(task for group in planted for task in group)
    pairs = list(itertools.combinations(tasks, 2))
    ours, theirs = together(plan), together(planted)
    return sum((pair in ours) == (pair in theirs) for pair in pairs) / len(pairs)


def wrong_groupings(planted):
    """Every pair of two families; one family right and the other two crossed."""
    (a, b), (c, d), (e, f) = planted
    return {"crossed": [[a, d], [c, f], [e, b]], "half": [[a, b], [c, f], [e, d]]}


def rank_of(planted, affinities, accuracies):
    """Place of the planted grouping among all into pairs, by the relative AP that merged pairs lose; 1 is the best."""
    tasks = affinities["tasks"]
    drops = next(matrix["mean"] for matrix in affinities["matrices"] if matrix["key"] == "transplant_drop")

    def loss(pair):
        i, j = (tasks.index(task) for task in pair)
        return drops[i][j] / accuracies[tasks[j]]["ap"] + drops[j][i] / accuracies[tasks[i]]["ap"]

    def pairings(left):
        if not left:
            yield 0
        for other in left[1:]:
            rest = [task for task in left[1:] if task != other]
            yield from (loss((left[0], other)) + further for further in pairings(rest))

    ours = sum(map(loss, planted))
    return 1 + sum(other < ours - 1e-9 for other in pairings(tasks))


def run_seed(args, seed):
    folder = args.out.resolve() / f"seed-{seed}"
    folder.mkdir(parents=True, exist_ok=True)
    begin = time.monotonic()
    planted = plant(seed, folder)
    config = claimed_config(planted, seed, folder)
    runner = Runner(args.banyan, folder)
    out = runner.measure(config)
    model = out / "unmerged.banyan.safetensors"
    affinities, accuracies = load(out / "affinities.json"), runner.accuracies(config, model)
    groups = planted["groups"]
    plans = {variant: runner.plan(affinities, variant, accuracies, len(FAMILIES)) for variant in VARIANTS}
    for plan in plans.values():
        plan["rand_index"] = rand_index(plan["groups"], groups)
    judged = {"planted": groups, "chosen": plans["all"]["groups"], **wrong_groupings(groups)}
    result = {"seed": seed, "planted": groups, "accuracies": accuracies, "plans": plans,
              "rank": rank_of(groups, affinities, accuracies),
              "applied": {name: runner.apply(config, model, name, merged) for name, merged in judged.items()}}
    save(folder / "result.json", result)
    print(f"seed {seed}: {'found' if is_found(result, 'all') else 'not found'}, {time.monotonic() - begin:.0f} s",
          file=sys.stderr, flush=True)
    return result


def is_found(result, variant):
    return sorted(map(sorted, result["planted"])) == result["plans"][variant]["groups"]


def short(groups):
    return " ".join("".join(sorted(task.removeprefix("task_") for task in group)) for group in sorted(map(sorted, groups)))


def report(results):
    """Markdown."""
    def mean(values):
        values = list(values)
        return sum(values) / len(values)

    lines = ["| seed | mean AP50 (least) | planted | plan: all | no pairs | gradients | rank | AP unmerged; planted / chosen / "
             "half / crossed |", "|---|---|---|---|---|---|---|---|"]
    for result in results:
        ap50 = [task["ap50"] for task in result["accuracies"].values()]
        cells = []
        for variant, plan in result["plans"].items():
            verdict = "found" if is_found(result, variant) else "**not found**"
            cells.append(f"{short(plan['groups'])}: {verdict}, {plan['rand_index']:.2f}")
        applied = result["applied"]
        before = mean(task["ap"] for task in result["accuracies"].values())
        after = " / ".join(f"{applied[key]:.3f}" for key in ("planted", "chosen", "half", "crossed"))
        lines.append("| " + " | ".join([str(result["seed"]), f"{mean(ap50):.3f} ({min(ap50):.3f})", short(result["planted"]),
                                        *cells, str(result["rank"]), f"{before:.3f}; {after}"]) + " |")
    lines.append("")
    for variant in VARIANTS:
        hits = sum(is_found(result, variant) for result in results)
        index = mean(result["plans"][variant]["rand_index"] for result in results)
        lines.append(f"- {variant}: found in {hits} of {len(results)} seeds, mean Rand index {index:.2f}")
    count = len(FAMILIES) * TASKS_OF_FAMILY
    alike = math.factorial(count) // (math.factorial(TASKS_OF_FAMILY) ** len(FAMILIES) * math.factorial(len(FAMILIES)))
    chance = 1 / alike
    hits = sum(is_found(result, "all") for result in results)
    likely = sum(math.comb(len(results), k) * chance**k * (1 - chance)**(len(results) - k) for k in range(hits, len(results) + 1))
    wrong = sum(r["applied"]["planted"] > max(r["applied"]["half"], r["applied"]["crossed"]) for r in results)
    missed = [r["applied"] for r in results if not is_found(r, "all")]
    better = sum(applied["planted"] > applied["chosen"] for applied in missed)
    lines += [f"- a random grouping into groups of the same sizes: found with probability 1/{alike} = {chance:.3f} a seed; "
              f"{hits} or more of {len(results)}: {likely:.2g}",
              f"- of the {alike} groupings of these sizes the planted one loses least, by the merged pairs, in "
              f"{sum(r['rank'] == 1 for r in results)} of {len(results)} seeds",
              f"- merged untrained, the planted grouping has a higher AP than both wrong ones in {wrong} of {len(results)} "
              f"seeds, and than the chosen one in {better} of {len(missed)} that missed it", "",
              "Plans: tasks by letter, Rand index against the planted grouping. Rank: of the planted grouping among those of its "
              "sizes, by the merged pairs. AP: mean of the tasks; behind the semicolon merged untrained.", "",
              f"found in {hits} of {len(results)} seeds"]
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--banyan", default=ROOT / "build/release/bin/banyan")
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--first-seed", type=int, default=1)
    args = parser.parse_args()
    results = [run_seed(args, seed) for seed in range(args.first_seed, args.first_seed + args.seeds)]
    text = report(results)
    (args.out / "report.md").write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
