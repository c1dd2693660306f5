"""Home: what needs somebody, where things stand, what was done lately."""
