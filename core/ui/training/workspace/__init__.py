"""What the Workspace shows: the form, one's own machine, all trainings."""
