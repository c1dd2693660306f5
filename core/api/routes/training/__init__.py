"""Routes of trainings, live apps and packages."""
