"""LabelImg on today's Python: its window cured, guarded and fed by a session of one annotator."""
