"""Kinds of mess that the reader was built on."""

from __future__ import annotations

import codecs
import random

from tests.core.uploads.corpus.sample import (
    Column,
    Marks,
    Sample,
    amounts,
    dates,
    ids,
    joined,
    lines,
    numbers,
    sample,
    words,
)

GERMAN = ("München", "Köln", "Düsseldorf", "Nürnberg", "Berlin", "Fürth", "Lübeck")
FRENCH = ("Orléans", "Besançon", "Nîmes", "Paris", "Évreux", "Saint-Étienne")
SWEDISH = ("Malmö", "Göteborg", "Örebro", "Luleå", "Stockholm")


def quoted_line_breaks(seed: random.Random) -> Sample:
    """A survey with answers over several lines."""
    n = seed.randint(8, 40)
    answers = ("fine", "not so good,\nreally", 'he said "no"', "a; b; c", "well,\n\nyes")
    columns = [ids("id", n), words(seed, "answer", n, answers), words(seed, "score", n, "12345")]
    return sample("quoted line breaks", columns, joined(lines(columns, Marks()), Marks()))


def german_excel(seed: random.Random) -> Sample:
    """Semicolons, decimal commas, points between thousands, euros, Windows-1252."""
    marks = Marks(";", ",", ".", "{} €", "\r\n")
    n = seed.randint(6, 200)
    columns = [
        ids("Nr", n, 1000),
        words(seed, "Ort", n, GERMAN),
        amounts(seed, "Umsatz", n, marks),
        numbers(seed, "Menge", n, Marks(";", ",", ".")),
        dates(seed, "Datum", n, "%d.%m.%Y"),
    ]
    return sample("German Excel", columns, joined(lines(columns, marks), marks), codec="cp1252")


def french_excel(seed: random.Random) -> Sample:
    """Semicolons, hard blanks between thousands, percentages."""
    marks = Marks(";", ",", "\u00a0", "{}\u00a0€", "\r\n")
    n = seed.randint(6, 80)
    shares = Marks(";", ",", "", "{} %")
    columns = [
        words(seed, "Ville", n, FRENCH),
        amounts(seed, "Montant", n, marks, top=900_000),
        amounts(seed, "Part", n, shares, top=100, places=1),
        words(seed, "Actif", n, ("oui", "non")),
    ]
    return sample("French Excel", columns, joined(lines(columns, marks), marks), codec="cp1252")


def swiss(seed: random.Random) -> Sample:
    """Semicolons, apostrophes between thousands, francs."""
    marks = Marks(";", ".", "'", "CHF {}", "\r\n")
    n = seed.randint(6, 60)
    columns = [
        ids("Konto", n, 8000),
        words(seed, "Ort", n, ("Zürich", "Genève", "Bern")),
        amounts(seed, "Saldo", n, marks),
    ]
    return sample("Swiss", columns, joined(lines(columns, marks), marks), codec="utf-8", bom=codecs.BOM_UTF8)


def bank_statement(seed: random.Random) -> Sample:
    """Lines about the account above the header, a closing line below the rows."""
    marks = Marks(";", ",", ".", "{}", "\r\n")
    n = seed.randint(6, 50)
    columns = [
        dates(seed, "Buchungstag", n, "%d.%m.%Y"),
        words(seed, "Verwendungszweck", n, ("Miete", "Gehalt; März", "REWE SAGT DANKE", "Strom")),
        numbers(seed, "Betrag", n, marks, low=-3000, top=3000),
        words(seed, "Währung", n, ("EUR",)),
    ]
    above = [
        "Umsatzanzeige;Datei erzeugt am: 02.05.2024",
        "IBAN;DE02 1203 0000 0000 2020 51",
        "Kunde;Erika Muster",
        "",
    ]
    text = joined([*above, *lines(columns, marks, always=seed.random() < 0.5)], marks)
    return sample("bank statement", columns, text, codec="cp1252")


def statistics_office(seed: random.Random) -> Sample:
    """Title lines above, footnotes below."""
    marks = Marks()
    n = seed.randint(6, 30)
    columns = [
        words(seed, "Region", n, ("North", "South", "East", "West")),
        ids("Year", n, 1990),
        numbers(seed, "Population", n, marks, top=90_000, places=0),
        numbers(seed, "Rate", n, marks, top=9, places=1),
    ]
    above = ["Table 3: Population by region", '"Thousands, end of year"', ""]
    below = ["", "Source: National Statistics Office, 2024.", "Note: figures are provisional."]
    return sample("statistics office", columns, joined([*above, *lines(columns, marks), *below], marks))


def r_row_names(seed: random.Random) -> Sample:
    """write.table: no name above the row names."""
    n = seed.randint(5, 60)
    columns = [ids("column_1", n), numbers(seed, "mpg", n, Marks()), words(seed, "gear", n, "345")]
    written = lines(columns, Marks("\t"))
    return sample("R row names", columns, joined(["mpg\tgear", *written[1:]], Marks()))


def pandas_index(seed: random.Random) -> Sample:
    """to_csv with its index: a comma before the first name."""
    n = seed.randint(5, 60)
    columns = [ids("column_1", n, 0), numbers(seed, "x", n, Marks()), words(seed, "label", n, ("a", "b"))]
    written = lines(columns, Marks())
    return sample("pandas index", columns, joined([",x,label", *written[1:]], Marks()))


def unicode_text(seed: random.Random) -> Sample:
    """Excel's "Unicode text": UTF-16 and tabs."""
    marks = Marks("\t", ",", line_end="\r\n")
    n = seed.randint(5, 60)
    columns = [words(seed, "Stad", n, SWEDISH), numbers(seed, "Belopp", n, marks), dates(seed, "Datum", n)]
    return sample(
        "Excel Unicode text",
        columns,
        joined(lines(columns, marks), marks),
        codec="utf-16-le",
        bom=codecs.BOM_UTF16_LE,
    )


def old_macintosh(seed: random.Random) -> Sample:
    """Carriage returns alone."""
    marks = Marks(line_end="\r")
    n = seed.randint(5, 60)
    columns = [ids("id", n), words(seed, "name", n, ("Ann", "Bob, Jr.", "Cy"))]
    return sample("old Macintosh", columns, joined(lines(columns, marks), marks))


def mysql_escapes(seed: random.Random) -> Sample:
    """Backslashes before quotes."""
    n = seed.randint(5, 60)
    columns = [
        ids("id", n),
        words(seed, "note", n, ('say "hi"', "plain", "a, b", 'the "x" one')),
        words(seed, "n", n, "123"),
    ]
    rows = [",".join(f'"{column.name}"' for column in columns)]
    rows += [
        ",".join('"' + cell.replace('"', '\\"') + '"' for cell in row)
        for row in zip(*(c.cells for c in columns), strict=True)
    ]
    if not any('"' in cell for cell in columns[1].cells):
        return mysql_escapes(seed)
    return sample("backslash escapes", columns, joined(rows, Marks()))


def ragged_tails(seed: random.Random) -> Sample:
    """Empty cells at the end of a row left out, delimiters and all."""
    n = seed.randint(10, 60)
    columns = [
        ids("id", n),
        words(seed, "name", n, ("Ann", "Bob", "Cy")),
        words(seed, "phone", n, ("555-1234", "")),
        words(seed, "note", n, ("x", "", "", "y z")),
    ]
    written = [line.rstrip(",") for line in lines(columns, Marks())]
    return sample("ragged tails", columns, joined(written, Marks()))


def trailing_delimiters(seed: random.Random) -> Sample:
    """A delimiter at the end of every row but not of the header."""
    marks = Marks(";", line_end="\r\n")
    n = seed.randint(5, 60)
    columns = [ids("id", n), numbers(seed, "v", n, marks), words(seed, "state", n, ("on", "off"))]
    written = lines(columns, marks)
    return sample(
        "trailing delimiters", columns, joined([written[0], *(line + ";" for line in written[1:])], marks)
    )


def repeated_headers(seed: random.Random) -> Sample:
    """Files of several months, one behind the other."""
    n = seed.randint(10, 60)
    columns = [dates(seed, "day", n), words(seed, "shop", n, ("A", "B")), numbers(seed, "sales", n, Marks())]
    header, *rows = lines(columns, Marks())
    cut = n // 2
    return sample("repeated headers", columns, joined([header, *rows[:cut], header, *rows[cut:]], Marks()))


def dollars(seed: random.Random) -> Sample:
    """Money in quotes because of its commas, brackets for what is owed."""
    marks = Marks(",", ".", ",", "${} ")
    n = seed.randint(6, 60)
    money = amounts(seed, "Income", n, marks, top=90_000)
    cells = tuple(
        f"(${plain})" if place % 5 == 4 else shown
        for place, (shown, plain) in enumerate(zip(money.cells, money.clean or (), strict=True))
    )
    clean = tuple(f"-{plain}" if place % 5 == 4 else plain for place, plain in enumerate(money.clean or ()))
    columns = [ids("ID", n, 500), Column("Income", cells, clean), words(seed, "Country", n, ("US", "CA"))]
    return sample("dollars", columns, joined(lines(columns, marks), marks))


def units_below_the_header(seed: random.Random) -> Sample:
    """A sensor's log: names, units, values."""
    n = seed.randint(8, 60)
    columns = [
        dates(seed, "time", n, "%Y-%m-%d %H:%M"),
        numbers(seed, "temperature", n, Marks(), top=30, places=1),
        numbers(seed, "pressure", n, Marks(), low=900, top=1100, places=1),
    ]
    header, *rows = lines(columns, Marks())
    return sample("units below the header", columns, joined([header, "UTC,°C,hPa", *rows], Marks()))


def _in(codec: str, kind: str, name: str, choices: tuple[str, ...], seed: random.Random) -> Sample:
    n = seed.randint(20, 80)
    columns = [ids("id", n), words(seed, name, n, choices), words(seed, "n", n, "123456")]
    return sample(kind, columns, joined(lines(columns, Marks()), Marks()), codec=codec)


def russian(seed: random.Random) -> Sample:
    return _in(
        "cp1251", "cp1251", "город", ("Москва", "Санкт-Петербург", "Новосибирск", "Казань", "Самара"), seed
    )


def czech(seed: random.Random) -> Sample:
    return _in(
        "cp1250", "cp1250", "město", ("Plzeň", "Ústí nad Labem", "České Budějovice", "Žďár", "Příbram"), seed
    )


def chinese(seed: random.Random) -> Sample:
    return _in(
        "gb18030", "gb18030", "城市", ("北京市", "上海市", "广州市", "深圳市", "成都市", "杭州市"), seed
    )


def japanese(seed: random.Random) -> Sample:
    return _in("cp932", "Shift-JIS", "都市", ("東京都", "大阪府", "北海道", "ありがとう", "カタカナ"), seed)


def korean(seed: random.Random) -> Sample:
    return _in("cp949", "cp949", "도시", ("서울특별시", "부산광역시", "대구", "인천", "경기도 성남시"), seed)


KINDS = (
    quoted_line_breaks, german_excel, french_excel, swiss, bank_statement, statistics_office, r_row_names, pandas_index,
    unicode_text, old_macintosh, mysql_escapes, ragged_tails, trailing_delimiters, repeated_headers, dollars,
    units_below_the_header, russian, czech, chinese, japanese, korean,
)  # fmt: skip
