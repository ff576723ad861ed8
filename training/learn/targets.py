"""A network that answers several targets: one piece of its outputs for each."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F


def loss_of(scores: Tensor, labels: Tensor, classes: Sequence[int]) -> Tensor:
    """Mean cross-entropy over the targets: scores (B, sum of classes), labels (B, targets), -1 counts for nothing."""
    pieces = torch.split(scores, list(classes), dim=1)
    losses = [F.cross_entropy(piece, labels[:, n], ignore_index=-1, reduction="sum") for n, piece in enumerate(pieces)]
    return torch.stack(losses).mean() / len(labels)


def answers_of(scores: Tensor, classes: Sequence[int]) -> Tensor:
    """The class of each target with the highest score: (B, targets)."""
    pieces = torch.split(scores, list(classes), dim=1)
    return torch.stack([piece.argmax(1) for piece in pieces], dim=1)
