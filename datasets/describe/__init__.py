"""A dataset as a page to look at: counts, sizes, places, and examples of its boxes.

`describe(dataset)` gives the HTML. `census` counts, `tables` and `figures` show the counts, `examples` chooses boxes
and images, `cards` draws them, and `page` puts all of it together.
"""

from spinedet.datasets.describe.census import with_pictures
from spinedet.datasets.describe.page import describe

__all__ = ["describe", "with_pictures"]
