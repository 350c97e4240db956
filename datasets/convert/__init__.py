"""Other formats in and out: YOLO, COCO, CSV, LabelMe, masks, and CVAT in; boxes come through unchanged."""
