"""How a CSV is written, found from its bytes: encoding, delimiter, header, column formats."""
