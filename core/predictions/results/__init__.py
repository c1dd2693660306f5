"""What a run writes and counts: cells, columns, statistics, histograms."""
