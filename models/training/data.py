"""Tiny-ImageNet-200 as one tensor: 64x64 px pictures from stored zips of WebP files named CLASS/NUMBER.webp."""

import io
import zipfile
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image

TRAIN_ZIPS = [f"train-{k}.zip" for k in range(4)]
VALIDATION_ZIPS = ["val.zip"]
SIDE = 64


def load(folder: Path, zips: list[str], limit: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    """Return pictures (uint8 [N,3,64,64], RGB) and labels (int64 [N]); `limit` > 0 takes that many of each zip."""
    images, labels = [], []
    for name in zips:
        with zipfile.ZipFile(folder / name) as archive:
            for member in archive.namelist()[: limit or None]:
                with Image.open(io.BytesIO(archive.read(member))) as image:
                    images.append(np.asarray(image.convert("RGB")))
                labels.append(int(member.split("/")[0]))
    return torch.from_numpy(np.stack(images)).permute(0, 3, 1, 2).contiguous(), torch.tensor(labels)


def channel_statistics(images: torch.Tensor) -> tuple[list[float], list[float]]:
    """Mean and deviation per channel, in [0,1], of every (N/2000)th picture."""
    sample = images[:: max(1, len(images) // 2000)].float() / 255
    return sample.mean((0, 2, 3)).tolist(), sample.std((0, 2, 3)).tolist()


def augment(
    batch: torch.Tensor, size: int, smallest: int, generator: torch.Generator, blur: float, largest: int = SIDE
) -> torch.Tensor:
    """Cut one random square (side `smallest`..`largest` px) for the batch, resize it to `size`, mirror half of the pictures.

    `batch` is uint8 [B,3,64,64]; the answer is float [B,3,size,size] in [0,1]. The antialiased bicubic filter is what
    photos meet when a program shrinks or enlarges them; cuts smaller than `size` come out smooth, as large photographs
    are at their finest scale. `blur` is the chance that a batch is enlarged from half of its side first.
    """
    side = int(torch.randint(smallest, largest + 1, (1,), generator=generator))
    top, left = torch.randint(0, SIDE - side + 1, (2,), generator=generator).tolist()
    flip = torch.rand(len(batch), generator=generator) < 0.5
    soft = float(torch.rand(1, generator=generator)) < blur
    x = batch[:, :, top : top + side, left : left + side].float() / 255
    if soft:
        x = F.interpolate(x, (size // 2, size // 2), mode="bicubic", antialias=True)
    if x.shape[-1] != size:
        x = F.interpolate(x, (size, size), mode="bicubic", antialias=True)
    x[flip] = x[flip].flip(3)
    return x.clamp_(0, 1)
