"""Many conversations at once: the list, deciding and deleting."""
