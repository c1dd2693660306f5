"""The account page and its menu: tokens, sessions, signing out."""
