"""What the tests share: an app of their own in the core, the SDK started against it, a browser, a clock to wait by."""

import asyncio
import base64
import importlib
import json
import os
import sys
import time
import uuid
from contextlib import contextmanager
from dataclasses import dataclass, replace
from http.cookies import SimpleCookie

import httpx

CORE = os.environ.get("SEVER_CORE", "http://127.0.0.1:3000/core")
ORIGIN = "http://127.0.0.1"
ISSUER = f"{ORIGIN}/auth"


class App:
    """An app is an isolation boundary: each test file makes its own, and shares sessions, tenants and keys with
    nobody."""

    def __init__(self, name, **core_config):
        self.id = f"sdk-{name}-{uuid.uuid4().hex[:8]}"
        self.uri = f"{CORE}/appid-{self.id}"
        self.api_key = core_config.get("api_keys", "").split(",")[0] or os.environ.get("SEVER_API_KEY")
        self.tenants = []
        self.core_config = core_config

    def __enter__(self):
        self._of_the_core("PUT", "app/v2", appId=self.id, coreConfig=self.core_config)
        return self

    def __exit__(self, *_):
        for tenant in self.tenants:
            _admin(self.uri, self.api_key, "POST", "tenant/remove", tenantId=tenant)
        self._of_the_core("POST", "app/remove", appId=self.id)

    def create_tenant(self, tenant):
        _admin(self.uri, self.api_key, "PUT", "tenant/v2", tenantId=tenant)
        self.tenants.append(tenant)

    def _of_the_core(self, method, what, **body):
        _admin(CORE, os.environ.get("SEVER_API_KEY"), method, what, **body)


def _admin(uri, api_key, method, what, **body):
    headers = {"api-key": api_key} if api_key else {}
    url = f"{uri}/recipe/multitenancy/{what}"
    response = httpx.request(method, url, json=body, headers=headers, timeout=30)
    assert response.status_code == 200 and response.json()["status"] == "OK", response.text


class Sdk:
    """The session recipe, started."""

    def __init__(self, app, framework, mode, api_key, session_options):
        supertokens = importlib.import_module("supertokens_python")
        recipe = importlib.import_module("supertokens_python.recipe.session")
        types = importlib.import_module("supertokens_python.types")
        supertokens.init(
            app_info=supertokens.InputAppInfo(app_name="sdk tests", api_domain=ORIGIN, website_domain=ORIGIN),
            framework=framework,
            mode=mode,
            supertokens_config=supertokens.SupertokensConfig(connection_uri=app.uri, api_key=api_key or None),
            recipe_list=[recipe.init(**session_options)],
            telemetry=False,
        )
        self.user_id = types.RecipeUserId
        self.session = importlib.import_module("supertokens_python.recipe.session.asyncio")
        self.sync_session = importlib.import_module("supertokens_python.recipe.session.syncio")
        self.errors = importlib.import_module("supertokens_python.recipe.session.exceptions")
        self.claims = importlib.import_module("supertokens_python.recipe.session.claims")

    def module(self, name):
        return importlib.import_module(f"supertokens_python.{name}")

    async def create(self, tenant="public", user="ada", payload=None, data=None):
        return await self.session.create_new_session_without_request_response(
            tenant, self.user_id(user), payload or {}, data or {}
        )

    async def verify(self, session, **options):
        token = tokens(session)["accessToken"]
        return await self.session.get_session_without_request_response(token, **options)

    async def refresh(self, session):
        return await self.session.refresh_session_without_request_response(tokens(session)["refreshToken"])


def start_sdk(app, framework="fastapi", mode="asgi", api_key=None, **session_options):
    """The SDK keeps its configuration in its modules. This loads them anew, and the SDK started before is gone."""
    _unload()
    return Sdk(app, framework, mode, app.api_key if api_key is None else api_key, session_options)


@contextmanager
def another_sdk(app, **options):
    """Puts another SDK in the place of the present one, for the length of a block: as if on another machine."""
    present = _unload()
    try:
        yield start_sdk(app, **options)
    finally:
        _unload()
        sys.modules.update(present)


def _unload():
    names = [name for name in sys.modules if name.partition(".")[0] == "supertokens_python"]
    return {name: sys.modules.pop(name) for name in names}


def tokens(session):
    return session.get_all_session_tokens_dangerously()


def front_token(session):
    return json.loads(base64.b64decode(tokens(session)["frontToken"]))


def jwt_header(jwt):
    return json.loads(base64url(jwt.split(".")[0]))


def jwt_payload(jwt):
    return json.loads(base64url(jwt.split(".")[1]))


def base64url(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


async def eventually(ask, seconds=15):
    """Asks again until the answer is good."""
    deadline = time.monotonic() + seconds
    while not (answer := await ask()):
        assert time.monotonic() < deadline, f"not within {seconds} seconds"
        await asyncio.sleep(0.1)
    return answer


REFRESH = "/auth/session/refresh"


@dataclass
class Browser:
    """What a browser keeps of a session, and how it sends it. `send(method, path, headers)` reaches the application."""

    send: object
    transfer: str
    access: str = ""
    refresh: str = ""
    front: dict = None

    def copy(self):
        return replace(self)

    @property
    def forgot(self):
        return not (self.access or self.refresh or self.front)

    def call(self, method, path):
        response = self.send(method, path, {"st-auth-mode": self.transfer, **self._credentials(path)})
        self._keep(response)
        return response

    def _credentials(self, path):
        if self.transfer == "header":
            token = self.refresh if path == REFRESH else self.access
            return {"authorization": f"Bearer {token}"} if token else {}
        cookies = [f"sAccessToken={self.access}"] if self.access else []
        if self.refresh and path == REFRESH:
            cookies.append(f"sRefreshToken={self.refresh}")
        return {"cookie": "; ".join(cookies)} if cookies else {}

    def _keep(self, response):
        front = response.headers.get("front-token")
        if front:
            self.front = None if front == "remove" else json.loads(base64.b64decode(front))
        if self.transfer == "header":
            self.access = response.headers.get("st-access-token", self.access)
            self.refresh = response.headers.get("st-refresh-token", self.refresh)
            return
        for name, value in cookies_of(response):
            if name == "sAccessToken":
                self.access = value
            if name == "sRefreshToken":
                self.refresh = value


def cookies_of(response):
    """Names and values as they stand in the header, in their order."""
    for line in response.headers.get_list("set-cookie"):
        for name, morsel in SimpleCookie(line).items():
            yield name, morsel.coded_value if morsel.value else ""


def send_to_wsgi(app):
    def send(method, path, headers):
        with httpx.Client(transport=httpx.WSGITransport(app), base_url=ORIGIN) as client:
            return client.request(method, path, headers=headers)

    return send


def send_to_asgi(app):
    async def send(method, path, headers):
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=ORIGIN) as client:
            return await client.request(method, path, headers=headers)

    return lambda *request: asyncio.run(send(*request))
