import time

import pytest
from support import App, eventually, jwt_payload, start_sdk

pytestmark = pytest.mark.anyio


async def test_an_expired_access_token_asks_for_a_refresh():
    with App("expiry", access_token_validity=3, access_token_validity_jitter=0) as app:
        sdk = start_sdk(app)
        session = await sdk.create()
        claims = jwt_payload(session.get_access_token())
        assert claims["exp"] - claims["iat"] == 3
        await sdk.verify(session, check_database=True)

        async def refused():
            try:
                await sdk.verify(session)
            except sdk.errors.TryRefreshTokenError:
                return True

        await eventually(refused)
        with pytest.raises(sdk.errors.TryRefreshTokenError):
            await sdk.verify(session, check_database=True)
        await sdk.verify(await sdk.refresh(session), check_database=True)


async def test_an_expired_session_is_neither_listed_shown_nor_refreshed():
    with App(
        "session-expiry",
        access_token_validity=1,
        access_token_validity_jitter=0,
        refresh_token_validity=str(3 / 60),
    ) as app:
        sdk = start_sdk(app)
        session = await sdk.create()
        information = await sdk.session.get_session_information(session.get_handle())
        assert information.expiry - information.time_created == 3000
        await sdk.refresh(session)

        async def gone():
            return await sdk.session.get_session_information(session.get_handle()) is None

        await eventually(gone)
        assert await sdk.session.get_all_session_handles_for_user("ada") == []
        with pytest.raises(sdk.errors.UnauthorisedError):
            await sdk.refresh(session)


async def test_the_first_use_of_a_refreshed_token_lengthens_the_sessions_life_a_refresh_alone_does_not():
    with App("lengthen") as app:
        sdk = start_sdk(app)
        session = await sdk.create()
        created, expiry = await session.get_time_created(), await session.get_expiry()

        async def a_little_later():
            return time.time() * 1000 > created + 20

        await eventually(a_little_later)
        successor = await sdk.refresh(session)
        assert await session.get_expiry() == expiry
        await sdk.verify(successor)
        assert await session.get_expiry() > expiry
