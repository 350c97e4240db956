"""The thigh phantom: axial T1-like MR of both thighs, with fat where Duchenne, Becker and other diseases put it."""
