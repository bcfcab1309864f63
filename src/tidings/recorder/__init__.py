"""Recordings: what came from the venue and what was done, on disk with its times, and read back.

`entries` says what a recording holds; `recorder` takes entries from the engine's thread and never makes it wait;
`segment_file` frames them on disk; `reader` reads them back and accepts nothing that is damaged.
"""
