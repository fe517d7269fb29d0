"""The life of a session through an application: the same for every framework, with cookies and with headers."""

import pytest
from support import Browser

# What each application serves behind `verify_session(**options)`; it does as the name of the act says, and answers
# `view(session)`. Besides, it serves `POST /create?userId=`, a new session with PAYLOAD.
ROUTES = [
    ("GET", "/session", {}, None),
    ("GET", "/session/strict", {"check_database": True}, None),
    ("POST", "/payload", {}, "recolour"),
    ("POST", "/revoke", {"check_database": True}, "revoke"),
]
PAYLOAD = {"role": "editor"}


async def act(session, what):
    if what == "recolour":
        await session.merge_into_access_token_payload({"colour": "green"})
    if what == "revoke":
        await session.revoke_session()


def act_sync(session, what):
    if what == "recolour":
        session.sync_merge_into_access_token_payload({"colour": "green"})
    if what == "revoke":
        session.sync_revoke_session()


def view(session):
    return {"handle": session.get_handle(), "userId": session.get_user_id()}


class Lifecycle:
    """A test class adds the fixture `send`, of the scope of the class."""

    @pytest.fixture(params=["cookie", "header"])
    def transfer(self, request):
        return request.param

    @pytest.fixture
    def sign_in(self, send, transfer):
        def sign_in(user):
            browser = Browser(send, transfer)
            response = browser.call("POST", f"/create?userId={user}")
            assert response.status_code == 200
            assert browser.access and browser.refresh
            assert browser.front["uid"] == user
            assert ("set-cookie" in response.headers) == (transfer == "cookie")
            assert ("st-access-token" in response.headers) == (transfer == "header")
            return browser

        return sign_in

    def test_no_session(self, send, transfer):
        browser = Browser(send, transfer)
        for method, path in [("GET", "/session"), ("POST", "/auth/session/refresh"), ("POST", "/auth/signout")]:
            expect(browser, method, path, 401, {"message": "unauthorised"})

    def test_create_verify_refresh(self, sign_in):
        browser = sign_in("ada")
        first = browser.copy()
        seen = expect(browser, "GET", "/session", 200)
        assert seen.json()["userId"] == "ada"
        assert "front-token" not in seen.headers
        expect(browser, "GET", "/session/strict", 200, seen.json())

        expect(browser, "POST", "/auth/session/refresh", 200, {})
        assert browser.access != first.access
        assert browser.refresh != first.refresh
        refreshed = browser.copy()
        expect(browser, "GET", "/session", 200, seen.json())
        assert browser.access != refreshed.access, "the first use of a refreshed token yields another"
        assert browser.front["up"]["role"] == "editor"

    def test_sign_out_and_it_is_refused(self, sign_in):
        browser = sign_in("bea")
        stolen = browser.copy()
        expect(browser, "POST", "/auth/signout", 200, {"status": "OK"})
        assert browser.forgot
        expect(stolen, "GET", "/session", 200)
        expect(stolen.copy(), "POST", "/auth/session/refresh", 401, {"message": "unauthorised"})
        expect(stolen, "GET", "/session/strict", 401, {"message": "unauthorised"})
        assert stolen.forgot

    def test_revoked_by_the_application_and_it_is_refused(self, sign_in):
        browser = sign_in("cid")
        stolen = browser.copy()
        expect(browser, "POST", "/revoke", 200)
        assert browser.forgot
        expect(stolen, "GET", "/session/strict", 401, {"message": "unauthorised"})
        assert stolen.forgot

    def test_a_stolen_refresh_token_ends_the_session(self, sign_in):
        browser = sign_in("dan")
        stolen = browser.copy()
        expect(browser, "POST", "/auth/session/refresh", 200)
        expect(stolen.copy(), "POST", "/auth/session/refresh", 200)
        expect(browser, "GET", "/session", 200)
        expect(stolen, "POST", "/auth/session/refresh", 401, {"message": "token theft detected"})
        assert stolen.forgot
        expect(browser.copy(), "POST", "/auth/session/refresh", 401, {"message": "unauthorised"})
        expect(browser, "GET", "/session/strict", 401, {"message": "unauthorised"})

    def test_a_changed_payload_reaches_the_browser(self, sign_in):
        browser = sign_in("eve")
        access = browser.access
        expect(browser, "POST", "/payload", 200)
        assert browser.access != access
        assert browser.front["up"]["colour"] == "green"
        assert browser.front["up"]["role"] == "editor"
        expect(browser, "GET", "/session/strict", 200)


def expect(browser, method, path, status, body=None):
    response = browser.call(method, path)
    assert response.status_code == status, f"{method} {path}: {response.text}"
    if body is not None:
        assert response.json() == body
    return response
