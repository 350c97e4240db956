"""The knee phantom: anteroposterior radiographs of standing knees, with Kellgren and Lawrence's grades."""
