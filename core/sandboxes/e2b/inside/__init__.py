"""What runs inside a sandbox at E2B beside the code: files of the standard library alone, which are copied there."""
