"""Accuracy on the validation pictures, clean and under an L2 PGD attack: python evaluate.py STATE.pt --recipe R --data FOLDER"""

import argparse
import json
from pathlib import Path

import torch
import torch.nn as nn

import data
from architectures import Normalized, build
from attack import l2_attack


def accuracies(model: nn.Module, folder: Path, radius: float, steps: int, limit: int = 0) -> tuple[float, float]:
    """Return (clean, attacked) accuracy in [0,1] at 64 px over the validation pictures, or over evenly spread `limit`."""
    device = next(model.parameters()).device
    images, labels = data.load(folder, data.VALIDATION_ZIPS)
    if limit:
        rows = torch.linspace(0, len(images) - 1, limit).long()
        images, labels = images[rows], labels[rows]
    model.eval()
    clean = attacked = 0
    generator_state = torch.get_rng_state()
    torch.manual_seed(0)
    for start in range(0, len(images), 250):
        x = (images[start : start + 250].to(device).float() / 255).to(memory_format=torch.channels_last)
        y = labels[start : start + 250].to(device)
        with torch.no_grad():
            clean += (model(x).argmax(1) == y).sum().item()
        worst = l2_attack(model, x, y, radius, steps)
        with torch.no_grad():
            attacked += (model(worst).argmax(1) == y).sum().item()
    torch.set_rng_state(generator_state)
    return clean / len(images), attacked / len(images)


def load_average(recipe: dict, state_file: Path) -> tuple[nn.Module, list[float], list[float]]:
    """Return the averaged model of a training state, its mean and deviation."""
    state = torch.load(state_file, map_location="cpu", weights_only=True)
    model = Normalized(build(recipe["architecture"], 200), state["mean"], state["std"])
    average = torch.optim.swa_utils.AveragedModel(model, use_buffers=True)
    average.load_state_dict(state["average"])
    return average.module.eval(), state["mean"], state["std"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("state", type=Path)
    parser.add_argument("--recipe", type=Path, required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--radius", type=float, nargs="+", default=[0.5, 0.86])
    parser.add_argument("--limit", type=int, default=0)
    options = parser.parse_args()
    model, _, _ = load_average(json.loads(options.recipe.read_text()), options.state)
    model = model.to("cuda" if torch.cuda.is_available() else "cpu", memory_format=torch.channels_last)
    for radius in options.radius:
        clean, attacked = accuracies(model, options.data, radius, options.steps, options.limit)
        print(json.dumps({"clean": clean, "radius": radius, "steps": options.steps, "attacked": attacked}), flush=True)


if __name__ == "__main__":
    main()
