"""The analysis of a reader study: from what readers and the model said to every figure; see `analysis`."""
