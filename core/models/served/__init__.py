"""Models as processes in a sandbox: what is made by code that nobody has read is opened there and nowhere else."""
