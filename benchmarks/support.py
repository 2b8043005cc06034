"""What the Python benchmarks share: JSON files, calls of the program, numbers in options, where they run."""

import argparse
import json
import pathlib
import subprocess

ROOT = pathlib.Path(__file__).resolve().parent.parent


def load(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def save(path, data):
    partial = pathlib.Path(f"{path}.part")
    partial.write_text(json.dumps(data, indent=1), encoding="utf-8")
    partial.rename(path)


def call(banyan, arguments, log, passing=(0,)):
    """Standard output of the program; its messages go behind the log. Other exit codes than the passing ones are errors."""
    words = [str(word) for word in arguments]
    with open(log, "a", encoding="utf-8") as errors:
        done = subprocess.run([banyan, *words], stdout=subprocess.PIPE, stderr=errors, text=True)
    if done.returncode not in passing:
        raise RuntimeError(f"banyan {' '.join(words[:2])} failed with code {done.returncode}; see {log}")
    return done.stdout


def cpu_name():
    lines = pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    return next((line.partition(": ")[2] for line in lines if line.startswith("model name")), "unknown")


def commit():
    done = subprocess.run(["git", "-C", ROOT, "describe", "--always", "--dirty"], stdout=subprocess.PIPE, text=True)
    return done.stdout.strip() or "unknown"


def positive(text):
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{number} is below 1")
    return number
