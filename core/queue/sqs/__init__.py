"""Tasks transported by SQS: its client, and what messages say of tasks."""
