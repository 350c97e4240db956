"""Scores of whole images, and every figure that the papers print of them, with counts and intervals."""
