import uuid

import pytest
from support import App, start_sdk

pytestmark = pytest.mark.anyio

FIRST, SECOND = f"sdk-tests-{uuid.uuid4()}", f"sdk-tests-{uuid.uuid4()}"
REFUSED = "status code: 401 and message: Invalid API key\n"


@pytest.fixture(scope="module")
def app():
    with App("api-key", api_keys=f"{FIRST},{SECOND}") as app:
        yield app


@pytest.mark.parametrize("key", [FIRST, SECOND], ids=["first", "second"])
async def test_each_of_the_keys_is_good(app, key):
    sdk = start_sdk(app, api_key=key)
    await sdk.verify(await sdk.create(), check_database=True)


@pytest.mark.parametrize(
    "key",
    [f"sdk-tests-{uuid.uuid4()}", FIRST[:-1], f"{FIRST},{SECOND}", ""],
    ids=["wrong", "part", "both", "none"],
)
async def test_a_wrong_key_a_part_of_one_both_and_none(app, key):
    sdk = start_sdk(app, api_key=key)
    with pytest.raises(Exception, match=REFUSED):
        await sdk.create()
    with pytest.raises(Exception, match=REFUSED):
        await sdk.session.revoke_all_sessions_for_user("ada")


async def test_the_keys_are_published_to_everybody(app):
    session = await start_sdk(app, api_key=FIRST).create()
    stranger = start_sdk(app, api_key="wrong")
    assert (await stranger.verify(session)).get_handle() == session.get_handle()
