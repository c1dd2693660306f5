"""Routes of templates, batch jobs and conversations."""
