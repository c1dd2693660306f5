"""Messy files of our own making, by kinds of mess, each with the table that a person would read from it."""
