"""The two patterns that Madder trains: a plain VGG and a ResNet with the stem, strides and pooling of ImageNet's.

Module names are chosen so that the state dict, batch normalization folded in, has the key names of the published
networks' own families (`features.N.weight`, `layer1.0.conv1.weight`); Madder's loaders need no special case.
"""

import torch
import torch.nn as nn
import torch.nn.functional as F


class VGG(nn.Module):
    """3x3 convolutions with batch normalization and ReLU; "A" in `pattern` is a 2x2 average pooling."""

    def __init__(self, pattern: list[int | str], classes: int):
        super().__init__()
        layers: list[nn.Module] = []
        channels = 3
        for item in pattern:
            if item == "A":
                layers.append(nn.AvgPool2d(2))
                continue
            layers += [nn.Conv2d(channels, item, 3, padding=1, bias=False), nn.BatchNorm2d(item), nn.ReLU()]
            channels = item
        self.features = nn.Sequential(*layers)
        self.classifier = nn.Linear(channels, classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.classifier(self.features(x).mean((2, 3)))


class BasicBlock(nn.Module):
    """relu(bn2(conv2(relu(bn1(conv1(x))))) + shortcut(x)); the shortcut is a strided 1x1 convolution where shapes differ."""

    def __init__(self, inputs: int, outputs: int, stride: int):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.downsample = None
        if stride != 1 or inputs != outputs:
            self.downsample = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        return F.relu(y + (x if self.downsample is None else self.downsample(x)))


class ResNet(nn.Module):
    """ResNet-18 with stages of `width`, 2, 4 and 8 times `width` channels: 7x7/2 stem, 3x3/2 max pooling, strides of 2."""

    def __init__(self, width: int, classes: int):
        super().__init__()
        self.conv1 = nn.Conv2d(3, width, 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.maxpool = nn.MaxPool2d(3, 2, 1)
        channels = width
        for stage in range(4):
            outputs = width * 2**stage
            blocks = [BasicBlock(channels, outputs, 1 if stage == 0 else 2), BasicBlock(outputs, outputs, 1)]
            setattr(self, f"layer{stage + 1}", nn.Sequential(*blocks))
            channels = outputs
        self.fc = nn.Linear(channels, classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.maxpool(F.relu(self.bn1(self.conv1(x))))
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return self.fc(x.mean((2, 3)))


class Normalized(nn.Module):
    """A network that takes pictures in [0,1]: subtracts `mean` and divides by `std` per channel first."""

    def __init__(self, network: nn.Module, mean: list[float], std: list[float]):
        super().__init__()
        self.network = network
        self.register_buffer("mean", torch.tensor(mean).view(1, 3, 1, 1))
        self.register_buffer("std", torch.tensor(std).view(1, 3, 1, 1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.network((x - self.mean) / self.std)


def build(architecture: dict, classes: int) -> nn.Module:
    """Build what a recipe's `architecture` names and initialise it after He et al. (2015), fan out."""
    if architecture["family"] == "vgg":
        network: nn.Module = VGG(architecture["pattern"], classes)
    elif architecture["family"] == "resnet":
        network = ResNet(architecture["width"], classes)
    else:
        raise SystemExit(f"unknown family {architecture['family']!r}: use vgg or resnet")
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
    return network
