"""L2 attacks on a classifier: projected gradient ascent of the cross entropy (Madry et al. 2018)."""

import torch
import torch.nn as nn
import torch.nn.functional as F


def lengths(x: torch.Tensor) -> torch.Tensor:
    """L2 norm per picture, shaped [B,1,1,1]."""
    return x.flatten(1).norm(dim=1).clamp_min(1e-12).view(-1, 1, 1, 1)


def l2_attack(
    model: nn.Module, x: torch.Tensor, labels: torch.Tensor, radius: float, steps: int, step: float | None = None
) -> torch.Tensor:
    """Return pictures within `radius` (L2, [0,1] units) of `x` that the model gets wrong more often.

    Random start inside the ball; normalised gradient steps of length `step` (2.5 radius / steps where not given, 1.25
    radius for a single step), projection on the ball, then on [0,1]. The model's parameters receive no gradient.
    """
    alpha = step if step is not None else radius * (1.25 if steps == 1 else 2.5 / steps)
    delta = torch.randn_like(x)
    delta = delta / lengths(delta) * radius * torch.rand(len(x), 1, 1, 1, device=x.device)
    for _ in range(steps):
        delta = ((x + delta).clamp(0, 1) - x).detach().requires_grad_(True)
        with torch.autocast(x.device.type, torch.bfloat16):
            loss = F.cross_entropy(model(x + delta), labels, reduction="sum")
        (gradient,) = torch.autograd.grad(loss, delta)
        with torch.no_grad():
            delta = delta + alpha * gradient / lengths(gradient)
            delta = delta * (radius / lengths(delta)).clamp_max(1)
    return (x + delta).clamp(0, 1).detach()
