"""PP-YOLOv2, trained by PaddleDetection on PaddlePaddle, both imported in a training process only."""
