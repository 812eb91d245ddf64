"""Train one network from a recipe: python train.py recipes/NAME.json --data FOLDER --work FOLDER

Resumable: the state (weights, average, momentum, schedule position, random generators) is written to WORK/NAME.pt every
few hundred steps; the same command goes on from there. Runs on a GPU where PyTorch finds one.
"""

import argparse
import json
import os
import time
from pathlib import Path

import torch
import torch.nn.functional as F

from safetensors.torch import load_file

import data
from architectures import Normalized, build
from attack import l2_attack
from evaluate import accuracies
from export import pairs

CLASSES = 200
SAVE_EVERY = 200


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("recipe", type=Path)
    parser.add_argument("--data", type=Path, required=True, help="folder with train-0..3.zip and val.zip")
    parser.add_argument("--work", type=Path, required=True, help="folder for the training state")
    parser.add_argument("--limit", type=int, default=0, help="pictures per zip, to try things out")
    parser.add_argument("--start", type=Path, help="exported weights to begin with, where the recipe names some")
    options = parser.parse_args()
    recipe = json.loads(options.recipe.read_text())
    name = recipe["id"]
    options.work.mkdir(parents=True, exist_ok=True)
    state_file = options.work / f"{name}.pt"

    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    torch.manual_seed(recipe["seed"])
    generator = torch.Generator().manual_seed(recipe["seed"])
    images, labels = data.load(options.data, data.TRAIN_ZIPS, options.limit)
    mean, std = data.channel_statistics(images)
    images, labels = images.to(device), labels.to(device)

    model = Normalized(build(recipe["architecture"], CLASSES), mean, std).to(device, memory_format=torch.channels_last)
    if "start" in recipe:
        if options.start is None or options.start.stem != recipe["start"]:
            parser.error(f"{name} begins with the weights of {recipe['start']}: give their file as --start")
        begin_with(model, options.start, images)
    average = torch.optim.swa_utils.AveragedModel(
        model, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(recipe["average"]), use_buffers=True
    )
    stage = epoch = position = 0
    order = torch.randperm(len(images), generator=generator)
    state: dict | None = None
    if state_file.exists():
        state = torch.load(state_file, weights_only=True)
        model.load_state_dict(state["model"])
        average.load_state_dict(state["average"])
        torch.set_rng_state(state["random"])
        generator.set_state(state["generator"])
        stage, epoch, position, order = state["stage"], state["epoch"], state["position"], state["order"]
        print(f"{name}: going on in stage {stage} at epoch {epoch}, step {position}", flush=True)

    started = time.time()
    epoch_steps = len(images) // recipe["batch"]
    while stage < len(recipe["stages"]):
        settings = recipe["stages"][stage]
        sizes = [phase["size"] for phase in settings["phases"] for _ in range(phase["epochs"])]
        optimizer, schedule = optimization(model, settings, len(sizes) * epoch_steps)
        if state is not None and "optimizer" in state:
            optimizer.load_state_dict(state["optimizer"])
            schedule.load_state_dict(state["schedule"])
        elif stage > 0:
            # A later stage refines the average of the one before.
            model.load_state_dict(average.module.state_dict())
        state = None

        def save(optimizing: bool = True) -> None:
            temporary = state_file.with_suffix(".tmp")
            momentum = {"optimizer": optimizer.state_dict(), "schedule": schedule.state_dict()} if optimizing else {}
            torch.save(
                {
                    "model": model.state_dict(),
                    "average": average.state_dict(),
                    "random": torch.get_rng_state(),
                    "generator": generator.get_state(),
                    "stage": stage,
                    "epoch": epoch,
                    "position": position,
                    "order": order,
                    "mean": mean,
                    "std": std,
                    **momentum,
                },
                temporary,
            )
            os.replace(temporary, state_file)

        while epoch < len(sizes):
            model.train()
            size = sizes[epoch]
            total = count = 0
            while position < epoch_steps:
                rows = order[position * recipe["batch"] : (position + 1) * recipe["batch"]].to(device)
                # Without a smallest cut, cuts are as large as the pictures that are trained on: nothing is resized.
                cuts = (settings["smallestCut"], data.SIDE) if "smallestCut" in settings else (size, size)
                x = data.augment(images[rows], size, cuts[0], generator, settings["blur"], cuts[1])
                x = x.to(memory_format=torch.channels_last)
                y = labels[rows]
                if recipe["radius"] > 0:
                    for parameter in model.parameters():
                        parameter.requires_grad_(False)
                    x = l2_attack(model, x, y, recipe["radius"] * size / data.SIDE, recipe["attackSteps"])
                    for parameter in model.parameters():
                        parameter.requires_grad_(True)
                with torch.autocast(device.type, torch.bfloat16):
                    loss = F.cross_entropy(model(x), y, label_smoothing=settings["labelSmoothing"])
                optimizer.zero_grad(set_to_none=True)
                loss.backward()
                optimizer.step()
                schedule.step()
                average.update_parameters(model)
                total, count, position = total + loss.item(), count + 1, position + 1
                if position % 100 == 0:
                    print(
                        f"{name} stage {stage} epoch {epoch} step {position}/{epoch_steps} loss {total / count:.3f} "
                        f"{time.time() - started:.0f} s",
                        flush=True,
                    )
                if position % SAVE_EVERY == 0:
                    save()
            epoch, position = epoch + 1, 0
            order = torch.randperm(len(images), generator=generator)
            save()
            clean, attacked = accuracies(average.module, options.data, radius=0.5, steps=5, limit=options.limit or 1000)
            print(f"== {name} stage {stage} epoch {epoch}: clean {clean:.4f}, PGD-5 {attacked:.4f}", flush=True)
        stage, epoch = stage + 1, 0
        save(optimizing=False)


@torch.no_grad()
def begin_with(model: Normalized, file: Path, images: torch.Tensor) -> None:
    """Take over exported convolutions (batch normalization folded in, see export.py); the classifier stays random.

    Each norm's scale and shift become the deviation and mean that its convolution's answers have on 512 pictures, so that
    the network computes what the exported one did, and is normalised as if it had been trained with its norms.
    """
    stored = load_file(file)
    model.train()
    handles = []
    for key, parent, convolution_name, norm_name in pairs(model.network):
        convolution, norm = getattr(parent, convolution_name), getattr(parent, norm_name)
        convolution.weight.copy_(stored[f"{key}.weight"].float())

        def calibrate(_module, inputs, norm=norm, bias=stored[f"{key}.bias"].float()):
            deviation, mean = torch.std_mean(inputs[0].float(), (0, 2, 3), correction=0)
            norm.weight.copy_(torch.sqrt(deviation**2 + norm.eps))
            norm.bias.copy_(mean + bias.to(mean.device))

        handles.append(norm.register_forward_pre_hook(calibrate))
    momenta = [m.momentum for m in model.modules() if isinstance(m, torch.nn.BatchNorm2d)]
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.momentum = 1.0
    model(images[:: max(1, len(images) // 512)][:512].float() / 255)
    for module, momentum in zip((m for m in model.modules() if isinstance(m, torch.nn.BatchNorm2d)), momenta, strict=True):
        module.momentum = momentum
    for handle in handles:
        handle.remove()


def optimization(model: torch.nn.Module, settings: dict, steps: int):
    """SGD with Nesterov's momentum, and a rate that rises and falls once (`one-cycle`) or falls to nothing (`linear`)."""
    weights = [p for p in model.parameters() if p.ndim > 1]
    others = [p for p in model.parameters() if p.ndim <= 1]
    groups = [{"params": weights, "weight_decay": settings["weightDecay"]}, {"params": others, "weight_decay": 0}]
    optimizer = torch.optim.SGD(groups, lr=settings["rate"], momentum=0.9, nesterov=True)
    if settings["schedule"] == "one-cycle":
        return optimizer, torch.optim.lr_scheduler.OneCycleLR(
            optimizer, settings["rate"], steps, pct_start=0.2, div_factor=10, final_div_factor=1000
        )
    return optimizer, torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: max(0.0, 1 - step / steps))


if __name__ == "__main__":
    main()
