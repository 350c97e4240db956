"""One dataset from what several annotators drew: what they agree on, what a senior decided, and what is left.

`make_consensus` reads the annotators' files (`sources`), judges each image (`judging`) and writes the outcome
(`outcome`), which is an ordinary dataset folder with a few files more:

    OUT/consensus.json     what it was made from; a folder without it is never written to
    OUT/Annotations/       every image that is decided
    OUT/review/            what the senior still has to decide (`spinedet.annotations.consensus.review`)
    OUT/annotators/NAME/   what the senior saved
    OUT/provenance.json    a record for each box: who drew it, who decided

Running it again takes up what the senior and the annotators have saved since.
"""

from spinedet.datasets.consensus.outcome import Outcome, make_consensus

__all__ = ["Outcome", "make_consensus"]
