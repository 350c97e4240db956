"""Other formats in and out: YOLO, COCO, CSV, LabelMe, masks, and CVAT in; boxes come through unchanged.

A module a format. Reading gives a `source.Source`, the same for all; `importing` makes an ordinary VOC dataset of it.
Writing takes a loaded `Dataset`; `exporting` adds the images, the patients and a report.
"""
