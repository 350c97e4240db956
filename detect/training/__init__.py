"""A training loop for torch detectors: epochs, checkpoints, the moving average, early stopping."""
