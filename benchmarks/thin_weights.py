#!/usr/bin/env python3
"""Start weights for a thin MobileNetV2, cut out of those of the full one.

    benchmarks/thin_weights.py ../shared/weights/mobilenet_v2_imagenet.safetensors --width 0.35 --out thin.safetensors

Few widths have published weights. Of every space of channels (the stem, each stage, the hidden channels of each block) those stay
that matter most: by the sum of |scale| of the batch norms that write a channel, times the sum of |weight| of the convolutions
that read it. What is cut out knows less than weights trained at that width, and far more than random ones. Statistics of the
batch norms are those of the full network: train with trunk_norm "batch". The classifier and what lies before it are left out.
"""

import argparse
import array
import json
import math
import pathlib
import struct
import sys

STAGES = [(1, 16, 1), (6, 24, 2), (6, 32, 3), (6, 64, 4), (6, 96, 3), (6, 160, 3), (6, 320, 1)]  # expansion, channels, blocks
STEM = 32
NORM = ("weight", "bias", "running_mean", "running_var")


def scaled(channels, width):
    """As in backbone/mobilenet_v2.cpp."""
    wanted = channels * width
    rounded = max(8, int(wanted + 4) // 8 * 8)
    return rounded + 8 if rounded < 0.9 * wanted else rounded


def read(path):
    """{name: (shape, float32 values)}"""
    data = path.read_bytes()
    length = struct.unpack("<Q", data[:8])[0]
    tensors = {}
    for name, entry in json.loads(data[8:8 + length]).items():
        if not name.startswith("features.") or name.endswith("num_batches_tracked"):
            continue
        if entry["dtype"] != "F32":
            raise ValueError(f"{path}: {name}: expected dtype F32, got {entry['dtype']}")
        begin, end = entry["data_offsets"]
        tensors[name] = (entry["shape"], array.array("f", data[8 + length + begin:8 + length + end]))
    return tensors


def write(path, tensors):
    header, offset = {}, 0
    for name, (shape, values) in tensors.items():
        size = 4 * len(values)
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [offset, offset + size]}
        offset += size
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    partial = path.with_name(path.name + ".partial")
    with partial.open("wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for _, values in tensors.values():
            file.write(values.tobytes())
    partial.replace(path)


def layers():
    """[(convolution, norm, space that it reads, space that it writes, is depthwise)], {space: channels at width 1}, {hidden space:
    (space before, expansion)}"""
    found, spaces, hidden = [("features.0.0", "features.0.1", "pixels", "stem", False)], {"stem": STEM}, {}
    block, before = 1, "stem"
    for stage, (expansion, channels, blocks) in enumerate(STAGES):
        space = f"stage {stage}"
        spaces[space] = channels
        for _ in range(blocks):
            inside, part, name = before, 0, f"features.{block}.conv."
            if expansion > 1:
                inside = f"hidden {block}"
                spaces[inside], hidden[inside] = spaces[before] * expansion, (before, expansion)
                found.append((f"{name}0.0", f"{name}0.1", before, inside, False))
                part = 1
            found.append((f"{name}{part}.0", f"{name}{part}.1", inside, inside, True))
            found.append((f"{name}{part + 1}", f"{name}{part + 2}", inside, space, False))
            before, block = space, block + 1
    return found, spaces, hidden


def importance(tensors, found, space, channels):
    written, read_by = [0.0] * channels, [0.0] * channels
    for convolution, norm, source, target, depthwise in found:
        if target == space:
            for c, scale in enumerate(tensors[norm + ".weight"][1]):
                written[c] += abs(scale)
        if source == space and not depthwise:
            shape, values = tensors[convolution + ".weight"]
            area = math.prod(shape[2:])
            for i, value in enumerate(values):
                read_by[i // area % channels] += abs(value)
    return [w * r for w, r in zip(written, read_by)] if any(read_by) else written


def thin(tensors, width):
    found, spaces, hidden = layers()
    kept = {"pixels": range(3)}
    for space, channels in spaces.items():
        before, expansion = hidden.get(space, (None, 0))
        count = len(kept[before]) * expansion if before else scaled(channels, width)
        scores = importance(tensors, found, space, channels)
        kept[space] = sorted(sorted(range(channels), key=lambda c: -scores[c])[:count])
    cut = {}
    for convolution, norm, source, target, depthwise in found:
        shape, values = tensors[convolution + ".weight"]
        area = math.prod(shape[2:])
        reads = [0] if depthwise else kept[source]
        chosen = array.array("f")
        for c in kept[target]:
            for r in reads:
                start = (c * shape[1] + r) * area
                chosen.extend(values[start:start + area])
        cut[convolution + ".weight"] = ([len(kept[target]), len(reads), *shape[2:]], chosen)
        for member in NORM:
            values = tensors[f"{norm}.{member}"][1]
            cut[f"{norm}.{member}"] = ([len(kept[target])], array.array("f", (values[c] for c in kept[target])))
    return cut


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("weights", type=pathlib.Path, help="safetensors file of MobileNetV2 1.0, torchvision's names")
    parser.add_argument("--width", type=float, default=0.35)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    args = parser.parse_args()
    if not 0 < args.width <= 1:
        parser.error(f"--width: expected a number in (0, 1], got {args.width}")
    if sys.byteorder != "little":
        parser.error("needs a little-endian machine")
    tensors = read(args.weights)
    missing = [name for convolution, norm, *_ in layers()[0] for name in (convolution + ".weight", norm + ".weight")
               if name not in tensors]
    if missing:
        parser.error(f"{args.weights}: expected MobileNetV2 1.0 by torchvision's names, found no {missing[0]}")
    write(args.out, thin(tensors, args.width))


if __name__ == "__main__":
    main()
