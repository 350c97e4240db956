"""How far annotators agree: boxes, detection and kappas with intervals, and the images that differ most."""
