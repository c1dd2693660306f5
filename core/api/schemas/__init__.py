"""The shapes of answers and bodies."""
