"""Sandboxes at E2B: a virtual machine each, held by E2B and reached over the network."""
