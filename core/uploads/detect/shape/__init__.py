"""Where in a file its table is: text laid out in columns, several tables, header lines, rows of another kind."""
