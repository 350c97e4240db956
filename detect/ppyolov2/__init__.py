"""PP-YOLOv2 (arXiv 2104.10419) in torch: network, targets, losses, augmentation, and its job."""
