"""One large file over many machines: cut into ranges between records, scored apart, put together in order."""
