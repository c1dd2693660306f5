"""A copy of the whole installation in a folder, made while the app runs, and the way back.

FOLDER/database.sqlite3   a snapshot of the database, as of one moment
FOLDER/files/…            the files that its rows own, where they are kept on this machine
FOLDER/files.jsonl        every such file with its size and hash, one a line
FOLDER/manifest.json      what this is, with the hashes of the other two; it is written last

Rows point to files, so the database is copied first: whatever its rows own was stored before. What is deleted while
files are copied is gone from them and from the database, of which another snapshot is taken then.
"""
