"""What lamella promises, in figures: the same scenarios run by lamella, napari and ndv in the same run.

The processes that are measured import as little of this package as they can: `child` and what it needs import neither
lamella nor the command line.
"""
