"""The checker: rules over a whole dataset, findings with a place and a way out, and safe mends."""
