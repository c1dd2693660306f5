"""Batch generation: templates filled in many times, sent to a model, and what comes back as conversations."""
