#!/usr/bin/env bash
# Joint network against single-task networks with the same budget per task: each single-task run sees as many rows of its task as
# the joint run did (same config, seed and schedule; warm-up is a tenth of the steps).
#
#   single_task.sh OUT [STEPS] [BANYAN]     STEPS of the joint run (default 1000)
set -euo pipefail
cd "$(dirname "$0")/.."
out=$1
steps=${2:-1000}
banyan=${3:-build/release/bin/banyan}
config=configs/people.json

# Steps that give a task as many rows as the joint run: its data sets' share of the ratio.
steps_of() {
  python3 - "$config" "$1" "$steps" <<'PY'
import json, sys
config, task, steps = json.load(open(sys.argv[1])), sys.argv[2], int(sys.argv[3])
total = sum(d["ratio"] for d in config["datasets"])
mine = sum(d["ratio"] for d in config["datasets"] if task in d["classes"].values())
print(round(steps * mine / total))
PY
}

run() { # NAME STEPS [options]
  [ -f "$out/$1/report.html" ] && return
  local resume=()
  [ -d "$out/$1" ] && resume=(--resume)
  "$banyan" train "$config" --out "$out/$1" "${resume[@]}" --set "/train/steps=$2" --set "/train/warmup_steps=$(($2 / 10))" \
    --set /train/eval_every=0 "${@:3}" >/dev/null
}

run joint "$steps"
for task in person head torso face hand; do run "$task" "$(steps_of "$task")" --tasks "$task"; done

python3 - "$out" <<'PY'
import json, sys
def last(name):
    lines = [json.loads(line) for line in open(f"{sys.argv[1]}/{name}/metrics.jsonl")]
    return [line["eval"]["tasks"] for line in lines if "eval" in line][-1]
joint = last("joint")
print(f"{'task':8} {'joint AP50':>10} {'single':>8} {'diff':>7}   {'joint AP':>8} {'single':>8} {'diff':>7}")
for task, result in joint.items():
    single = last(task)[task]
    print(f"{task:8} {result['ap50']:10.3f} {single['ap50']:8.3f} {result['ap50'] - single['ap50']:+7.3f}   "
          f"{result['ap']:8.3f} {single['ap']:8.3f} {result['ap'] - single['ap']:+7.3f}")
PY
