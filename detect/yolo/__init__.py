"""YOLOv3 and YOLOv5, trained by ultralytics (AGPL-3.0), which is imported in a training process only."""
