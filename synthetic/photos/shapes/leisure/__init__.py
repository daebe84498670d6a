"""Shapes of toys, sports gear, instruments, electronics and optics."""
