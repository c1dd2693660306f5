"""The pages of batch jobs: all of them, and one."""

from core.ui.links import PageEntry

JOBS = PageEntry("jobs.py", "Batch jobs", icon=":material/dynamic_feed:", position=50)
JOB = PageEntry("job.py", "Batch job")
PAGES = (JOBS, JOB)
