"""Collections of annotated images: loading, patients, folds, what the frameworks read, and phantoms."""
