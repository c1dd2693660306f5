"""Kinds of mess that were written after the reader, to see how it does on what it was not built on."""

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
    quoted,
    sample,
    words,
)


def survey_with_labels(seed: random.Random) -> Sample:
    """A survey tool's export: codes, then the questions, then its own ids."""
    n = seed.randint(8, 50)
    columns = [
        dates(seed, "StartDate", n, "%Y-%m-%d %H:%M:%S"),
        words(seed, "Q1", n, "12345"),
        words(seed, "Q2", n, "1234567"),
        words(seed, "Q3_TEXT", n, ("", "good", "not bad, really", "no")),
    ]
    header, *rows = lines(columns, Marks())
    labels = 'Start Date,"How satisfied are you?","How likely are you to come back, 1-7?",Anything else?'
    tags = ",".join(f'"{{""ImportId"":""{name}""}}"' for name in ("startDate", "QID1", "QID2", "QID3_TEXT"))
    return sample("survey with labels", columns, joined([header, labels, tags, *rows], Marks()))


def grouped_header(seed: random.Random) -> Sample:
    """A portal's table: years above, quarters below."""
    n = seed.randint(6, 30)
    names = ("2022 Q1", "2022 Q2", "2023 Q1", "2023 Q2")
    columns = [
        words(seed, "District", n, ("Mitte", "Pankow", "Spandau")),
        *(numbers(seed, name, n, Marks(), places=0, top=500) for name in names),
    ]
    _, *rows = lines(columns, Marks())
    return sample("grouped header", columns, joined([",2022,,2023,", "District,Q1,Q2,Q1,Q2", *rows], Marks()))


def single_quotes(seed: random.Random) -> Sample:
    """Cells in single quotes."""
    marks = Marks(",", quote="'")
    n = seed.randint(6, 60)
    columns = [
        ids("id", n),
        words(seed, "title", n, ("one, two", "plain", 'a "b" c', "x; y")),
        dates(seed, "day", n),
    ]
    return sample("single quotes", columns, joined(lines(columns, marks, always=True), marks))


def announced_delimiter(seed: random.Random) -> Sample:
    """Excel's sep= in the first line."""
    marks = Marks(";", line_end="\r\n")
    n = seed.randint(4, 40)
    columns = [ids("id", n), words(seed, "note", n, ("a, b", "c, d, e", "f")), numbers(seed, "x", n, marks)]
    return sample("announced delimiter", columns, joined(["sep=;", *lines(columns, marks)], marks))


def sap_list(seed: random.Random) -> Sample:
    """Bars between padded cells, minus signs behind the numbers."""
    n = seed.randint(6, 50)
    marks = Marks("|", ",", ".", line_end="\r\n")
    value = numbers(seed, "Betrag", n, marks, top=90_000)
    late = tuple(cell + "-" if place % 4 == 1 else cell for place, cell in enumerate(value.cells))
    clean = tuple("-" + cell if place % 4 == 1 else cell for place, cell in enumerate(value.clean or ()))
    columns = [
        ids("Beleg", n, 4_900_000),
        words(seed, "Konto", n, ("Erlöse", "Büro", "Reise")),
        Column("Betrag", late, clean),
    ]
    header, *rows = [[c.name for c in columns], *zip(*(c.cells for c in columns), strict=True)]
    written = [" | ".join(cell.ljust(12) for cell in row) for row in (header, *rows)]
    return sample("SAP list", columns, joined(written, marks), codec="cp1252")


def loose_quotes(seed: random.Random) -> Sample:
    """A log with tabs, in which quotes are only characters."""
    n = seed.randint(10, 60)
    agents = ('"Mozilla/5.0', "curl/8.1", '"bot" (x11', 'say "hi', "plain")
    columns = [
        dates(seed, "time", n, "%Y-%m-%dT%H:%M:%S"),
        words(seed, "status", n, ("200", "404", "500")),
        words(seed, "agent", n, agents),
    ]
    written = [
        "\t".join(row) for row in ([c.name for c in columns], *zip(*(c.cells for c in columns), strict=True))
    ]
    return sample("loose quotes", columns, joined(written, Marks()))


def commented_lines(seed: random.Random) -> Sample:
    """Comments above the header."""
    n = seed.randint(6, 60)
    columns = [
        dates(seed, "date", n),
        numbers(seed, "level", n, Marks()),
        words(seed, "flag", n, ("A", "P", "A:e")),
    ]
    above = [
        "# US Geological Survey",
        "# retrieved: 2024-05-01 10:00:00",
        "#",
        "# Data for site 0123, gauge height, feet",
    ]
    return sample("commented lines", columns, joined([*above, *lines(columns, Marks("\t"))], Marks()))


def awkward_names(seed: random.Random) -> Sample:
    """Names that repeat, lack, and have blanks around them."""
    n = seed.randint(6, 60)
    cells = [numbers(seed, name, n, Marks()) for name in ("value", "value_2", "column_4")]
    columns = [ids("id", n), cells[0], cells[1], cells[2]]
    _, *rows = lines(columns, Marks())
    return sample("awkward names", columns, joined(["id, value ,value,", *rows], Marks()))


def english_thousands_and_semicolons(seed: random.Random) -> Sample:
    """Semicolons, points, and commas between thousands, all in quotes."""
    marks = Marks(";", ".", ",")
    n = seed.randint(8, 60)
    columns = [
        words(seed, "County", n, ("Kent", "Essex")),
        numbers(seed, "Budget", n, marks, top=3_000_000),
        ids("Code", n, 100),
    ]
    return sample("English thousands", columns, joined(lines(columns, marks, always=True), marks))


def error_codes(seed: random.Random) -> Sample:
    """What a spreadsheet leaves where it can't compute, and what people write where they don't know."""
    n = seed.randint(30, 90)
    value = numbers(seed, "ratio", n, Marks())
    odd = ("#DIV/0!", "k.A.", "n/a", "..", "#N/A")
    cells = tuple(seed.choice(odd) if place % 7 == 3 else cell for place, cell in enumerate(value.cells))
    clean = tuple("" if place % 7 == 3 else cell for place, cell in enumerate(value.clean or ()))
    columns = [ids("id", n), Column("ratio", cells, clean), words(seed, "group", n, ("a", "b"))]
    return sample("error codes", columns, joined(lines(columns, Marks()), Marks()))


def totals_below(seed: random.Random) -> Sample:
    """A total in the last line."""
    marks = Marks(";", ",", ".", line_end="\r\n")
    n = seed.randint(5, 40)
    columns = [
        words(seed, "Abteilung", n, ("Einkauf", "Vertrieb", "IT")),
        numbers(seed, "Kosten", n, marks, top=50_000),
        ids("Köpfe", n),
    ]
    return sample(
        "totals below",
        columns,
        joined([*lines(columns, marks), "Summe;1.234.567,00;99"], marks),
        codec="cp1252",
    )


def padded_titles(seed: random.Random) -> Sample:
    """A sheet saved as CSV: its title in the first cell, delimiters to the sheet's width, empty rows at the end."""
    n = seed.randint(5, 40)
    columns = [
        ids("Lp", n),
        words(seed, "Name", n, ("Ann", "Bob")),
        numbers(seed, "Amount", n, Marks()),
        dates(seed, "Date", n),
    ]
    above = ["Quarterly report,,,", "Prepared by finance,,,", ",,,"]
    return sample("padded titles", columns, joined([*above, *lines(columns, Marks()), ",,,", ",,,"], Marks()))


def indian(seed: random.Random) -> Sample:
    """Lakhs and crores."""
    n = seed.randint(8, 40)
    shown, plain = [], []
    for _ in range(n):
        value = seed.randrange(1000, 90_000_000)
        head, tail = str(value)[:-3], str(value)[-3:]
        groups: list[str] = []
        while head:
            head, group = head[:-2], head[-2:]
            groups.insert(0, group)
        shown.append("₹" + ",".join([*groups, tail]))
        plain.append(str(value))
    columns = [
        words(seed, "State", n, ("Kerala", "Goa")),
        Column("Outlay", tuple(shown), tuple(plain)),
        ids("Rank", n),
    ]
    return sample("Indian", columns, joined(lines(columns, Marks()), Marks()))


def no_header(seed: random.Random) -> Sample:
    """A logger that writes values only."""
    n = seed.randint(10, 60)
    columns = [
        dates(seed, "column_1", n, "%Y-%m-%d %H:%M"),
        numbers(seed, "column_2", n, Marks()),
        numbers(seed, "column_3", n, Marks(), places=3),
    ]
    _, *rows = lines(columns, Marks())
    return sample("no header", columns, joined(rows, Marks()))


def percentages(seed: random.Random) -> Sample:
    """Percent signs with and without a blank before them."""
    n = seed.randint(8, 60)
    share = numbers(seed, "share", n, Marks(), places=1)
    spelt = tuple(cell + ("%" if seed.random() < 0.5 else " %") for cell in share.cells)
    columns = [ids("id", n), Column("share", spelt, share.clean), words(seed, "ok", n, ("yes", "no"))]
    return sample("percentages", columns, joined(lines(columns, Marks()), Marks()))


def postgres_copy(seed: random.Random) -> Sample:
    r"""Tabs and \N for nothing."""
    n = seed.randint(20, 60)
    value = numbers(seed, "amount", n, Marks())
    cells = tuple("\\N" if place % 5 == 2 else cell for place, cell in enumerate(value.cells))
    clean = tuple("" if place % 5 == 2 else cell for place, cell in enumerate(value.clean or ()))
    columns = [
        ids("id", n),
        words(seed, "name", n, ("Ann", "Bob O'Hara", "C, D")),
        Column("amount", cells, clean),
    ]
    return sample("Postgres copy", columns, joined(lines(columns, Marks("\t")), Marks()))


def brazilian(seed: random.Random) -> Sample:
    """Reais."""
    marks = Marks(";", ",", ".", "R$ {}", "\r\n")
    n = seed.randint(6, 60)
    columns = [
        words(seed, "Município", n, ("São Paulo", "Brasília", "Goiânia")),
        amounts(seed, "Valor", n, marks),
        words(seed, "Ativo", n, ("Sim", "Não")),
    ]
    return sample("Brazilian", columns, joined(lines(columns, marks), marks), codec="cp1252")


def polish(seed: random.Random) -> Sample:
    """Zlotys in Windows-1250."""
    marks = Marks(";", ",", " ", "{} zł", "\r\n")
    n = seed.randint(20, 60)
    columns = [
        words(seed, "Miasto", n, ("Łódź", "Kraków", "Gdańsk", "Wrocław")),
        amounts(seed, "Kwota", n, marks, top=90_000),
        ids("Lp.", n),
    ]
    return sample("Polish", columns, joined(lines(columns, marks), marks), codec="cp1250")


def big_endian(seed: random.Random) -> Sample:
    """UTF-16 with its bytes the other way round."""
    n = seed.randint(5, 50)
    columns = [ids("id", n), words(seed, "имя", n, ("Анна", "Борис")), words(seed, "x", n, "123")]
    return sample(
        "UTF-16 BE",
        columns,
        joined(lines(columns, Marks()), Marks()),
        codec="utf-16-be",
        bom=codecs.BOM_UTF16_BE,
    )


def prose_in_tabs(seed: random.Random) -> Sample:
    """Tabs between sentences full of commas and semicolons."""
    n = seed.randint(8, 40)
    prose = ("First, second, third; and so on.", "Well, no.", "One; two; three, four.", "Yes")
    columns = [ids("id", n), words(seed, "text", n, prose), words(seed, "label", n, ("pos", "neg"))]
    return sample("prose in tabs", columns, joined(lines(columns, Marks("\t")), Marks()))


def json_cells(seed: random.Random) -> Sample:
    """JSON in quoted cells."""
    n = seed.randint(8, 40)
    payloads = ('{"a": 1, "b": [1, 2]}', "{}", '{"text": "x, y; z"}', '[{"k": "v"}]')
    columns = [ids("id", n), words(seed, "payload", n, payloads), dates(seed, "at", n)]
    return sample("JSON cells", columns, joined(lines(columns, Marks()), Marks()))


def one_column(seed: random.Random) -> Sample:
    """A list."""
    n = seed.randint(5, 60)
    columns = [words(seed, "email", n, ("a@example.org", "b@example.org", "c.d@example.net"))]
    return sample("one column", columns, joined(lines(columns, Marks()), Marks()))


def named_months(seed: random.Random) -> Sample:
    """Dates in words, times of day, a caret between cells."""
    n = seed.randint(8, 50)
    columns = [
        dates(seed, "when", n, "%d %b %Y"),
        words(seed, "time", n, ("10:15", "09:30", "23:59")),
        words(seed, "city", n, ("Rome", "Oslo")),
    ]
    written = [
        "^".join(row) for row in ([c.name for c in columns], *zip(*(c.cells for c in columns), strict=True))
    ]
    return sample("carets", columns, joined(written, Marks()))


def mixed_line_ends(seed: random.Random) -> Sample:
    """Two editors at work: both kinds of line end, blank lines in between."""
    n = seed.randint(8, 50)
    columns = [ids("id", n), words(seed, "v", n, ("a", "b,c")), numbers(seed, "x", n, Marks())]
    text = "".join(line + seed.choice(("\n", "\r\n", "\n\n")) for line in lines(columns, Marks()))
    return sample("mixed line ends", columns, text)


def sentinels(seed: random.Random) -> Sample:
    """A weather station that writes -999 for nothing."""
    n = seed.randint(40, 90)
    value = numbers(seed, "temp", n, Marks(), low=-20, top=35, places=1)
    cells = tuple("-999" if place % 6 == 2 else cell for place, cell in enumerate(value.cells))
    clean = tuple("" if place % 6 == 2 else cell for place, cell in enumerate(value.clean or ()))
    columns = [dates(seed, "day", n), Column("temp", cells, clean)]
    return sample("sentinels", columns, joined(lines(columns, Marks()), Marks()))


def greek(seed: random.Random) -> Sample:
    """Windows-1253."""
    marks = Marks(";", ",", line_end="\r\n")
    n = seed.randint(20, 60)
    columns = [
        words(seed, "Πόλη", n, ("Αθήνα", "Θεσσαλονίκη", "Πάτρα", "Ηράκλειο")),
        numbers(seed, "Τιμή", n, marks),
    ]
    return sample("Greek", columns, joined(lines(columns, marks), marks), codec="cp1253")


def turkish(seed: random.Random) -> Sample:
    """Windows-1254."""
    marks = Marks(";", ",", ".", "{} TL", "\r\n")
    n = seed.randint(20, 60)
    columns = [
        words(seed, "Şehir", n, ("İstanbul", "Eskişehir", "Muğla", "Iğdır")),
        amounts(seed, "Tutar", n, marks),
    ]
    return sample("Turkish", columns, joined(lines(columns, marks), marks), codec="cp1254")


def big5(seed: random.Random) -> Sample:
    """Taiwan's older encoding."""
    n = seed.randint(30, 60)
    columns = [
        ids("編號", n),
        words(seed, "縣市", n, ("臺北市", "高雄市", "新竹縣", "臺中市", "花蓮縣")),
        words(seed, "數量", n, "12345"),
    ]
    return sample("Big5", columns, joined(lines(columns, Marks()), Marks()), codec="big5")


def quoted_header_only(seed: random.Random) -> Sample:
    """Wine as the archive has it: names in quotes, points as decimals, semicolons."""
    n = seed.randint(6, 60)
    columns = [
        numbers(seed, "fixed acidity", n, Marks()),
        numbers(seed, "pH", n, Marks()),
        words(seed, "quality", n, "3456789"),
    ]
    header, *rows = lines(columns, Marks(";"))
    return sample(
        "quoted header",
        columns,
        joined(
            [";".join(quoted(name, Marks(";"), always=True) for name in header.split(";")), *rows], Marks()
        ),
    )


KINDS = (
    survey_with_labels, grouped_header, single_quotes, announced_delimiter, sap_list, loose_quotes, commented_lines,
    awkward_names, english_thousands_and_semicolons, error_codes, totals_below, padded_titles, indian, no_header,
    percentages, postgres_copy, brazilian, polish, big_endian, prose_in_tabs, json_cells, one_column, named_months,
    mixed_line_ends, sentinels, greek, turkish, big5, quoted_header_only,
)  # fmt: skip
