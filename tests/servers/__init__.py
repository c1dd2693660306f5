"""Real servers for tests: started on a spare loopback port, ended by the process id we were given."""
