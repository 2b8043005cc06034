#!/usr/bin/env python3
"""What a teacher is worth to a thin student on five partly labelled data sets.

    banyan train configs/people.json --out runs/people
    benchmarks/distilling.py --teacher runs/people/weights/last.banyan.safetensors --out runs/distilling

The student is MobileNetV2 at width 0.35 with a neck of 48 channels, at 192 px, from weights cut out of the full network's
(thin_weights.py); the teacher sees the same pictures.
Arms, each trained with every seed:
  plain    labels alone
  logits   the teacher's scores and boxes, with the defaults of train/teachers
  hints    three levels of the teacher's neck (PKD), nothing else
  both     logits and hints
and with --arms, for ablations
  t1, t2              logits at those temperatures
  open, refine1       t1 only where nothing is labelled, and with refine_weight 1
  cross               logits through the teacher's head
  cwd, l2             hints of those kinds
  p4, backbone        a hint at one level, and hints before the neck
  labelled            no teacher in training, but data sets that networks of other projects completed; --labelled names the result of
                      banyan distill label configs/people.json --teachers configs/teachers/foreign.json --iou 0.4 --floor 0.15
  refreshed           the same once more with `--student` and a network of the arm labelled; --refreshed names the result

A run is one process with one thread; --jobs of them run at once. Finished runs are kept: a stopped experiment goes on when it is
started again. The end prints Markdown: AP and AP50 per task (mean over seeds) and the gain over plain with paired bootstrap
intervals over pictures, and what is found where no data set labels it.
"""

import argparse
import json
import pathlib

import thin_weights
from masking import Runner, expanded, found_unlabelled, percent, train_all
from support import ROOT, load, positive, save

NECK = [f"trunk.neck.smooth.p{level}.act" for level in (3, 4, 5)]
BACKBONE = ["trunk.backbone.features.6.add", "trunk.backbone.features.13.add", "trunk.backbone.features.17.conv.3"]
WIDTH = 0.35  # of the student's backbone


def hints(values=NECK, kind="pkd"):
    return [{"value": value, "kind": kind} for value in values]


ARMS = {  # what the teacher's entry in train/teachers says beside its file
    "plain": None,
    "logits": {},
    "hints": {"weight": 0, "hints": hints()},
    "both": {"hints": hints()},
    "t1": {"temperature": 1},
    "t2": {"temperature": 2},
    "open": {"temperature": 1, "refine_weight": 0},
    "refine1": {"temperature": 1, "refine_weight": 1},
    "cross": {"cross": True},
    "cwd": {"weight": 0, "hints": hints(kind="cwd")},
    "l2": {"weight": 0, "hints": hints(kind="l2")},
    "p4": {"weight": 0, "hints": hints(NECK[1:2])},
    "backbone": {"weight": 0, "hints": hints(BACKBONE)},
    "labelled": None,
    "refreshed": None,
}
COMPLETED = ["labelled", "refreshed"]  # arms with data sets of their own


def student(steps, folder):
    config = expanded(load(ROOT / "configs" / "people.json"))
    config["model"]["input_side"] = 192
    config["model"]["backbone"]["width"] = WIDTH
    config["model"]["neck"]["channels"] = 48
    config["loader"]["sides"] = [192]
    config["transforms"]["close_augmentation_after"] = steps * 85 // 100
    config["train"].update(steps=steps, trunk_norm="batch", backbone_lr_scale=1, eval_every=0)
    weights = folder / "thin.safetensors"
    thin_weights.write(weights, thin_weights.thin(thin_weights.read(pathlib.Path(config["train"]["pretrained"])), WIDTH))
    config["train"]["pretrained"] = str(weights)
    return config


def completed(config, labelled):
    """The config with the data sets of a datasets.json of `banyan distill label`."""
    datasets = load(labelled)["datasets"]
    for dataset in datasets:
        dataset["root"] = str((labelled.parent / dataset["root"]).resolve())
    return {**config, "datasets": datasets}


def report(runner, config, names, seeds):
    results = {name: [runner.judge(name, config, seed) for seed in seeds] for name in names}
    against = {name: runner.compare(results[name], results["plain"]) for name in names}
    tasks = list(against["plain"]["tasks"])
    lines = [f"Seeds {seeds[0]} to {seeds[-1]}; brackets: 95 % of {against['plain']['resamples']} resamples of "
             f"{against['plain']['images']} pictures.", ""]
    for metric, title in (("ap", "AP"), ("ap50", "AP50")):
        lines += [f"| {title} | " + " | ".join([*tasks, "mean", "gain", "seconds"]) + " |", "|" + "---|" * (len(tasks) + 4)]
        for name in names:
            rows = [against[name]["tasks"][task][metric] for task in tasks] + [against[name]["mean"][metric]]
            cells = [f"{100 * row['sides'][0]['estimate']:.1f}" for row in rows]
            gain = "" if name == "plain" else percent(rows[-1], "differences", 0)
            lines.append("| " + " | ".join([name, *cells, gain, f"{runner.seconds(name, seeds):.0f}"]) + " |")
        lines.append("")
        for name in names:
            if name == "plain":
                continue
            rows = [against[name]["tasks"][task][metric] for task in tasks]
            lines.append(f"{name} minus plain, {title}: " +
                         ", ".join(f"{task} {percent(row, 'differences', 0)}" for task, row in zip(tasks, rows)))
        lines.append("")
    lines += found_unlabelled(runner, load(config), results)
    text = "\n".join(lines) + "\n"
    (runner.folder / "report.md").write_text(text, encoding="utf-8")
    print(text)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--teacher", type=pathlib.Path, required=True, help="model file of the five tasks")
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--banyan", default=ROOT / "build/release/bin/banyan")
    parser.add_argument("--steps", type=positive, default=2000)
    parser.add_argument("--seeds", type=positive, default=3)
    parser.add_argument("--jobs", type=positive, default=2, help="runs at once, one thread each")
    parser.add_argument("--arms", default="plain,logits,hints,both", help="plain always; those of the list above")
    for name in COMPLETED:
        parser.add_argument(f"--{name}", type=pathlib.Path, help=f"datasets.json of `banyan distill label`, for the arm {name}")
    args = parser.parse_args()
    names = list(dict.fromkeys(["plain", *args.arms.split(",")]))
    for name in names:
        if name not in ARMS:
            parser.error(f"--arms: no arm \"{name}\"; there are {', '.join(ARMS)}")
    for name in COMPLETED:
        if name in names and vars(args)[name] is None:
            parser.error(f"--arms {name} needs --{name}")
    args.set = []
    folder = args.out.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    config = folder / "student.json"
    save(config, student(args.steps, folder))
    arms = []
    for name in names:
        of_arm = config
        if name in COMPLETED:
            of_arm = folder / f"{name}.json"
            save(of_arm, completed(load(config), vars(args)[name].resolve()))
        teachers = [] if ARMS[name] is None else [{"model": str(args.teacher.resolve()), **ARMS[name]}]
        arms.append((name, of_arm, ["--set", "/train/teachers=" + json.dumps(teachers)]))
    runner = Runner(args, folder)
    seeds = list(range(1, args.seeds + 1))
    train_all(runner, arms, seeds, args.jobs)
    report(runner, config, names, seeds)


if __name__ == "__main__":
    main()
