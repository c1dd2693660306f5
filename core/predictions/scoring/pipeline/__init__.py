"""The pipeline's own answers, which are the rule: loaded, read, exact to the written digit, with reasons."""
