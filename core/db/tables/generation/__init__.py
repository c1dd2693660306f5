"""Tables of templates, batch jobs and conversations."""
