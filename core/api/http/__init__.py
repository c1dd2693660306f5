"""HTTP itself: bodies, downloads, repeated calls, error responses, what is measured of each call."""
