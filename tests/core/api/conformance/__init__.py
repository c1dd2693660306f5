"""The app's own OpenAPI description put to the test by schemathesis: it calls everything that stands in there."""
