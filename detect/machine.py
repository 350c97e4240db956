"""Which versions made a result, and on what machine."""

import os
import platform
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import psutil

BASE = ("spinedet", "numpy", "opencv-python", "onnxruntime")


def versions(*packages: str) -> dict[str, str]:
    """Versions of Python, of the base packages and of those named; a missing one is left out."""
    found = {"python": platform.python_version()}
    for name in (*BASE, *packages):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def cores() -> int:
    """Processor cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def machine() -> dict[str, str | int | float]:
    """Processor, cores and memory (GiB), without the machine's name or its owner's."""
    return {
        "system": f"{platform.system()} {platform.machine()}",
        "processor": _processor(),
        "cores": cores(),
        "memory_gib": round(psutil.virtual_memory().total / 2**30, 1),
    }


def processor_facts() -> str:
    """What Linux tells of the processor; empty elsewhere."""
    listing = Path("/proc/cpuinfo")
    return listing.read_text(encoding="utf-8", errors="replace") if listing.is_file() else ""


def multiplies_bfloat16(facts: str | None = None) -> bool:
    """Whether the processor multiplies bfloat16 by itself (told by Linux only), which halves the time of a training.

    Args:
        facts: The system's listing; otherwise that of this machine.
    """
    flags = set((processor_facts() if facts is None else facts).split())
    return bool(flags & {"avx512_bf16", "amx_bf16"})


def _processor() -> str:
    """The processor's name where the system tells it."""
    lines = processor_facts().splitlines()
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def peak_memory_mb() -> float:
    """The most memory (resident, in 10^6 bytes) that this process has held so far."""
    if sys.platform == "win32":
        return float(psutil.Process().memory_info().peak_wset) / 1e6
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 1e6 if sys.platform == "darwin" else peak * 1024 / 1e6
