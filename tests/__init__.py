"""Tests, and what they share. Set before numpy is imported: native threads that fight over two cores stand still."""

import os

for _pool in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_pool, "1")
