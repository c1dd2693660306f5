"""Who may come in: hosts and origins, authentication, the gate."""
