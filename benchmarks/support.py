"""What the Python benchmarks share: JSON files, and calls of the program."""

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
