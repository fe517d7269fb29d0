"""A refresh token may be exchanged again and again, until one of its successors has been used."""

from asyncio import gather
from contextlib import contextmanager

import pytest
from support import App, jwt_payload, start_sdk, tokens

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def sdk():
    with App("refresh") as app:
        yield start_sdk(app)


@pytest.fixture
def ended(sdk):
    return lambda: pytest.raises(sdk.errors.UnauthorisedError)


@pytest.fixture
def theft_of(sdk):
    @contextmanager
    def theft_of(session):
        with pytest.raises(sdk.errors.TokenTheftError) as theft:
            yield
        assert theft.value.session_handle == session.get_handle()
        assert theft.value.user_id == session.get_user_id()

    return theft_of


def parent_of(session):
    return jwt_payload(session.get_access_token())["parentRefreshTokenHash1"]


async def test_the_first_use_of_a_successor_promotes_it(sdk):
    session = await sdk.create()
    successor = await sdk.refresh(session)
    assert parent_of(successor) == jwt_payload(session.get_access_token())["refreshTokenHash1"]
    promoted = await sdk.verify(successor)
    assert tokens(promoted)["accessAndFrontTokenUpdated"]
    assert parent_of(promoted) is None
    again = await sdk.verify(promoted, check_database=True)
    assert not tokens(again)["accessAndFrontTokenUpdated"]
    await sdk.verify(successor)


async def test_many_refreshes_at_once_with_the_same_token_all_succeed(sdk, theft_of):
    session = await sdk.create()
    successors = await gather(*(sdk.refresh(session) for _ in range(24)))
    assert len({tokens(successor)["refreshToken"] for successor in successors}) == 24
    await sdk.verify(successors[7], check_database=True)
    await sdk.refresh(successors[7])
    with theft_of(session):
        await sdk.refresh(session)


async def test_many_first_uses_at_once_of_the_same_successor_all_succeed(sdk):
    successor = await sdk.refresh(await sdk.create())
    promoted = await gather(*(sdk.verify(successor, check_database=True) for _ in range(24)))
    assert {parent_of(session) for session in promoted} == {None}
    await sdk.verify(await sdk.refresh(successor), check_database=True)


class TestTheft:
    async def test_the_old_token_after_promotion(self, sdk, theft_of):
        session = await sdk.create()
        await sdk.verify(await sdk.refresh(session))
        with theft_of(session):
            await sdk.refresh(session)

    async def test_the_old_token_after_its_successor_was_refreshed(self, sdk, theft_of):
        session = await sdk.create()
        await sdk.refresh(await sdk.refresh(session))
        with theft_of(session):
            await sdk.refresh(session)

    async def test_a_sibling_of_the_promoted_successor(self, sdk, theft_of):
        session = await sdk.create()
        successor, sibling = await sdk.refresh(session), await sdk.refresh(session)
        await sdk.verify(successor)
        with theft_of(session):
            await sdk.refresh(sibling)
        stale = await sdk.verify(sibling)
        assert not tokens(stale)["accessAndFrontTokenUpdated"]


class TestAfterRevocation:
    async def test_no_refresh(self, sdk, ended):
        session = await sdk.create()
        await session.revoke_session()
        with ended():
            await sdk.refresh(session)

    async def test_a_successor_that_was_not_used_yet_is_refused_even_without_check_database(self, sdk, ended):
        successor = await sdk.refresh(await sdk.create())
        await successor.revoke_session()
        with ended():
            await sdk.verify(successor)


async def test_what_is_not_a_refresh_token(sdk, ended):
    session = await sdk.create()
    for token in ["", "x", "a.b.V2", session.get_access_token(), tokens(session)["refreshToken"] + "x"]:
        with ended():
            await sdk.session.refresh_session_without_request_response(token)
    await sdk.refresh(session)
