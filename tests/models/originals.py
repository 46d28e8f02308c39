"""Published networks written down again from their layout: names and shapes of the weights, and what is computed.

No modules: every layer is a function of the weights' names, so that nothing here shares a line with lgaf/models.
"""

import math

import torch
from torch.nn import functional

BLOCKS = {18: (2, 2, 2, 2), 34: (3, 4, 6, 3), 50: (3, 4, 14, 3), 100: (3, 13, 30, 3), 200: (6, 26, 60, 6)}
WIDTHS = (64, 128, 256, 512)


class Layout(dict):
    """Weights by name, drawn so that every one of them, and the number that a batch norm adds, is seen at the end."""

    def __init__(self, seed=0):
        super().__init__()
        self.draw = torch.Generator().manual_seed(seed)

    def uniform(self, low, high, *shape):
        return torch.rand(shape, generator=self.draw) * (high - low) + low

    def linear(self, name, outputs, inputs, bias=True, gain=0.05):
        self[f"{name}.weight"] = self.uniform(-1, 1, outputs, *inputs) * (gain / math.sqrt(math.prod(inputs)))
        if bias:
            self[f"{name}.bias"] = self.uniform(-0.1, 0.1, outputs)

    def norm(self, name, width, variance=1e-3, gain=1.0, affine=True):
        if affine:
            self[f"{name}.weight"] = self.uniform(0.5, 1.5, width) * gain
            self[f"{name}.bias"] = self.uniform(-0.3, 0.3, width)
        self[f"{name}.running_mean"] = self.uniform(-0.3, 0.3, width) * math.sqrt(variance)
        self[f"{name}.running_var"] = self.uniform(0.5, 2, width) * variance
        self[f"{name}.num_batches_tracked"] = torch.tensor(7)

    def scale(self, name, width):
        self[f"{name}.weight"] = self.uniform(0.5, 1.5, width)
        self[f"{name}.bias"] = self.uniform(-0.3, 0.3, width)

    def slopes(self, name, width):
        self[f"{name}.weight"] = self.uniform(0.1, 0.4, width)

    def normalised(self, name, x, eps=1e-5):
        shape = (1, -1) + (1,) * (x.ndim - 2)
        mean, variance = self[f"{name}.running_mean"].view(shape), self[f"{name}.running_var"].view(shape)
        x = (x - mean) / torch.sqrt(variance + eps)
        if f"{name}.weight" in self:
            x = x * self[f"{name}.weight"].view(shape) + self[f"{name}.bias"].view(shape)
        return x

    def convolved(self, name, x, stride=1, padding=1):
        return functional.conv2d(x, self[f"{name}.weight"], stride=stride, padding=padding)

    def bent(self, name, x):
        return torch.where(x > 0, x, x * self[f"{name}.weight"].view(1, -1, 1, 1))

    def mapped(self, name, x):
        return x @ self[f"{name}.weight"].T + self.get(f"{name}.bias", 0)


def iresnet(depth, dim=512):
    """``iresnet.py`` of arcface_torch and of MagFace."""
    w = Layout(depth)
    w.linear("conv1", 64, (3, 3, 3), bias=False)
    w.norm("bn1", 64)
    w.slopes("prelu", 64)
    inputs = 64
    for stage, (count, width) in enumerate(zip(BLOCKS[depth], WIDTHS, strict=True), start=1):
        for block in range(count):
            at = f"layer{stage}.{block}"
            w.norm(f"{at}.bn1", inputs, variance=1.0)
            w.linear(f"{at}.conv1", width, (inputs, 3, 3), bias=False)
            w.norm(f"{at}.bn2", width)
            w.slopes(f"{at}.prelu", width)
            w.linear(f"{at}.conv2", width, (width, 3, 3), bias=False)
            w.norm(f"{at}.bn3", width, gain=0.3)
            if block == 0:
                w.linear(f"{at}.downsample.0", width, (inputs, 1, 1), bias=False)
                w.norm(f"{at}.downsample.1", width)
            inputs = width
    w.norm("bn2", 512, variance=1.0)
    w.linear("fc", dim, (512 * 7 * 7,))
    w.norm("features", dim)
    return w


def iresnet_embedding(w, depth, x, eps=1e-5):
    x = w.bent("prelu", w.normalised("bn1", w.convolved("conv1", x), eps))
    for stage, count in enumerate(BLOCKS[depth], start=1):
        for block in range(count):
            at, stride = f"layer{stage}.{block}", 1 if block else 2
            y = w.normalised(f"{at}.bn2", w.convolved(f"{at}.conv1", w.normalised(f"{at}.bn1", x, eps)), eps)
            y = w.normalised(f"{at}.bn3", w.convolved(f"{at}.conv2", w.bent(f"{at}.prelu", y), stride), eps)
            if block == 0:
                x = w.normalised(f"{at}.downsample.1", w.convolved(f"{at}.downsample.0", x, 2, 0), eps)
            x = x + y
    return w.normalised("features", w.mapped("fc", w.normalised("bn2", x, eps).flatten(1)), eps)


def ir(depth, dim=512):
    """``Backbone`` of mode ``ir`` in AdaFace's ``net.py`` and CVLface's ``iresnet/model.py``."""
    w = Layout(depth)
    w.linear("input_layer.0", 64, (3, 3, 3), bias=False)
    w.norm("input_layer.1", 64)
    w.slopes("input_layer.2", 64)
    inputs, index = 64, 0
    for count, width in zip(BLOCKS[depth], WIDTHS, strict=True):
        for _ in range(count):
            at = f"body.{index}"
            if inputs != width:
                w.linear(f"{at}.shortcut_layer.0", width, (inputs, 1, 1), bias=False)
                w.norm(f"{at}.shortcut_layer.1", width)
            w.norm(f"{at}.res_layer.0", inputs, variance=1.0)
            w.linear(f"{at}.res_layer.1", width, (inputs, 3, 3), bias=False)
            w.norm(f"{at}.res_layer.2", width)
            w.slopes(f"{at}.res_layer.3", width)
            w.linear(f"{at}.res_layer.4", width, (width, 3, 3), bias=False)
            w.norm(f"{at}.res_layer.5", width, gain=0.3)
            inputs, index = width, index + 1
    w.norm("output_layer.0", 512, variance=1.0)
    w.linear("output_layer.3", dim, (512 * 7 * 7,))
    w.norm("output_layer.4", dim, affine=False)
    return w


def ir_embedding(w, depth, x):
    x = w.bent("input_layer.2", w.normalised("input_layer.1", w.convolved("input_layer.0", x)))
    index = 0
    for count in BLOCKS[depth]:
        for block in range(count):
            at, stride = f"body.{index}", 1 if block else 2
            y = w.normalised(
                f"{at}.res_layer.2", w.convolved(f"{at}.res_layer.1", w.normalised(f"{at}.res_layer.0", x))
            )
            y = w.normalised(
                f"{at}.res_layer.5", w.convolved(f"{at}.res_layer.4", w.bent(f"{at}.res_layer.3", y), stride)
            )
            if f"{at}.shortcut_layer.0.weight" in w:
                x = w.normalised(f"{at}.shortcut_layer.1", w.convolved(f"{at}.shortcut_layer.0", x, stride, 0))
            else:
                x = x[:, :, ::stride, ::stride]
            x, index = x + y, index + 1
    return w.normalised("output_layer.4", w.mapped("output_layer.3", w.normalised("output_layer.0", x).flatten(1)))


VIT = {"small": (12, 8, 5), "base": (24, 16, 3)}
"""Blocks, heads, and how much wider the inner layer is."""


def vit(size, dim=512, keypoints=False, masked=False):
    """``VisionTransformer`` and ``VisionTransformerWithKPRPE`` of CVLface."""
    depth, heads, ratio = VIT[size]
    w = Layout(depth)
    w["pos_embed"] = w.uniform(-0.5, 0.5, 1, 196, 512)
    if masked:
        w["mask_token"] = w.uniform(-1, 1, 1, 1, 512)
    w.linear("patch_embed.proj", 512, (3, 8, 8), gain=1)
    for block in range(depth):
        at = f"blocks.{block}"
        w.scale(f"{at}.norm1", 512)
        w.linear(f"{at}.attn.qkv", 1536, (512,), bias=False, gain=2)
        w.linear(f"{at}.attn.proj", 512, (512,), gain=1)
        w.scale(f"{at}.norm2", 512)
        w.linear(f"{at}.mlp.fc1", 512 * ratio, (512,), gain=6)
        w.linear(f"{at}.mlp.fc2", 512, (512 * ratio,), gain=0.3)
    w.scale("norm", 512)
    w.linear("feature.0", 512, (512 * 196,), bias=False)
    w.norm("feature.1", 512)
    w.linear("feature.2", dim, (512,), bias=False)
    w.norm("feature.3", dim)
    if keypoints:
        w.linear("keypoint_linear", 49 * heads * depth, (10,), gain=6)
    return w


def vit_embedding(w, size, x, points=None):
    depth, heads, _ = VIT[size]
    patches = x.unfold(2, 8, 8).unfold(3, 8, 8)  # (B, 3, 14, 14, 8, 8)
    kernel = w["patch_embed.proj.weight"]
    x = torch.einsum("bchwij,ocij->bhwo", patches, kernel).flatten(1, 2) + w["patch_embed.proj.bias"] + w["pos_embed"]
    relative = None if points is None else keypoint_context(w, points, depth, heads)
    for block in range(depth):
        at = f"blocks.{block}"
        y = functional.layer_norm(x, (512,), w[f"{at}.norm1.weight"], w[f"{at}.norm1.bias"])
        query, key, value = (part.unflatten(2, (heads, -1)) for part in w.mapped(f"{at}.attn.qkv", y).chunk(3, dim=2))
        logits = torch.einsum("bnhd,bmhd->bhnm", query, key) / math.sqrt(512 / heads)
        if relative is not None:
            logits = logits + relative[block]
        y = torch.einsum("bhnm,bmhd->bnhd", logits.softmax(dim=3), value).flatten(2)
        x = x + w.mapped(f"{at}.attn.proj", y)
        y = functional.layer_norm(x, (512,), w[f"{at}.norm2.weight"], w[f"{at}.norm2.bias"])
        x = x + w.mapped(f"{at}.mlp.fc2", w.mapped(f"{at}.mlp.fc1", y).clamp(0, 6))
    x = functional.layer_norm(x, (512,), w["norm.weight"], w["norm.bias"]).flatten(1)
    x = w.normalised("feature.1", w.mapped("feature.0", x), 2e-5)
    return w.normalised("feature.3", w.mapped("feature.2", x), 2e-5)


def keypoint_context(w, points, depth, heads):
    """What ``make_kprpe_input`` and ``iRPE.forward`` add to each block's logits, patch by patch."""
    offsets = torch.zeros(len(points), 196, 10)
    for patch in range(196):
        row, column = divmod(patch, 14)
        centre = torch.tensor([(column + 0.5) / 14, (row + 0.5) / 14])
        offsets[:, patch] = (centre - points).flatten(1)
    values = w.mapped("keypoint_linear", offsets)  # (B, 196, depth * heads * 49)
    places = torch.arange(196)
    numbers = []
    for axis in (places // 14, places % 14):
        offset = (axis[:, None] - axis[None]).float()
        far = (1.9 + (offset.abs().clamp(min=1) / 1.9).log() / math.log(8) * 1.9).round().clip(max=3.8)
        numbers.append(torch.where(offset.abs() <= 1.9, offset, offset.sign() * far).int() + 3)
    bucket = (numbers[0] * 7 + numbers[1]).long()
    blocks = []
    for block in range(depth):
        per_head = []
        for head in range(heads):
            start = (block * heads + head) * 49
            own = values[:, :, start : start + 49]
            per_head.append(torch.stack([own[:, query, bucket[query]] for query in range(196)], dim=1))
        blocks.append(torch.stack(per_head, dim=1))
    return blocks


def light(weights):
    """The same shapes in a small file: every number of a weight is one and the same."""
    return {name: torch.zeros((), dtype=value.dtype).expand(value.shape) for name, value in weights.items()}


def prefixed(prefix, weights):
    return {prefix + name: value for name, value in weights.items()}
