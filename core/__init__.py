"""What Model Desk can do, without its pages: one room per thing the product does."""

__version__ = "0.1.0"
