"""The shell's door: arguments in, exit status out; the work is done by services and queries."""
