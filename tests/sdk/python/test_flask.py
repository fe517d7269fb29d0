import pytest
from flask import Flask, g, request
from lifecycle import PAYLOAD, ROUTES, Lifecycle, act_sync, view
from support import App, send_to_wsgi, start_sdk


def application(sdk):
    verify_session = sdk.module("recipe.session.framework.flask").verify_session
    app = Flask(__name__)
    sdk.module("framework.flask").Middleware(app)

    @app.post("/create")
    def create():
        user = sdk.user_id(request.args["userId"])
        return view(sdk.sync_session.create_new_session(request, "public", user, PAYLOAD))

    def protect(method, path, options, what):
        @app.route(path, endpoint=path, methods=[method])
        @verify_session(**options)
        def protected():
            act_sync(g.supertokens, what)
            return view(g.supertokens)

    for route in ROUTES:
        protect(*route)
    return app


class TestFlask(Lifecycle):
    @pytest.fixture(scope="class")
    @classmethod
    def send(cls):
        with App("flask") as app:
            yield send_to_wsgi(application(start_sdk(app, "flask", "wsgi")))
