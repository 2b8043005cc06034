#!/usr/bin/env python3
"""Merging five tasks of real pictures: separate networks, a branch each, every pair, planned merges, one branch for all.

    benchmarks/masking.py people --out runs/masking-people --seeds 1 --arms masked,single
    benchmarks/merging.py --masking runs/masking-people --out runs/merging-people

Takes the joint network and the single-task networks of the masking experiment (seed 1). Measures how the tasks get on, plans for
two and three branches, and merges both plans, all tasks and every pair without training; then heals the first three, and as many
of the pairs as --pairs says, the best predicted ones first. The end prints Markdown: AP per task, measured latency, parameters,
and the rank correlation of predicted and found accuracies. A stopped call goes on when it is started again.
"""

import argparse
import itertools
import json
import pathlib
import shutil

from support import ROOT, call, load


class Merging:
    def __init__(self, args):
        self.args, self.folder = args, args.out.resolve()
        self.folder.mkdir(parents=True, exist_ok=True)
        self.run = args.masking.resolve() / "masked-1"
        self.config = self.run / "config.json"
        self.tasks = [task["name"] for task in load(self.config)["tasks"]]

    def banyan(self, *words):
        """The program's JSON; exit code 8 is that no plan passes, which the result tells."""
        return json.loads(call(self.args.banyan, words, self.folder / "merging.log", passing=(0, 8)))

    def measured(self, folder):
        """Options with which the network is measured; the same for all calls."""
        return [self.config, "--run", self.run, "--out", self.folder / folder, "--probes", self.args.probes, "--threads",
                self.args.threads, "--resume", "--json"]

    def accuracies(self):
        """AP of the joint network, as --accuracies takes them."""
        found = self.banyan("eval", "--model", self.run / "weights" / "last.banyan.safetensors", "--data", self.config,
                            "--split", "validation", "--json")
        return ",".join(f"{task}={found['tasks'][task]['ap']:.4f}" for task in self.tasks)

    def planned(self, branches, accuracies):
        out = self.folder / "measure"
        plan = self.banyan("merge", "plan", "--affinities", out / "affinities.json", "--costs", out / "costs.json",
                           "--budget", f"branches={branches}", "--accuracies", accuracies, "--json")
        return text_of(group["tasks"] for group in plan["groups"])

    def plans(self):
        """[(what it is, plan)], no plan twice."""
        self.banyan("merge", "measure", *self.measured("measure"))
        accuracies = self.accuracies()
        wanted = [("planned for 2 branches", self.planned(2, accuracies)),
                  ("planned for 3 branches", self.planned(3, accuracies)), ("one branch", "+".join(self.tasks))]
        for pair in itertools.combinations(self.tasks, 2):
            groups = [list(pair)] + [[task] for task in self.tasks if task not in pair]
            wanted.append(("pair", text_of(sorted(groups, key=lambda group: self.tasks.index(group[0])))))
        seen = {}
        for what, plan in wanted:
            seen.setdefault(plan, what)
        return [(what, plan) for plan, what in seen.items()]

    def auto(self, folder, plans, *options):
        """Result of `merge auto` for these plans, in a folder that begins with the measurement."""
        if not (self.folder / folder).exists():
            shutil.copytree(self.folder / "measure", self.folder / folder)
        return self.banyan("merge", "auto", *self.measured(folder), "--budget", "branches=4", "--seeds", self.args.seeds,
                           "--heal-set", f"/train/threads={self.args.threads}", *options, "--plans",
                           *(plan for _, plan in plans))

    def untrained(self, plans):
        """Of all plans; the first is healed for one step, and taken whatever it loses."""
        return self.auto("untrained", plans, "--heal-steps", 1, "--max-drop", 100)

    def healed(self, plans):
        return self.auto("healed", plans, "--heal-steps", self.args.heal_steps, "--try-all")

    def single_networks(self):
        """AP of each task's own network, and their parameters; nothing where they were not trained."""
        folder, found, parameters = self.args.masking.resolve(), {}, 0
        for task in self.tasks:
            model = folder / f"single-{task}-1" / "weights" / "last.banyan.safetensors"
            if not model.exists():
                return None, 0
            result = self.banyan("eval", "--model", model, "--data", folder / f"single-{task}-1" / "config.json", "--split",
                                 "validation", "--json")
            found[task] = result["tasks"][task]["ap"]
            parameters += self.parameters(model)
        return found, parameters

    def parameters(self, model):
        return self.banyan("explain", model, "--json")["total"]["parameters"]


def text_of(groups):
    return " | ".join("+".join(group) for group in groups)


def percent(value):
    return "–" if value is None or value < 0 else f"{100 * value:.1f}"


def mean(values):
    values = list(values)
    return sum(values) / len(values)


class Table:
    """Rows of networks in Markdown."""

    def __init__(self, tasks):
        self.tasks = tasks
        columns = ["network", "plan", "ms", "parameters", *tasks, "mean", "predicted, %"]
        self.lines = ["| " + " | ".join(columns) + " |", "|" + "---|" * len(columns)]

    def add(self, what, plan, latency, parameters, accuracies, predicted=""):
        values = [accuracies[task] for task in self.tasks]
        cells = [what, plan.replace("|", "\\|"), latency, f"{parameters / 1e6:.2f} M"]
        cells += [percent(value) for value in [*values, mean(values)]]
        self.lines.append("| " + " | ".join([*cells, predicted]) + " |")


def networks_table(merging, plans, untrained, healed):
    tasks = merging.tasks
    table = Table(tasks)
    single, parameters = merging.single_networks()
    if single:
        table.add("a network a task", "", "", parameters, single)
    table.add("a branch a task", text_of([task] for task in tasks), f"{untrained['latency_ms']['before']:.2f}",
              untrained["parameters"]["before"], before_of(untrained))
    for (what, plan), candidate in zip(plans, untrained["tried"]):
        shared = [plan, f"{candidate['latency_ms']:.2f}", merging.parameters(candidate["model"])]
        table.add(what, *shared, {task: candidate["tasks"][task]["transplanted"] for task in tasks},
                  f"{100 * candidate['predicted']['relative_accuracy']:.1f}")
        for after in healed["tried"]:
            if after["groups"] == candidate["groups"]:
                table.add(f"{what}, healed", *shared, {task: after["tasks"][task]["healed"] for task in tasks})
    return table.lines


def before_of(result):
    return {task: row["before"] for task, row in result["tried"][0]["tasks"].items()}


def pairs_text(plans, tried, key, how):
    """What two tasks that share a branch lose on average."""
    changes = []
    for (what, _), candidate in zip(plans, tried):
        if what == "pair":
            for task in next(group for group in candidate["groups"] if len(group) > 1):
                changes.append(candidate["tasks"][task][key] - candidate["tasks"][task]["before"])
    return f"In {len(changes) // 2} pairs a merged task's AP changes on average by {100 * mean(changes):+.2f} points {how}."


def differences_text(plans, tried):
    texts = []
    for (_, plan), candidate in zip(plans, tried):
        estimate, low, high = (100 * value for value in candidate["mean"]["difference"])
        texts.append(f"{plan} {estimate:+.1f} [{low:+.1f}, {high:+.1f}]")
    return "Mean AP, healed minus before, with 95 % intervals: " + "; ".join(texts) + "."


def heads_text(merging, plans, tried):
    costs = load(merging.folder / "measure" / "costs.json")
    heads = {tuple(group["tasks"]): group["latency_ms"] for group in costs["groups"]}
    apart = sum(heads[(task,)] for task in merging.tasks)
    texts = [f"{apart:.2f} ms apart"]
    for (what, plan), candidate in zip(plans, tried):
        if what != "pair":
            merged = sum(heads[tuple(group)] for group in candidate["groups"])
            texts.append(f"{merged:.2f} ms as {plan} ({100 * (1 - merged / apart):.0f} % less)")
    return f"Branches ({costs['target']}; trunk {costs['trunk']:.2f} ms): " + "; ".join(texts) + "."


def correlation_text(untrained, healed):
    texts = [f"{result['rank_correlation'][key]:.2f} {how} ({len(result['tried'])} plans)"
             for result, key, how in ((untrained, "transplanted", "untrained"), (healed, "healed", "healed"))
             if result["rank_correlation"][key] is not None]
    return "Rank correlation of predicted accuracy and mean AP: " + ", ".join(texts) + "."


def report(merging, plans, untrained, healed_plans, healed):
    lines = [*networks_table(merging, plans, untrained, healed), "",
             pairs_text(plans, untrained["tried"], "transplanted", "untrained")]
    if any(what == "pair" for what, _ in healed_plans):
        lines += ["", pairs_text(healed_plans, healed["tried"], "healed", "healed")]
    lines += ["", differences_text(healed_plans, healed["tried"]), "", correlation_text(untrained, healed), "",
              heads_text(merging, plans, untrained["tried"])]
    text = "\n".join(lines) + "\n"
    (merging.folder / "report.md").write_text(text, encoding="utf-8")
    print(text)


def plans_to_heal(plans, untrained, pairs):
    """All but the pairs, and of these the best predicted ones."""
    order = sorted(zip(plans, untrained["tried"]), key=lambda pair: -pair[1]["predicted"]["relative_accuracy"])
    best = [plan for plan, _ in order if plan[0] == "pair"][:pairs]
    return [plan for plan in plans if plan[0] != "pair"] + best


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--masking", type=pathlib.Path, required=True, help="folder of benchmarks/masking.py people")
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--banyan", default=ROOT / "build/release/bin/banyan")
    parser.add_argument("--seeds", type=int, default=1, help="healings of each plan")
    parser.add_argument("--heal-steps", type=int, default=300)
    parser.add_argument("--pairs", type=int, default=10, help="pairs that are healed")
    parser.add_argument("--probes", type=int, default=8, help="of affinities; the predictions go by merged pairs")
    parser.add_argument("--threads", type=int, default=2)
    merging = Merging(parser.parse_args())
    plans = merging.plans()
    untrained = merging.untrained(plans)
    healed_plans = plans_to_heal(plans, untrained, merging.args.pairs)
    report(merging, plans, untrained, healed_plans, merging.healed(healed_plans))


if __name__ == "__main__":
    main()
