"""Serves llmock at the root of an address: run by the Python of llmock's own environment, with a port and options.

It serves the Messages API below /anthropic alone, where SDKs that follow its `results_url` find nothing.
"""

import json
import sys

import uvicorn
from llmock.chaos import ChaosSettings
from llmock.main import create_app
from llmock.ratelimit import LimitSettings


def at_the_root(app):
    """The same app, with what is below /v1 looked for below /anthropic/v1."""

    async def serve(scope, receive, send):
        if scope["type"] == "http" and scope["path"].startswith("/v1/"):
            scope = {
                **scope,
                "path": f"/anthropic{scope['path']}",
                "raw_path": b"/anthropic" + scope["raw_path"],
            }
        await app(scope, receive, send)

    return serve


def main(port, options):
    rates = {int(status): rate for status, rate in options.pop("error_rates", {}).items()}
    chaos = ChaosSettings(latency_ms=options.pop("latency_ms", 0), error_rates=rates)
    app = create_app(chaos=chaos, limits=LimitSettings(**options))
    uvicorn.run(at_the_root(app), host="127.0.0.1", port=port, log_level="error", access_log=False)


if __name__ == "__main__":
    main(int(sys.argv[1]), json.loads(sys.argv[2]))
