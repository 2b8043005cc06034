#!/usr/bin/env python3
"""Golden values of the backbones: ResNet-18, -34, -50 and EfficientNet-Lite0 in plain PyTorch, written from the papers.

    python scripts/golden/backbones.py efficientnet_lite0_imagenet.safetensors > tests/golden/backbones.json

Nothing of Banyan is used. Parameters and input are given by integer formulas (see `formula` and `image`), so that the
file holds only results: each level's shape, mean, standard deviation and first values, the logits, and the gradient of
a weighted sum of the logits by the first convolution. All in float64, evaluation mode (running statistics).
The weights file adds EfficientNet-Lite0's logits with ImageNet weights.

ResNet: "Deep Residual Learning for Image Recognition", arXiv:1512.03385, with the stride in the 3x3 convolution and
torchvision's names. EfficientNet-Lite0: "EfficientNet", arXiv:1905.11946, table 1, without squeeze-excite, ReLU6, SAME
padding, batch norm eps 1e-3, with efficientnet_pytorch's names.
"""
import datetime
import json
import sys

import numpy as np
import safetensors.torch
import torch
import torch.nn.functional as F

INPUT_SIZE = {"resnet18": (64, 96), "resnet34": (64, 96), "resnet50": (64, 96), "efficientnet_lite0": (75, 90)}


def fnv1a(text):
    value = 0xCBF29CE484222325
    for byte in text.encode():
        value = ((value ^ byte) * 0x100000001B3) % 2**64
    return value % 2**32


def formula(name, shape):
    """Numbers in [0, 1) from (name, index)."""
    mask = np.uint64(0xFFFFFFFF)
    x = (np.arange(1, int(np.prod(shape)) + 1, dtype=np.uint64) * np.uint64(2654435761) + np.uint64(fnv1a(name))) & mask
    x ^= x >> np.uint64(15)
    x = (x * np.uint64(2246822519)) & mask
    x ^= x >> np.uint64(13)
    return torch.from_numpy((x.astype(np.float64) / 2**32).reshape(shape))


class Formula:
    """Parameters by name: conv and linear weights uniform with variance 2 / fan-in, the rest near its usual values."""

    def __init__(self):
        self.made = {}

    def weight(self, name, shape):
        limit = (6.0 / np.prod(shape[1:])) ** 0.5
        return self.keep(name + ".weight", (2 * formula(name + ".weight", shape) - 1) * limit)

    def bias(self, name, count):
        return self.keep(name + ".bias", 0.2 * formula(name + ".bias", (count,)) - 0.1)

    def norm(self, name, channels):
        shift = lambda part: self.keep(f"{name}.{part}", 0.4 * formula(f"{name}.{part}", (channels,)) - 0.2)
        factor = lambda part: self.keep(f"{name}.{part}", 0.5 + formula(f"{name}.{part}", (channels,)))
        return factor("weight"), shift("bias"), shift("running_mean"), factor("running_var")

    def keep(self, name, values):
        return self.made.setdefault(name, values.requires_grad_())


class FromFile:
    """The same interface over a dict of tensors, for real weights."""

    def __init__(self, tensors):
        self.tensors = tensors

    def weight(self, name, shape):
        assert tuple(self.tensors[name + ".weight"].shape) == tuple(shape), name
        return self.tensors[name + ".weight"]

    def bias(self, name, count):
        return self.tensors[name + ".bias"]

    def norm(self, name, channels):
        return tuple(self.tensors[f"{name}.{part}"] for part in ("weight", "bias", "running_mean", "running_var"))


def batch_norm(x, parameters, eps):
    weight, bias, mean, variance = (p[None, :, None, None] for p in parameters)
    return (x - mean) / torch.sqrt(variance + eps) * weight + bias


def resnet(p, x, blocks, bottleneck):
    def conv_norm(x, conv, norm, out, kernel, stride):
        x = F.conv2d(x, p.weight(conv, (out, x.shape[1], kernel, kernel)), stride=stride, padding=kernel // 2)
        return batch_norm(x, p.norm(norm, out), 1e-5)

    x = F.relu(conv_norm(x, "conv1", "bn1", 64, 7, 2))
    x = F.max_pool2d(x, 3, 2, 1)
    levels = {}
    for stage, count in enumerate(blocks):
        channels = 64 * 2**stage
        for block in range(count):
            prefix = f"layer{stage + 1}.{block}."
            stride = 2 if block == 0 and stage > 0 else 1
            plan = [(channels, 1, 1), (channels, 3, stride), (4 * channels, 1, 1)] if bottleneck else \
                   [(channels, 3, stride), (channels, 3, 1)]
            y = x
            for i, (out, kernel, step) in enumerate(plan, start=1):
                y = conv_norm(y, f"{prefix}conv{i}", f"{prefix}bn{i}", out, kernel, step)
                y = F.relu(y) if i < len(plan) else y
            if x.shape != y.shape:
                x = conv_norm(x, prefix + "downsample.0", prefix + "downsample.1", y.shape[1], 1, stride)
            x = F.relu(x + y)
        levels[stage + 2] = x
    x = x.mean((2, 3))
    return levels, x @ p.weight("fc", (1000, x.shape[1])).T + p.bias("fc", 1000)


def efficientnet_lite0(p, x):
    def conv_norm(x, conv, norm, out, kernel, stride, groups=1, active=True):
        for axis in (3, 2):  # SAME: the smallest padding that gives ceil(in / stride), the odd pixel at the end
            size = x.shape[axis]
            total = max((-(-size // stride) - 1) * stride + kernel - size, 0)
            sides = [total // 2, total - total // 2]
            x = F.pad(x, sides if axis == 3 else [0, 0] + sides)
        x = F.conv2d(x, p.weight(conv, (out, x.shape[1] // groups, kernel, kernel)), stride=stride, groups=groups)
        x = batch_norm(x, p.norm(norm, out), 1e-3)
        return torch.clamp(x, 0, 6) if active else x

    x = conv_norm(x, "_conv_stem", "_bn0", 32, 3, 2)
    levels, index = {}, 0
    for expand, out, repeats, stride, kernel in [(1, 16, 1, 1, 3), (6, 24, 2, 2, 3), (6, 40, 2, 2, 5), (6, 80, 3, 2, 3),
                                                 (6, 112, 3, 1, 5), (6, 192, 4, 2, 5), (6, 320, 1, 1, 3)]:
        for repeat in range(repeats):
            prefix, step, y = f"_blocks.{index}.", stride if repeat == 0 else 1, x
            wide = expand * x.shape[1]
            if expand > 1:
                y = conv_norm(y, prefix + "_expand_conv", prefix + "_bn0", wide, 1, 1)
            y = conv_norm(y, prefix + "_depthwise_conv", prefix + "_bn1", wide, kernel, step, groups=wide)
            y = conv_norm(y, prefix + "_project_conv", prefix + "_bn2", out, 1, 1, active=False)
            x = x + y if x.shape == y.shape else y
            index += 1
        if out in (24, 40, 112, 320):
            levels[{24: 2, 40: 3, 112: 4, 320: 5}[out]] = x
    x = conv_norm(x, "_conv_head", "_bn1", 1280, 1, 1).mean((2, 3))
    return levels, x @ p.weight("_fc", (1000, 1280)).T + p.bias("_fc", 1000)


NETWORKS = {"resnet18": lambda p, x: resnet(p, x, (2, 2, 2, 2), False),
            "resnet34": lambda p, x: resnet(p, x, (3, 4, 6, 3), False),
            "resnet50": lambda p, x: resnet(p, x, (3, 4, 6, 3), True),
            "efficientnet_lite0": efficientnet_lite0}


def image(height, width):
    c, row, column = np.meshgrid(np.arange(3), np.arange(height), np.arange(width), indexing="ij")
    return torch.from_numpy(((7 * c + 3 * row + 5 * column) % 256) / 127.5 - 1)[None]


def summary(x):
    x = x.detach()
    return {"shape": list(x.shape), "mean": x.mean().item(), "std": x.std(correction=0).item(),
            "first": x.flatten()[:4].tolist()}


def golden(name):
    parameters = Formula()
    levels, logits = NETWORKS[name](parameters, image(*INPUT_SIZE[name]))
    first = "_conv_stem.weight" if name == "efficientnet_lite0" else "conv1.weight"
    loss = (logits * (formula("loss", (1000,)) - 0.5)).sum()
    gradient, = torch.autograd.grad(loss, [parameters.made[first]])
    return {"input": list(INPUT_SIZE[name]), "levels": {str(l): summary(x) for l, x in levels.items()},
            "logits": summary(logits), "gradient_of": first, "gradient": summary(gradient)}


def with_weights(name, path):
    tensors = {key: values.double() for key, values in safetensors.torch.load_file(path).items()}
    _, logits = NETWORKS[name](FromFile(tensors), image(*INPUT_SIZE[name]))
    return {"input": list(INPUT_SIZE[name]), "logits": summary(logits)}


def main():
    made = {"made_with": f"torch {torch.__version__}, numpy {np.__version__}, float64, CPU",
            "command": "python scripts/golden/backbones.py efficientnet_lite0_imagenet.safetensors",
            "date": datetime.date.today().isoformat()}
    made |= {name: golden(name) for name in NETWORKS}
    made["efficientnet_lite0_imagenet"] = with_weights("efficientnet_lite0", sys.argv[1])
    json.dump(made, sys.stdout, indent=1)
    print()


if __name__ == "__main__":
    main()
