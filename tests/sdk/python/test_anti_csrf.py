"""anti_csrf: VIA_TOKEN. The core makes the token, and judges it at refresh."""

import pytest
from support import App, jwt_payload, start_sdk, tokens

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def sdk():
    with App("anti-csrf") as app:
        yield start_sdk(app, anti_csrf="VIA_TOKEN")


@pytest.mark.parametrize("check_database", [False, True])
async def test_verify_asks_for_the_sessions_token(sdk, check_database):
    session = await sdk.create()
    token = tokens(session)["antiCsrfToken"]
    assert token and jwt_payload(session.get_access_token())["antiCsrfToken"] == token
    await sdk.verify(session, anti_csrf_token=token, anti_csrf_check=True, check_database=check_database)
    for wrong in ["wrong", None]:
        with pytest.raises(sdk.errors.TryRefreshTokenError):
            await sdk.verify(session, anti_csrf_token=wrong, anti_csrf_check=True, check_database=check_database)
    await sdk.verify(session, anti_csrf_check=False, check_database=check_database)


async def test_refresh_asks_for_it_and_hands_out_another(sdk):
    session = await sdk.create()
    refresh_token, token = tokens(session)["refreshToken"], tokens(session)["antiCsrfToken"]
    for wrong in ["wrong", None]:
        with pytest.raises(sdk.errors.UnauthorisedError):
            await sdk.session.refresh_session_without_request_response(refresh_token, False, wrong)
    successor = await sdk.session.refresh_session_without_request_response(refresh_token, False, token)
    another = tokens(successor)["antiCsrfToken"]
    assert another and another != token

    promoted = await sdk.verify(successor, anti_csrf_token=another, anti_csrf_check=True)
    assert jwt_payload(promoted.get_access_token())["antiCsrfToken"] == another


async def test_a_session_without_one(sdk):
    session = await sdk.session.create_new_session_without_request_response(
        "public", sdk.user_id("ada"), disable_anti_csrf=True
    )
    assert tokens(session)["antiCsrfToken"] is None
    refresh_token = tokens(session)["refreshToken"]
    successor = await sdk.session.refresh_session_without_request_response(refresh_token, disable_anti_csrf=True)
    assert tokens(successor)["antiCsrfToken"] is None
