"""What a worker does with a job: asking, keeping every reply, making conversations of them."""
