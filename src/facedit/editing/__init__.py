"""Words in, a plan out: alignment, requests, joints, frames, samples, the edit script.

Pure: no torch, no media, no files. ``diff`` and ``requests`` find what changes, ``planner`` lays it
out in time, ``timeline`` and ``soundline`` turn the plan into frames and samples, ``script`` stores
it.
"""
