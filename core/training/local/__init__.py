"""Trainings that run on their owner's own machine, and only report here."""
