"""What the page of one training shows."""
