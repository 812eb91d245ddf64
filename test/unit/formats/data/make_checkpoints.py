"""Writes the PyTorch checkpoints that the tests of src/main/formats read: python make_checkpoints.py

Needs torch, numpy and dill. Every element is the number of its place, so that the tests can say what they expect.
"""

import argparse
import pathlib
from collections import OrderedDict

import dill
import numpy
import torch

FOLDER = pathlib.Path(__file__).parent


def numbers(*shape, dtype=torch.float32):
    count = 1
    for size in shape:
        count *= size
    return torch.arange(count, dtype=torch.float64).reshape(shape).to(dtype)


def save(name, value, legacy=False, **options):
    torch.save(value, FOLDER / name, _use_new_zipfile_serialization=not legacy, **options)


def layouts():
    """Views of every kind over shared and own storages."""
    base = numbers(4, 6)
    return OrderedDict(
        [
            ("plain", base),
            ("tied", base),
            ("transposed", base.t()),
            ("rows", base[1:3]),
            ("strided", base[::2, 1::2]),
            ("permuted", numbers(2, 3, 4).permute(2, 0, 1)),
            ("expanded", numbers(3, 1).expand(3, 4)),
            ("channels_last", numbers(2, 3, 2, 2).to(memory_format=torch.channels_last)),
            ("scalar", torch.tensor(7.0)),
            ("empty", torch.empty(0, 3)),
            ("parameter", torch.nn.Parameter(numbers(3))),
        ]
    )


def types():
    names = ["float16", "bfloat16", "float32", "float64", "int8", "uint8", "int16", "int32", "int64"]
    values = OrderedDict((name, numbers(2, 3, dtype=getattr(torch, name))) for name in names)
    values["bool"] = torch.tensor([True, False, True])
    return values


def network():
    """The beginning of a thin VGG."""
    torch.manual_seed(1)
    features = torch.nn.Sequential(
        torch.nn.Conv2d(3, 4, 3, padding=1), torch.nn.ReLU(), torch.nn.Conv2d(4, 4, 3, padding=1), torch.nn.ReLU()
    )
    model = torch.nn.Module()
    model.features = features
    model.classifier = torch.nn.Linear(4, 2)
    return model


def training():
    """What a training program saves: a network on several devices, its optimizer, settings, a history."""
    model = torch.nn.DataParallel(network())
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    for parameter in model.parameters():
        parameter.grad = torch.ones_like(parameter)
    optimizer.step()
    return {
        "epoch": 12,
        "arch": "vgg",
        "best": numpy.float64(61.5),
        "args": argparse.Namespace(lr=0.1, workers=4),
        "optimizer": optimizer.state_dict(),
        "state_dict": model.state_dict(),
        "device": torch.device("cpu"),
        "shape": torch.Size([3, 4]),
    }


class Normalizer(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("new_mean", torch.tensor([0.4717, 0.4499, 0.3837])[:, None, None])
        self.register_buffer("new_std", torch.tensor([0.2600, 0.2516, 0.2575])[:, None, None])


def robustness(doubled):
    """As the robustness library saves: the network once more inside its attacker, and a schedule that is a function."""
    wrapped = torch.nn.Module()
    wrapped.normalizer = Normalizer()
    wrapped.model = network()
    if doubled:
        outer = torch.nn.Module()
        outer.model = wrapped.model
        wrapped.model = outer
    wrapped.attacker = torch.nn.Module()
    wrapped.attacker.normalize = Normalizer()
    wrapped.attacker.model = wrapped.model
    model = torch.nn.DataParallel(wrapped)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    rate = 0.5
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda epoch: rate**epoch)
    return {
        "model": model.state_dict(),
        "optimizer": optimizer.state_dict(),
        "schedule": schedule.state_dict() | {"lr_lambdas": [lambda epoch: rate**epoch]},
        "epoch": 3,
        "amp": None,
        "adv_prec1": numpy.float64(35.2),
    }


class OwnTensor(torch.Tensor):
    pass


save("layouts.pth", layouts())
save("layouts-legacy.pth", layouts(), legacy=True)
save("types.pth", types())
save("types-legacy.pth", types(), legacy=True)
save("training.pth", training())
save("training-legacy.th", training(), legacy=True)
save("protocol4.pt", {"state_dict": network().state_dict()}, pickle_protocol=4)
save("protocol4-legacy.pt", {"state_dict": network().state_dict()}, legacy=True, pickle_protocol=4)
save("robustness.pt", robustness(doubled=False), legacy=True, pickle_module=dill)
save("robustness-doubled.ckpt", robustness(doubled=True), pickle_module=dill)
save("module.pt", network().features)
save("unusual.pt", {"complex": torch.ones(2, dtype=torch.complex64), "uint16": numbers(3, dtype=torch.uint16),
                    "own": numbers(2).as_subclass(OwnTensor), "plain": numbers(2)})
