"""Computes the reference for style terms of regions with PyTorch: regions.safetensors, beside itself.

    python test/golden/data/make_regions.py

Needs PyTorch 2 and safetensors; no test runs it. A picture, two paintings, a mask for the first style and one for the photo
(all of different sizes), and for each normalization the style terms of four layers of the thin VGG-16 and the gradient of
their sum by the picture, in float64. Shares, windows and guided Gram matrices are written here as the documentation has them (docs/recipes.md,
"Masks"), with dense matrices and the guidance T = sqrt(u) of Gatys et al. 2017, "Controlling Perceptual Factors in Neural Style
Transfer", equations 9 and 10; the gradient is autograd's.
"""

from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch.nn.functional import conv2d, max_pool2d, relu

HERE = Path(__file__).parent
MEAN = torch.tensor([0.485, 0.456, 0.406], dtype=torch.float64).view(1, 3, 1, 1)
STD = torch.tensor([0.229, 0.224, 0.225], dtype=torch.float64).view(1, 3, 1, 1)
# torchvision's indices of the convolutions of VGG-16, by stage.
STAGES = [[0, 2], [5, 7], [10, 12, 14], [17]]


def layers(x, weights):
    """relu1_1, relu2_1, relu3_1, relu4_1."""
    found = []
    x = (x - MEAN) / STD
    for stage, convolutions in enumerate(STAGES):
        if stage > 0:
            x = max_pool2d(x, 2)
        for k, i in enumerate(convolutions):
            x = relu(conv2d(x, weights[f"features.{i}.weight"], weights[f"features.{i}.bias"], padding=1))
            if k == 0:
                found.append(x)
    return found


def fields():
    """Centre of position 0, stride and effective side of the same layers, px."""
    centre, stride, variance = 0.5, 1, 0.0
    found = []
    for stage, convolutions in enumerate(STAGES):
        if stage > 0:
            centre, variance, stride = centre + stride / 2, variance + stride**2 * 3 / 12, stride * 2
        for k, _ in enumerate(convolutions):
            variance += stride**2 * 8 / 12
            if k == 0:
                found.append((centre, stride, (1 + 12 * variance) ** 0.5))
    return found


def averaging(count, centre, stride, side, cells, length):
    """The matrix [count, cells] of means over windows along one axis."""
    matrix = torch.zeros(count, cells, dtype=torch.float64)
    cell = length / cells
    half = max(side, cell) / 2
    for p in range(count):
        middle = min(max(centre + p * stride, 0.5), length - 0.5)
        low, high = max(0.0, middle - half), min(float(length), middle + half)
        for c in range(cells):
            matrix[p, c] = max(0.0, min(high, (c + 1) * cell) - max(low, c * cell)) / (high - low)
    return matrix


def at_positions(plane, positions, field, size):
    centre, stride, side = field
    rows = averaging(positions[0], centre, stride, side, plane.shape[0], size[0])
    columns = averaging(positions[1], centre, stride, side, plane.shape[1], size[1])
    return rows @ plane @ columns.T


def stretched(plane, size):
    return averaging(size[0], 0.5, 1, 1, plane.shape[0], size[0]) @ plane @ averaging(
        size[1], 0.5, 1, 1, plane.shape[1], size[1]
    ).T


def gram(features, guidance):
    """Equations 9 and 10, the guidance normalised so that its squares sum to 1."""
    guided = features.flatten(2)[0] * (guidance / guidance.square().sum().sqrt()).flatten()
    return guided @ guided.T


def main():
    generator = torch.Generator().manual_seed(20)
    weights = {name: w.double() for name, w in load_file(HERE / "vgg16-thin.weights.safetensors").items()}
    random = lambda *dims: torch.rand(*dims, generator=generator)
    # float32 throughout, so that both sides start from the same numbers.
    picture, paintings = random(1, 3, 61, 83), [random(1, 3, 50, 44), random(1, 3, 40, 64) ** 2]
    ramp = torch.linspace(-0.2, 1.2, 31).clamp(0, 1)
    mask = ramp.view(1, -1).repeat(23, 1) * torch.where(torch.arange(23) < 15, 1.0, 0.3).view(-1, 1)
    photo = torch.zeros(40, 20)
    photo[25:36, 4:13] = 1
    photo[20:25, 4:13] = 0.5
    size = (61, 83)
    grid = (max(mask.shape[0], photo.shape[0]), max(mask.shape[1], photo.shape[1]))
    kept = stretched(photo.double(), grid)
    first = stretched(mask.double(), grid) * (1 - kept)
    shares = [first, 1 - kept - first]

    targets = []
    for painting in paintings:
        found = layers(painting.double(), weights)
        targets.append([gram(f, torch.ones(f.shape[2:], dtype=torch.float64)) for f in found])
    x = picture.double().requires_grad_(True)
    tensors = {"picture": picture, "painting.0": paintings[0], "painting.1": paintings[1], "mask": mask, "photo": photo}
    for normalization in ["relative", "mean", "gatys2015"]:
        terms = []
        for layer, (features, field) in enumerate(zip(layers(x, weights), fields())):
            channels, *positions = features.shape[1:]
            term = 0
            for share, target in zip(shares, targets):
                u = at_positions(share, positions, field, size)
                factor = {
                    "relative": 1 / target[layer].square().sum(),
                    "mean": 1 / channels**4,
                    "gatys2015": 1 / (4 * channels**2),
                }[normalization]
                term = term + u.mean() * factor * (gram(features, u.sqrt()) - target[layer]).square().sum()
            terms.append(term)
        (gradient,) = torch.autograd.grad(sum(terms), x)
        tensors[f"{normalization}.terms"] = torch.stack(terms).detach().float()
        tensors[f"{normalization}.gradient"] = gradient.float()
        print(normalization, [t.item() for t in terms])
    save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, HERE / "regions.safetensors")


if __name__ == "__main__":
    main()
