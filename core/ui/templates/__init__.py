"""Templates as pages show them."""
