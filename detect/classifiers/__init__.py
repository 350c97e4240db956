"""The classifiers of the source papers, as detectors that find one box: the whole image."""
