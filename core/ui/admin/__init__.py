"""The admin page: people and the audit trail."""
