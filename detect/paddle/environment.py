"""What must stand in the environment before Paddle is imported, and one gap in PaddleDetection that is filled."""

import importlib.util
import os
import sys
from types import ModuleType

from spinedet.detect.machine import cores, processor_facts


def prepare_environment() -> None:
    """Let Paddle use every core and the wide instructions of an AMD processor; what the user has set stays.

    Paddle computes on one thread unless told otherwise. Its matrix library (MKL-ML 2019) takes its slowest path on
    processors of other makers: `MKL_DEBUG_CPU_TYPE` shows it a faster one.
    """
    os.environ.setdefault("OMP_NUM_THREADS", str(cores()))
    if kind := mkl_cpu_type(processor_facts()):
        os.environ.setdefault("MKL_DEBUG_CPU_TYPE", kind)


def mkl_cpu_type(facts: str) -> str | None:
    """The value of `MKL_DEBUG_CPU_TYPE` for a `/proc/cpuinfo`: 7 is AVX-512, 5 AVX2; None leaves MKL to itself."""
    flags = set(facts.split())
    if "AuthenticAMD" not in flags:
        return None
    if {"avx512f", "avx512bw", "avx512dq", "avx512vl", "avx512cd"} <= flags:
        return "7"
    return "5" if "avx2" in flags else None


def fill_pkg_resources() -> None:
    """Let `import ppdet` pass where setuptools no longer has `pkg_resources` (82 and later).

    PaddleDetection 2.6.0 imports it for the listing of its model zoo alone, which is never called here.
    """
    if importlib.util.find_spec("pkg_resources") is None:
        sys.modules["pkg_resources"] = ModuleType("pkg_resources")
