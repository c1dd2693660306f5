"""The installation itself: its checks and the sample that a fresh one starts with."""

from core.system.first_start import first_start, give_sample
from core.system.python_check import known_fault

__all__ = ["first_start", "give_sample", "known_fault"]
