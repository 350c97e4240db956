"""How long does the analysis of a reader study take, and how much memory?

Makes simulated studies (readers and one model, two images a patient, seven discs an image), each in a process of its
own so that the peak of memory is its own, analyses them, writes the tables, and prints one JSON line for each.
`making` is the simulation, `analysis` is `analyse`, `writing` the tables and results.json.

    python benchmarks/speed/study_speed.py --sizes 50x4 5000x20
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from spinedet.benchmarks.simulation.skill import Hardness, Skill
from spinedet.benchmarks.simulation.studies import HEIGHT, LUMBAR, WIDTH, Design, code, simulate
from spinedet.benchmarks.study.protocol import Case, ModelReader, Protocol, Source
from spinedet.benchmarks.study.readings import StudyData
from spinedet.benchmarks.study_analysis.analysis import analyse
from spinedet.benchmarks.study_analysis.tables import write_results
from spinedet.detect.machine import machine, peak_memory_mb

MODEL = "model"

PER_PATIENT = 2


def make(images: int, readers: int, resamples: int) -> tuple[Protocol, StudyData]:
    """A study of so many images and persons, and one model."""
    names = tuple(f"R{number + 1}" for number in range(readers))
    protocol = Protocol(
        study="speed",
        created="2026-01-01",
        spinedet="0",
        source=Source(name="simulated", fingerprint="0", images=images, patients=images // PER_PATIENT),
        classes=tuple(LUMBAR),
        positive=tuple(LUMBAR)[1:],
        cases=tuple(Case(code=code(place), pixels="", width=WIDTH, height=HEIGHT) for place in range(images)),
        readers=names,
        models=(ModelReader(name=MODEL, detector="simulated", size="n", sha256="0", trained_on=0),),
        resamples=resamples,
    )
    skills = [Skill(name=name, right=dict.fromkeys(LUMBAR, 0.85)) for name in names]
    skills.append(Skill(name=MODEL, right=dict.fromkeys(LUMBAR, 0.92), seconds=10.0))
    design, hardness = Design(images=images, per_patient=PER_PATIENT), Hardness(patient=0.5, disc=0.5)
    truth, readings = simulate(design, skills, (MODEL,), hardness, protocol.sha256(), seed=0)
    return protocol, StudyData(truth=truth, readings=readings)


def measure(images: int, readers: int, resamples: int, folder: Path) -> dict[str, object]:
    """Make, analyse and write one study."""
    began = time.perf_counter()
    protocol, data = make(images, readers, resamples)
    made, before = time.perf_counter(), peak_memory_mb()
    results = analyse(protocol, data)
    analysed = time.perf_counter()
    write_results(folder, results)
    written = time.perf_counter()
    return {
        "images": images,
        "readers": readers,
        "resamples": resamples,
        "seconds_making": round(made - began, 1),
        "seconds_analysis": round(analysed - made, 1),
        "seconds_writing": round(written - analysed, 1),
        "peak_mb_of_data": round(before),
        "peak_mb": round(peak_memory_mb()),
        "disagreements": len(results.disagreements),
    }


def main() -> None:
    """Measure each size and print it."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--sizes", nargs="+", default=["50x4", "5000x20"], help="images x readers")
    parser.add_argument("--resamples", type=int, default=2000)
    words = parser.parse_args()
    if len(words.sizes) > 1:
        for size in words.sizes:
            own = [sys.executable, __file__, "--sizes", size, "--resamples", str(words.resamples)]
            subprocess.run(own, check=True)
        return
    images, readers = map(int, words.sizes[0].split("x"))
    with tempfile.TemporaryDirectory() as folder:
        found = measure(images, readers, words.resamples, Path(folder))
    print(json.dumps({"study_speed": {**found, "machine": machine()}}), flush=True)


if __name__ == "__main__":
    main()
