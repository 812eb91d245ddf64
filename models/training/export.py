"""Write a trained network for Madder: python export.py STATE.pt --recipe R --description D --data FOLDER --out models/

Folds batch normalization into the convolutions, stores float16, measures clean and PGD-20 accuracy of exactly those
stored weights on all validation pictures, and writes OUT/ID.safetensors with its description OUT/ID.json (schema:
src/shared/network-manifest.ts). The classifier is left out; `--classifier` keeps it beside, for `evaluate.py` only.
"""

import argparse
import hashlib
import json
from pathlib import Path

import torch
import torch.nn as nn
from safetensors.torch import save_file

from architectures import VGG, Normalized
from evaluate import accuracies, load_average


def fold(convolution: nn.Conv2d, norm: nn.BatchNorm2d) -> tuple[torch.Tensor, torch.Tensor]:
    """w' = w g / sqrt(var + eps), b' = beta - mean g / sqrt(var + eps)."""
    scale = norm.weight / torch.sqrt(norm.running_var + norm.eps)
    return convolution.weight * scale.view(-1, 1, 1, 1), norm.bias - norm.running_mean * scale


def pairs(network: nn.Module) -> list[tuple[str, nn.Module, str, str]]:
    """Every convolution with its norm: (published name, parent module, convolution's attribute, norm's attribute)."""
    found = []
    if isinstance(network, VGG):
        stage = place = 1
        modules = list(network.features)
        for index, module in enumerate(modules):
            if isinstance(module, nn.AvgPool2d):
                stage, place = stage + 1, 1
            elif isinstance(module, nn.Conv2d):
                found.append((f"conv{stage}_{place}", network.features, str(index), str(index + 1)))
                place += 1
        return found
    for name, module in network.named_modules():
        children = dict(module.named_children())
        prefix = f"{name}." if name else ""
        for number in ("1", "2"):
            if f"conv{number}" in children and f"bn{number}" in children:
                found.append((f"{prefix}conv{number}", module, f"conv{number}", f"bn{number}"))
        if name.endswith("downsample"):
            found.append((name, module, "0", "1"))
    return found


@torch.no_grad()
def folded_weights(model: Normalized) -> dict[str, torch.Tensor]:
    """Fold and round to float16, in the model too, so that what is measured afterwards is what is stored."""
    weights = {}
    for name, parent, convolution_name, norm_name in pairs(model.network):
        convolution, norm = getattr(parent, convolution_name), getattr(parent, norm_name)
        weight, bias = fold(convolution, norm)
        weights[f"{name}.weight"], weights[f"{name}.bias"] = weight.half().contiguous(), bias.half().contiguous()
        plain = nn.Conv2d(
            convolution.in_channels, convolution.out_channels, convolution.kernel_size, convolution.stride, convolution.padding
        )
        plain.weight.copy_(weights[f"{name}.weight"].float())
        plain.bias.copy_(weights[f"{name}.bias"].float())
        setattr(parent, convolution_name, plain)
        setattr(parent, norm_name, nn.Identity())
    return weights


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("state", type=Path)
    parser.add_argument("--recipe", type=Path, required=True)
    parser.add_argument("--description", type=Path, required=True, help="the hand-written part of the description")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--limit", type=int, default=0, help="validation pictures to measure on; 0: all")
    options = parser.parse_args()
    recipe = json.loads(options.recipe.read_text())
    model, mean, std = load_average(recipe, options.state)
    weights = folded_weights(model)
    model = model.to("cuda" if torch.cuda.is_available() else "cpu", memory_format=torch.channels_last)

    training: dict[str, str | float] = {
        "data": "Tiny-ImageNet-200, 64x64",
        "epochs": sum(phase["epochs"] for stage in recipe["stages"] for phase in stage["phases"]),
        "schedule": "; ".join(
            ", ".join(f"{phase['epochs']} epochs at {phase['size']} px" for phase in stage["phases"])
            + f", {stage['schedule']} from {stage['rate']}"
            for stage in recipe["stages"]
        )
        + f"; SGD, batch {recipe['batch']}, averaged weights",
        "adversarial": f"L2, {recipe['attackSteps']} step(s) with random start, radius {recipe['radius']} at 64 px"
        if recipe["radius"]
        else "none",
        "recipe": f"models/training/recipes/{options.recipe.name}",
    }
    for radius, key in ((0.5, "pgd20Accuracy"), (0.86, "pgd20AccuracyAt086")):
        clean, attacked = accuracies(model, options.data, radius, 20, options.limit)
        training["validationAccuracy"], training[key] = round(clean, 4), round(attacked, 4)

    options.out.mkdir(parents=True, exist_ok=True)
    file = options.out / f"{recipe['id']}.safetensors"
    save_file(weights, str(file), metadata={"format": "pt", "id": recipe["id"]})
    description = {
        "version": 1,
        "id": recipe["id"],
        **json.loads(options.description.read_text()),
        "sha256": hashlib.sha256(file.read_bytes()).hexdigest(),
        "architecture": "plain" if recipe["architecture"]["family"] == "vgg" else "resnet18",
        "normalization": {"mean": [round(v, 6) for v in mean], "std": [round(v, 6) for v in std], "channels": "RGB", "scale": 1},
        "training": training,
    }
    (options.out / f"{recipe['id']}.json").write_text(json.dumps(description, indent=2) + "\n")
    print(json.dumps({"id": recipe["id"], "bytes": file.stat().st_size, **training}))


if __name__ == "__main__":
    main()
