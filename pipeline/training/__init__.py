"""Training: data sets of features, losses, the resumable loop, optimizers, checkpoints."""
