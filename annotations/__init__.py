"""What was drawn: boxes, Pascal VOC files, and the errors and file habits that the whole package shares."""
