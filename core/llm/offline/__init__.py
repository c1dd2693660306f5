"""Writes conversations without any model: labelled as such, for trying the product and for its tests."""
