"""Regions of interest: where on an image the answer lies, cut out as a dataset of its own that maps back.

`legs` parts the two legs of an axial image, `detector` asks a trained model, `crops` writes the dataset and reads its
way back, `overlap` compares the boxes with masks.
"""
