import pytest
from fastapi import Depends, FastAPI, Request
from lifecycle import PAYLOAD, ROUTES, Lifecycle, act, view
from support import App, send_to_asgi, start_sdk


def application(sdk):
    verify_session = sdk.module("recipe.session.framework.fastapi").verify_session
    app = FastAPI()
    app.add_middleware(sdk.module("framework.fastapi").get_middleware())

    @app.post("/create")
    async def create(request: Request, userId: str):
        return view(await sdk.session.create_new_session(request, "public", sdk.user_id(userId), PAYLOAD))

    def protect(method, path, options, what):
        @app.api_route(path, methods=[method])
        async def protected(session=Depends(verify_session(**options))):
            await act(session, what)
            return view(session)

    for route in ROUTES:
        protect(*route)
    return app


class TestFastApi(Lifecycle):
    @pytest.fixture(scope="class")
    @classmethod
    def send(cls):
        with App("fastapi") as app:
            yield send_to_asgi(application(start_sdk(app, "fastapi", "asgi")))
