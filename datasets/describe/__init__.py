"""A dataset as a page to look at: counts, sizes, places, and examples of its boxes."""
