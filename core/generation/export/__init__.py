"""Export: conversations as a data set to train with, made while it is sent."""
