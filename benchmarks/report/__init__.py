"""The report of a benchmark: one HTML file to put beside a manuscript, and its figures as PNG and SVG."""
