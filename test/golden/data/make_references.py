"""Computes the references for architectures that are built from weights alone.

    python test/golden/data/make_references.py [--cifar resnet20-cifar10.th] [NAME ...]

Needs PyTorch 2 and torchvision; no test runs it. For every network it writes NAME.weights.safetensors (float32, the key
names of torchvision) and NAME.golden.safetensors beside itself: `image` [1,3,H,W] in [0,1], `mean` and `std` [3], per tap t
`act.t` and a cotangent `seed.t`, and `grad_image`, the gradient of the sum over taps of <act.t, seed.t> with respect to
`image`, all computed by autograd in float64. The metadata names each tap's module. Networks are thin, so that the files are
small; their weights are random, and the statistics of their batch normalizations far from 0 and 1.

With --cifar it also computes the reference of a published CIFAR-10 ResNet-20, whose weights stay where they are.
"""

import argparse
import json
from collections import OrderedDict
from functools import partial
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import nn
from torchvision.models.densenet import DenseNet
from torchvision.models.mnasnet import MNASNet
from torchvision.models.mobilenetv2 import MobileNetV2
from torchvision.models.resnet import Bottleneck, ResNet
from torchvision.models.shufflenetv2 import ShuffleNetV2
from torchvision.models.vgg import VGG, make_layers
from torchvision.models import GoogLeNet
from torchvision.models.googlenet import BasicConv2d, Inception

HERE = Path(__file__).parent
IMAGENET = ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])


def thin_vgg13_bn():
    plan = [8, 8, "M", 16, 16, "M", 16, 16, "M", 24, 24, "M", 24, 24, "M"]
    return VGG(make_layers(plan, batch_norm=True), init_weights=False)


def thin_googlenet(factor=8):
    """torchvision's GoogLeNet with all channels divided."""

    def conv(inputs, outputs, **options):
        return BasicConv2d(inputs if inputs == 3 else inputs // factor, outputs // factor, **options)

    blocks = [conv, partial(Inception, conv_block=conv), None]
    return GoogLeNet(aux_logits=False, init_weights=False, blocks=blocks)


def thin_mobilenet_v2():
    model = MobileNetV2(width_mult=0.25)
    model.features[18][0] = nn.Conv2d(80, 96, 1, bias=False)
    model.features[18][1] = nn.BatchNorm2d(96)
    return model


def thin_mnasnet():
    model = MNASNet(0.1)
    inputs = model.layers[14].in_channels
    model.layers[14] = nn.Conv2d(inputs, 64, 1, bias=False)
    model.layers[15] = nn.BatchNorm2d(64)
    return model


class ThinResNet(ResNet):
    """torchvision's ResNet whose four stages have `planes`, twice, four and eight times `planes` channels."""

    def __init__(self, block, blocks, planes, groups=1, width_per_group=64):
        nn.Module.__init__(self)
        self._norm_layer = nn.BatchNorm2d
        self.inplanes = 8
        self.dilation = 1
        self.groups = groups
        self.base_width = width_per_group
        self.conv1 = nn.Conv2d(3, self.inplanes, 7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(self.inplanes)
        self.relu = nn.ReLU(inplace=True)
        self.maxpool = nn.MaxPool2d(3, stride=2, padding=1)
        for stage, count in enumerate(blocks):
            layer = self._make_layer(block, planes * 2**stage, count, stride=1 if stage == 0 else 2)
            setattr(self, f"layer{stage + 1}", layer)


class CifarBlock(nn.Module):
    """Two 3x3 convolutions and a shortcut: parameter-free (option A) or a 1x1 convolution (option B)."""

    def __init__(self, inputs, outputs, stride, option):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride=stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.widening = (outputs - inputs) // 2
        self.changes = stride != 1 or inputs != outputs
        self.option = option
        if option == "B" and self.changes:
            self.shortcut = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride=stride, bias=False), nn.BatchNorm2d(outputs))

    def forward(self, x):
        branch = self.bn2(self.conv2(torch.relu(self.bn1(self.conv1(x)))))
        if not self.changes:
            shortcut = x
        elif self.option == "B":
            shortcut = self.shortcut(x)
        else:
            pads = (0, 0, 0, 0, self.widening, self.widening)
            shortcut = nn.functional.pad(x[:, :, ::2, ::2], pads)
        return torch.relu(branch + shortcut)


class CifarResNet(nn.Module):
    """He et al. 2015, section 4.2: ResNets for pictures of 32 pixels."""

    def __init__(self, blocks, channels, option):
        super().__init__()
        self.conv1 = nn.Conv2d(3, channels, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        inputs = channels
        for stage, count in enumerate(blocks):
            outputs = channels * 2**stage
            layer = []
            for block in range(count):
                layer.append(CifarBlock(inputs, outputs, 2 if stage > 0 and block == 0 else 1, option))
                inputs = outputs
            setattr(self, f"layer{stage + 1}", nn.Sequential(*layer))
        self.stages = len(blocks)

    def forward(self, x):
        x = torch.relu(self.bn1(self.conv1(x)))
        for stage in range(self.stages):
            x = getattr(self, f"layer{stage + 1}")(x)
        return x


LAYERS = {"relu2_x": "layer1", "relu3_x": "layer2", "relu4_x": "layer3", "relu5_x": "layer4"}
CIFAR_LAYERS = {name: LAYERS[name] for name in ("relu2_x", "relu3_x", "relu4_x")}

# Per network: the model, the size of the picture, and the module of every tap. A tap whose module is a list is the ReLU
# of that module's output.
NETWORKS = {
    "vgg13_bn-thin": (
        thin_vgg13_bn,
        (48, 64),
        {"conv1_2": "features.4", "relu2_1": "features.9", "relu4_2": "features.26", "relu5_1": "features.30"},
    ),
    "googlenet-thin": (
        thin_googlenet,
        (57, 75),
        {name: name for name in ("conv1", "conv3", "inception3a", "inception3b", "inception4a", "inception4e", "inception5b")},
    ),
    "densenet121-thin": (
        lambda: DenseNet(growth_rate=4, block_config=(6, 12, 24, 16), num_init_features=8, bn_size=4),
        (57, 75),
        {
            "relu0": "features.relu0",
            "denseblock1": "features.denseblock1",
            "transition1.relu": "features.transition1.relu",
            "transition2": "features.transition2",
            "denseblock3": "features.denseblock3",
            "norm5": "features.norm5",
        },
    ),
    "mobilenet_v2-thin": (
        thin_mobilenet_v2,
        (57, 75),
        {f"features.{i}": f"features.{i}" for i in (0, 1, 3, 6, 13, 18)},
    ),
    "shufflenet_v2-thin": (
        lambda: ShuffleNetV2([4, 8, 4], [8, 16, 32, 64, 96]),
        (57, 75),
        {"conv1": "conv1", "stage2.0": "stage2.0", "stage2": "stage2", "stage3": "stage3", "stage4": "stage4", "conv5": "conv5"},
    ),
    "mnasnet-thin": (
        thin_mnasnet,
        (57, 75),
        {name: name for name in ("layers.5", "layers.8", "layers.9.0", "layers.11", "layers.13", "layers.16")},
    ),
    "resnext50-thin": (
        lambda: ThinResNet(Bottleneck, [3, 4, 6, 3], planes=4, groups=4, width_per_group=32),
        (49, 65),
        LAYERS,
    ),
    "wide_resnet50_4-thin": (
        lambda: ThinResNet(Bottleneck, [3, 4, 6, 3], planes=1, width_per_group=256),
        (49, 65),
        LAYERS,
    ),
    "cifar_resnet20-thin": (lambda: CifarResNet([3, 3, 3], 4, "A"), (33, 46), CIFAR_LAYERS),
    "cifar_resnet18-thin": (lambda: CifarResNet([2, 2, 2, 2], 4, "B"), (33, 46), LAYERS),
}


def randomise(model, generator):
    """Weights of He et al. 2015, and normalizations that shift and scale every channel differently."""
    for module in model.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, nonlinearity="relu", generator=generator)
            if module.bias is not None:
                module.bias.data.normal_(0, 0.1, generator=generator)
        elif isinstance(module, nn.BatchNorm2d):
            module.weight.data.uniform_(0.6, 1.4, generator=generator)
            module.bias.data.normal_(0, 0.2, generator=generator)
            module.running_mean.normal_(0, 0.2, generator=generator)
            module.running_var.uniform_(0.5, 2, generator=generator)


def settle(model, image, mean, std):
    """Multiplies the running variances so that activations neither die nor explode with depth."""

    def rescale(module, inputs, _output):
        spread = inputs[0].var(dim=(0, 2, 3)).mean().clamp(min=1e-6)
        module.running_var *= spread / module.running_var.mean()
        module.running_mean *= spread.sqrt()
        return nn.functional.batch_norm(
            inputs[0], module.running_mean, module.running_var, module.weight, module.bias, False, 0.0, module.eps
        )

    norms = [m for m in model.modules() if isinstance(m, nn.BatchNorm2d)]
    hooks = [norm.register_forward_hook(rescale) for norm in norms]
    with torch.no_grad():
        run_features(model, (image - mean) / std)
    for hook in hooks:
        hook.remove()


def run_features(model, x):
    """The forward pass as far as the features go."""
    if isinstance(model, ThinResNet):
        x = model.maxpool(model.relu(model.bn1(model.conv1(x))))
        for layer in (model.layer1, model.layer2, model.layer3, model.layer4):
            x = layer(x)
        return x
    if isinstance(model, (VGG, DenseNet, MobileNetV2)):
        return model.features(x)
    if isinstance(model, MNASNet):
        return model.layers(x)
    if isinstance(model, ShuffleNetV2):
        x = model.maxpool(model.conv1(x))
        return model.conv5(model.stage4(model.stage3(model.stage2(x))))
    if isinstance(model, GoogLeNet):
        for name, module in model.named_children():
            if name not in ("aux1", "aux2", "avgpool", "dropout", "fc") and module is not None:
                x = module(x)
        return x
    return model(x)


def compute(name, model, image, taps, mean, std, generator):
    """Activations, cotangents and the gradient, in float64."""
    for module in model.modules():
        if hasattr(module, "inplace"):
            module.inplace = False
    activations = {}

    def keep(tap):
        def hook(_module, _inputs, output):
            activations[tap] = output

        return hook

    hooks = [model.get_submodule(path).register_forward_hook(keep(tap)) for tap, path in taps.items()]
    image = image.clone().requires_grad_()
    run_features(model, (image - mean) / std)
    for hook in hooks:
        hook.remove()
    tensors = {"image": image.detach(), "mean": mean.flatten(), "std": std.flatten()}
    total = 0
    for tap in taps:
        # Every tap has the same share in the gradient, whatever its size.
        seed = torch.randn(activations[tap].shape, generator=generator, dtype=torch.float64)
        seed /= activations[tap].detach().norm()
        seed = seed.float().double()
        tensors[f"act.{tap}"] = activations[tap].detach()
        tensors[f"seed.{tap}"] = seed
        total = total + (activations[tap] * seed).sum()
    (tensors["grad_image"],) = torch.autograd.grad(total, image)
    metadata = {
        "network": name,
        "pooling": "as defined",
        "taps": json.dumps(taps),
        "source": f"PyTorch {torch.__version__} autograd, float64",
    }
    return {key: value.float().contiguous() for key, value in tensors.items()}, metadata


def picture(size, generator):
    """A smooth random picture with some noise."""
    coarse = torch.rand(1, 3, 6, 8, generator=generator, dtype=torch.float64)
    smooth = nn.functional.interpolate(coarse, size=size, mode="bicubic", align_corners=False)
    noise = 0.05 * torch.randn(smooth.shape, generator=generator, dtype=torch.float64)
    return (smooth + noise).clamp(0, 1).float().double()


def as_channels(values):
    return torch.tensor(values, dtype=torch.float32).double().view(1, 3, 1, 1)


def make(name, seed):
    build, size, taps = NETWORKS[name]
    generator = torch.Generator().manual_seed(seed)
    model = build().eval()
    randomise(model, generator)
    # GoogLeNet's published weights want pictures in [-1, 1].
    mean, std = map(as_channels, ([0.5] * 3, [0.5] * 3) if name.startswith("googlenet") else IMAGENET)
    image = picture(size, generator)
    model.double()
    settle(model, image, mean, std)
    model.float().double()  # rounded as the file will be
    tensors, metadata = compute(name, model, image, taps, mean, std, generator)
    weights = OrderedDict(
        (key, value.float().contiguous())
        for key, value in model.state_dict().items()
        if not key.startswith(("fc.", "classifier.")) and not key.endswith("num_batches_tracked")
    )
    save_file(weights, HERE / f"{name}.weights.safetensors", {"network": name})
    save_file(tensors, HERE / f"{name}.golden.safetensors", metadata)


def make_cifar(path):
    """The ResNet-20 of akamaster/pytorch_resnet_cifar10: `state_dict` with keys `module.`, option A."""
    checkpoint = torch.load(path, map_location="cpu", weights_only=False)
    state = {key.removeprefix("module."): value for key, value in checkpoint["state_dict"].items()}
    model = CifarResNet([3, 3, 3], 16, "A").eval()
    model.load_state_dict({key: value for key, value in state.items() if not key.startswith("linear.")})
    model.double()
    generator = torch.Generator().manual_seed(1)
    mean, std = map(as_channels, IMAGENET)
    image = picture((32, 40), generator)
    tensors, metadata = compute("resnet20-cifar10", model, image, CIFAR_LAYERS, mean, std, generator)
    folder = HERE.parent / "third-party"
    folder.mkdir(exist_ok=True)
    save_file(tensors, folder / "resnet20-cifar10.golden.safetensors", metadata)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Computes references with PyTorch.")
    parser.add_argument("names", nargs="*", help=f"of {', '.join(NETWORKS)}; all where none is given")
    parser.add_argument("--cifar", help="the published checkpoint of ResNet-20")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    if arguments.cifar:
        make_cifar(arguments.cifar)
    for name in arguments.names or ([] if arguments.cifar else NETWORKS):
        make(name, seed=1)
