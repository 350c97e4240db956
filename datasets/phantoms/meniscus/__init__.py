"""The meniscus phantom: sagittal MR images of one side of the knee, its menisci intact or torn."""
