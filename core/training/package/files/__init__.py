"""What runs on an analyst's own machine. Modules import each other by whole names here, by bare ones there."""
