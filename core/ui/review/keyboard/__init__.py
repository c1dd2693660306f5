"""Review without a mouse: which keys there are, reasons by digit, and that none acts on what nobody has seen."""
