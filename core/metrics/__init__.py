"""Arrays or score histograms in, numbers and Plotly figures out. Nothing here knows a database, a file or a
page.

binary, multiclass, regression: how good a model is where the outcomes are known. distributions: what the
predictions look like where they are not. findings: the same in one sentence. figures: the same as charts.
stored: the same, read back from JSON.
"""
