"""Convolution, pooling and ReLU in one operation, behind this door; nothing else imports what is inside."""

from training.kernels.convolve import convolve_and_pool

__all__ = ["convolve_and_pool"]
