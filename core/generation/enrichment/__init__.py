"""Enrichment: what a conversation is about, its mood, its difficulty and a summary, found out by a model."""
