"""Before a training: what a target asks, and each training once, however often it is asked for."""
