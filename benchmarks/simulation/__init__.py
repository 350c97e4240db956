"""Studies that never took place: readers of stated skill, for planning a study and for testing its analysis."""
