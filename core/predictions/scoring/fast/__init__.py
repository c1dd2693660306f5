"""Answers without frames: a recipe's fitted pipeline turned into tables that numpy looks up a block at a time.

`compiled.build` makes them, or says why it can't; `path.Fast` answers blocks with them. Nothing here is
trusted by itself: the engine compares the first rows of each run with the pipeline's own answers.
"""
