"""Prompt templates: their variables, how they are filled in, the ones that come with the app."""
