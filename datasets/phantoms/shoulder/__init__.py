"""The shoulder phantom: oblique sagittal T2-like MR at the Y view, with Goutallier's grades of the supraspinatus."""
