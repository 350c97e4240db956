"""Pages that need nothing else: the style, the parts and the pictures that every HTML report shares."""
