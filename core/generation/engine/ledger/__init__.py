"""What a job keeps in the database while it runs."""
