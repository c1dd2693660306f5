"""Models: what a file can teach, what a trained model expects of a file, and how it is kept on disk."""
