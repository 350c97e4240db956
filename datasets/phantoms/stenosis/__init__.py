"""The stenosis phantom: axial MR images of the lumbar canal at a disc, of every width."""
