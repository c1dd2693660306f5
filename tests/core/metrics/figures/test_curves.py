from __future__ import annotations

from core.metrics import figures


def test_lines_of_one_point_are_all_seen_where_they_meet() -> None:
    """And the title says whose way it tells."""
    lines = {
        "Mean of both": [(67, 0.864)],
        "Boosted trees": [(1, 0.825), (67, 0.859)],
        "Linear": [(67, 0.864)],
    }
    figure = figures.reported_curve(lines, metric="ROC-AUC", baseline=0.5)
    mean, trees, linear, baseline = figure.data
    assert trees.mode == "lines+markers"
    assert "open" not in mean.marker.symbol
    assert "open" in linear.marker.symbol
    assert linear.marker.size > mean.marker.size
    assert (baseline.name, list(baseline.x), list(baseline.y)) == ("Baseline", [1, 67], [0.5, 0.5])
    title = figure.layout.title.text.replace("<br>", " ")
    assert title == "ROC-AUC · Boosted trees went from 0.825 to 0.859, as reported by the code"


def test_one_line_needs_no_name_and_no_line_is_said() -> None:
    figure = figures.reported_curve({"": [(1, 0.5), (2, 0.75)]}, metric="<b>loss</b>")
    assert figure.layout.title.text.startswith("&lt;b&gt;loss&lt;/b&gt; went from 0.500")
    assert figure.layout.yaxis.title.text == "&lt;b&gt;loss&lt;/b&gt;"
    assert not figure.layout.showlegend
    assert not figures.reported_curve({}, metric="loss").data
