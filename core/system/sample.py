"""The sample file of a fresh installation: made up by this module, free to show and share."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Final

import numpy as np

TARGET: Final = "churned"
CHURN_SHARE: Final = 0.25

_CONTRACTS = ("Month to month", "One year", "Two years")
_INTERNET = ("Fibre", "DSL", "No internet")
_PAYMENTS = ("Direct debit", "Credit card", "Bank transfer", "Invoice")
_REGIONS = ("North", "East", "South", "West", "Central")


def write_sample(path: Path, *, n_rows: int = 5000, seed: int = 7) -> None:
    """Write a synthetic CSV of subscribers, one a row, with what became of each in the column `churned`.

    Nobody in it exists: every value is drawn from distributions chosen here, and the outcome from a formula
    over them plus chance. About a quarter churn, an attainable ROC-AUC is near .85, and a few cells are
    blank as in real files. UTF-8, commas, line feeds; the same n_rows and seed give the same bytes.
    """
    columns = _draw(n_rows, np.random.default_rng(seed))
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(zip(*columns.values(), strict=True))


def _draw(n: int, draw: np.random.Generator) -> dict[str, list[str]]:
    contract = draw.choice(3, n, p=(0.55, 0.24, 0.21))
    tenure = np.minimum(draw.gamma(1.3 + 0.9 * contract, 14, n).astype(int), 72)
    internet = draw.choice(3, n, p=(0.46, 0.36, 0.18))
    payment = draw.choice(4, n, p=(0.33, 0.25, 0.17, 0.25))
    region = draw.choice(5, n)
    age = np.clip(draw.normal(45, 15, n), 18, 92).astype(int)
    addons = draw.binomial(5, 0.4, n) * (internet < 2)
    base = np.array((62.0, 41.0, 19.0))[internet]
    monthly = np.round(base + 6.5 * addons + draw.normal(0, 6, n), 2)
    total = np.round(monthly * tenure * draw.uniform(0.93, 1.04, n), 2)
    tickets = draw.poisson(0.9 + 0.7 * (internet == 0), n)
    last_login = np.minimum(draw.exponential(12, n), 120).astype(int)
    paperless = draw.random(n) < 0.6
    partner = draw.random(n) < 0.35 + 0.004 * (age - 18)

    leaning = (
        np.array((1.35, -0.55, -1.7))[contract]
        - 1.5 * np.log1p(tenure / 8)
        + 0.022 * (monthly - 60)
        + np.array((0.35, -0.25, -0.4))[internet]
        + np.array((-0.2, -0.15, 0.0, 0.6))[payment]
        + 0.42 * np.maximum(tickets - 1, 0)
        + 0.85 * (last_login > 30)
        + 0.5 * (age < 28)
        - 0.25 * partner
        + 0.8 * ((contract == 0) & (tickets >= 3))
    )
    risk = leaning + draw.logistic(0, 1.1, n)
    churned = risk > np.quantile(risk, 1 - CHURN_SHARE)

    return {
        "customer_id": [f"C{number:06d}" for number in 100_000 + draw.permutation(n)],
        "region": [_REGIONS[code] for code in region],
        "age": _with_blanks(age, 0.02, draw),
        "has_partner": _yes_no(partner),
        "contract": [_CONTRACTS[code] for code in contract],
        "tenure_months": [str(months) for months in tenure],
        "internet_service": [_INTERNET[code] for code in internet],
        "addons": [str(number) for number in addons],
        "payment_method": [_PAYMENTS[code] for code in payment],
        "paperless_billing": _yes_no(paperless),
        "monthly_charges": [f"{amount:.2f}" for amount in monthly],
        "total_charges": [
            f"{amount:.2f}" if months else "" for amount, months in zip(total, tenure, strict=True)
        ],
        "support_tickets": [str(number) for number in tickets],
        "days_since_last_login": _with_blanks(last_login, 0.03, draw),
        TARGET: _yes_no(churned),
    }


def _yes_no(flags: np.ndarray) -> list[str]:
    return ["Yes" if flag else "No" for flag in flags]


def _with_blanks(values: np.ndarray, share: float, draw: np.random.Generator) -> list[str]:
    blank = draw.random(len(values)) < share
    return ["" if gone else str(value) for value, gone in zip(values, blank, strict=True)]
