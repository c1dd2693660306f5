"""Toys: made by workers, kept in storage, perhaps of an upload."""
