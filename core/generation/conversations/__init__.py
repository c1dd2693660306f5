"""Conversations: reading, deciding, exporting."""
