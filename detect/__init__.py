"""The engine: one contract, three detectors behind it, portable models, and the runtime that predicts with them."""
