"""Live apps of models: their states, the keeper that makes processes match them, and what answers requests."""
