"""The pages of models: the cards, and one with its report."""
