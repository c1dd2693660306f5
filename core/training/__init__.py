"""Training: code in a sandbox makes a model, and the model gets a live app."""
