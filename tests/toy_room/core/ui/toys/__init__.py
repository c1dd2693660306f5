"""Toys on pages."""
