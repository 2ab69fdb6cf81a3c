"""Faults on purpose: real parts are killed, starved and frozen in mid-run, then the books are read.

`make chaos` runs all of it with the real clocks and the peers beside; the test suite a short form.
"""
