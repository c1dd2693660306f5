"""Web pages that a training reads first: which addresses are taken, how pages are fetched, and their text."""
