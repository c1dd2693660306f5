"""Why an upload is refused: not a CSV at all (NotACsv), or a CSV that can't be read with certainty (BadCsv)."""

from __future__ import annotations

from core.errors import AppError, Missing, TooLarge, UnsupportedMediaType


class NotACsv(UnsupportedMediaType):
    """The file is of another kind; `kind` names it as a person would, with its article."""

    code = "not_a_csv"
    message = "{file_name} is {kind}, not a CSV file."
    hint = "Export the table as a CSV file and upload that."
    file_name: str
    kind: str


class Spreadsheet(NotACsv):
    """An Excel or OpenDocument workbook, whatever its name says."""

    code = "spreadsheet"
    hint = "Open it and save it as CSV: File → Save As → CSV UTF-8 (Comma delimited)."


class Compressed(NotACsv):
    """An archive of a kind that the app does not unpack."""

    code = "compressed"
    hint = "Unpack it and upload the CSV file inside, as it is or as .gz or .zip."


class BadArchive(AppError):
    """The root of why no CSV comes out of a gzip or zip file."""

    code = "bad_archive"
    file_name: str


class ArchiveUnreadable(BadArchive):
    """Cut short, damaged, locked, or compressed by an unsupported method; `problem` says which."""

    code = "archive_unreadable"
    message = "{file_name} can't be unpacked: {problem}."
    hint = "Compress the CSV again on its own, or upload it uncompressed."
    problem: str


class NothingInside(BadArchive):
    """An archive without a file."""

    code = "nothing_inside"
    message = "{file_name} contains no files."
    hint = "Compress the CSV again and check that it is in the archive."


class SeveralInside(BadArchive):
    """An archive with several files: it is unclear which one is meant."""

    code = "several_inside"
    message = "{file_name} contains {n_files:file}: {names}."
    hint = "Upload each CSV on its own, or compress only one of them."
    n_files: int
    names: str


class ArchiveInside(BadArchive):
    """An archive in an archive; `member` is the inner one."""

    code = "archive_inside"
    message = "{file_name} contains another archive: {member} is {kind}."
    hint = "Unpack both and upload the CSV file inside, as it is or as .gz or .zip."
    member: str
    kind: str


class UnpacksTooLarge(TooLarge, BadArchive):
    """More bytes come out than an upload may have."""

    code = "unpacks_too_large"
    message = "{file_name} unpacks to more than {limit_mb} MB, the limit for an upload."
    hint = "Split the CSV into several files, or raise MAX_UPLOAD_MB."
    limit_mb: int


class BadCsv(AppError):
    """The root of what can be wrong inside a CSV. `line` counts from 1 as an editor does, the header included."""

    code = "bad_csv"
    file_name: str


class EmptyFile(BadCsv):
    """No byte, or nothing but blank lines."""

    code = "empty_file"
    message = "{file_name} is empty."
    hint = "Export it again and check that it has a header and at least one row."


class HeaderOnly(BadCsv):
    """Column names without a row."""

    code = "header_only"
    message = "{file_name} has a header in line {line}, but no rows below it."
    hint = "Export it again with at least one row of data."
    line: int


class NulBytes(BadCsv):
    """A zero byte in text that is not UTF-16. `column` counts characters of the line."""

    code = "nul_bytes"
    message = "{file_name} has a NUL byte in line {line}, column {column}: it is damaged or not a text file."
    hint = "Export it again as CSV UTF-8, or remove the NUL bytes in a text editor."
    line: int
    column: int


class UndecodableBytes(BadCsv):
    """Bytes that are no characters in the encoding the rest of the file is in. `column` counts characters."""

    code = "undecodable_bytes"
    message = "{file_name} is {encoding}, but line {line}, column {column} has bytes that are not valid in it: {found}."
    hint = "Correct that line in a text editor, or export the file again as CSV UTF-8."
    line: int
    column: int
    encoding: str
    found: str


class EncodingUnclear(BadCsv):
    """The bytes are text in an older encoding, and which one can't be told. readings: of the first doubtful word.

    such_as: the likeliest that make sense of it, if any does. `column` counts characters.
    """

    code = "encoding_unclear"
    message = (
        "{file_name} is not UTF-8, and its encoding is unclear: line {line}, column {column} {readings}."
    )
    hint = "Choose its encoding{such_as}, or save the file as CSV UTF-8."
    line: int
    column: int
    readings: str
    such_as: str


class UnsupportedEncoding(BadCsv):
    """An encoding that is recognised, but not read."""

    code = "unsupported_encoding"
    message = "{file_name} is in {encoding}, which can't be read."
    hint = "Save it as CSV UTF-8, or choose its encoding if it is in another."
    encoding: str


class MixedEncodings(BadCsv):
    """An older encoding with lines in UTF-8 among it; `line` is the first."""

    code = "mixed_encodings"
    message = "{file_name} is {encoding}, but line {line} is UTF-8: it seems to be joined from two files."
    hint = "Save both parts as CSV UTF-8 and join them again, or choose an encoding to read all of it in."
    line: int
    encoding: str


class TooManyColumns(BadCsv):
    """More columns than a table for a model has."""

    code = "too_many_columns"
    message = "{file_name} has {n_columns} columns in its header; at most {maximum} can be read."
    hint = "Remove columns you don't need, and check that the header ends with a line break."
    n_columns: int
    maximum: int


class UnequalRow(BadCsv):
    """A row with more cells than the table has columns, of which some hold something."""

    code = "unequal_row"
    message = "{file_name} has {found:cell} in line {line}, but its header has {expected:column}."
    hint = "Correct that line. A cell that contains a {delimiter} must be in double quotes."
    line: int
    expected: int
    found: int
    delimiter: str


class QuoteNeverClosed(BadCsv):
    """A double quote opens a cell and no other ends it. Line and column (in characters) are where it opened."""

    code = "quote_never_closed"
    message = '{file_name} has an opening quote (") in line {line}, column {column}, that is never closed.'
    hint = 'Close that quote. Inside a quoted cell, write a quote twice ("").'
    line: int
    column: int


class QuoteStaysOpen(QuoteNeverClosed):
    """A quoted cell that is longer than what may be held in memory at once."""

    code = "quote_stays_open"
    message = (
        '{file_name} has an opening quote (") in line {line}, column {column}, that is not closed '
        "in the {limit_mb} MB after it."
    )
    limit_mb: int


class TextAfterQuote(BadCsv):
    """A quoted cell goes on after its closing quote, so it is unclear where it ends."""

    code = "text_after_quote"
    message = '{file_name} has text after a closing quote (") in line {line}, column {column}.'
    hint = (
        'Inside a quoted cell, write a quote twice (""), not with a backslash, and end the cell right'
        " after its closing quote."
    )
    line: int
    column: int


class EscapeAtEnd(BadCsv):
    """The file ends with an escape character, which escapes nothing."""

    code = "escape_at_end"
    message = "{file_name} ends in line {line} with a single backslash."
    hint = "Write the backslash twice, or remove it."
    line: int


class RecordTooLong(BadCsv):
    """One record is longer than memory may hold at once."""

    code = "record_too_long"
    message = "{file_name} has a row in line {line} that is longer than {limit_mb} MB."
    hint = "Check that its lines end with line breaks, and shorten that row."
    line: int
    limit_mb: int


class MarksClash(AppError):
    """One mark can't stand for two things."""

    code = "marks_clash"
    message = "'{mark}' can't be both the decimal mark and the thousands mark."
    hint = "Choose two different marks."
    mark: str


class ColumnUnknown(AppError):
    """Something was said of a column that is not there, read as was said."""

    code = "column_unknown"
    message = "The file has no column '{column}' with these settings."
    hint = "Use a column name from the import receipt, or leave it out."
    column: str


class ChangedSinceChecked(AppError):
    """A file that was checked no longer reads as it did."""

    code = "changed_since_checked"
    message = "The file has changed since it was checked: {problem}."
    hint = "Upload it again."
    problem: str


class UploadGone(Missing):
    """The bytes of an upload are no longer where they were stored."""

    code = "upload_gone"
    message = "The stored copy of {file_name} is gone."
    hint = "It was removed outside the app. Upload the file again and start from there."
    file_name: str
