"""The disc phantom: sagittal MR images of one lumbar disc between its bodies, of every Pfirrmann grade."""
