"""Is PP-YOLOv2 in torch the same network as PaddleDetection's? `python -m spinedet.benchmarks.parity` measures it.

The two frameworks never meet in one process: each is asked in a process of its own, and files carry questions and
answers.
"""
