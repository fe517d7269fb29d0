from asyncio import gather

import pytest
from support import App, another_sdk, jwt_payload, start_sdk

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def sdk():
    with App("tenants") as app:
        app.create_tenant("acme")
        app.create_tenant("globex")
        yield start_sdk(app)


@pytest.fixture
def ended(sdk):
    return lambda: pytest.raises(sdk.errors.UnauthorisedError)


async def everywhere(sdk, user):
    return await gather(*(sdk.create(tenant, user) for tenant in ("public", "acme", "globex")))


def sorted_handles(sessions):
    return sorted(session.get_handle() for session in sessions)


async def test_a_session_belongs_to_the_tenant_in_which_it_was_created(sdk, ended):
    session = await sdk.create("acme", "ada", {"role": "editor"})
    assert session.get_tenant_id() == "acme"
    assert jwt_payload(session.get_access_token())["tId"] == "acme"
    assert (await sdk.verify(session, check_database=True)).get_tenant_id() == "acme"
    assert (await sdk.session.get_session_information(session.get_handle())).tenant_id == "acme"

    refreshed = await sdk.refresh(session)
    assert refreshed.get_tenant_id() == "acme"
    promoted = await sdk.verify(refreshed)
    await promoted.merge_into_access_token_payload({"role": "owner"})
    await promoted.update_session_data_in_database({"cart": 1})
    assert await promoted.get_session_data_from_database() == {"cart": 1}
    assert (await sdk.verify(promoted, check_database=True)).get_access_token_payload()["role"] == "owner"
    await promoted.revoke_session()
    with ended():
        await sdk.verify(promoted, check_database=True)


async def test_handles_are_listed_for_one_tenant_and_across_all(sdk):
    sessions = await everywhere(sdk, "bea")
    list_handles = sdk.session.get_all_session_handles_for_user
    assert sorted(await list_handles("bea")) == sorted_handles(sessions)
    assert await list_handles("bea", tenant_id="acme") == [sessions[1].get_handle()]


async def test_sessions_are_revoked_in_one_tenant_and_the_others_stay(sdk, ended):
    home, acme, globex = await everywhere(sdk, "cid")
    assert await sdk.session.revoke_all_sessions_for_user("cid", tenant_id="acme") == [acme.get_handle()]
    with ended():
        await sdk.verify(acme, check_database=True)
    await sdk.verify(home, check_database=True)
    await sdk.verify(globex, check_database=True)

    assert await sdk.session.revoke_all_sessions_for_user("cid", tenant_id="public") == [home.get_handle()]
    with ended():
        await sdk.verify(home, check_database=True)
    await sdk.verify(globex, check_database=True)

    again = await sdk.create("acme", "cid")
    await sdk.verify(again, check_database=True)


async def test_sessions_are_revoked_across_all_tenants(sdk, ended):
    sessions = await everywhere(sdk, "dan")
    assert sorted(await sdk.session.revoke_all_sessions_for_user("dan")) == sorted_handles(sessions)
    for session in sessions:
        with ended():
            await sdk.verify(session, check_database=True)


async def test_handles_of_several_tenants_are_revoked_together(sdk):
    handles = sorted_handles(await everywhere(sdk, "eve"))
    assert sorted(await sdk.session.revoke_multiple_sessions(handles)) == handles


async def test_there_is_no_session_in_an_unknown_tenant(sdk):
    with pytest.raises(Exception, match="(?s)status code: 400.*tenantId not found"):
        await sdk.create("nowhere")


async def test_another_apps_sessions_are_unknown(sdk):
    mine = await sdk.create(user="fay")
    with App("tenants-other") as other, another_sdk(other) as foreign:
        with pytest.raises(foreign.errors.TryRefreshTokenError):
            await foreign.verify(mine, check_database=True)
        with pytest.raises(foreign.errors.UnauthorisedError):
            await foreign.refresh(mine)
        assert await foreign.session.get_session_information(mine.get_handle()) is None
        assert await foreign.session.revoke_all_sessions_for_user("fay") == []
        assert not await foreign.session.revoke_session(mine.get_handle())
    await sdk.verify(mine, check_database=True)


async def test_tenants_are_made_read_listed_and_removed(sdk, ended):
    tenancy = sdk.module("recipe.multitenancy.asyncio")
    config = sdk.module("recipe.multitenancy.interfaces").TenantConfigCreateOrUpdate(first_factors=["custom"])
    assert (await tenancy.create_or_update_tenant("initech", config)).created_new
    assert not (await tenancy.create_or_update_tenant("initech", config)).created_new
    assert (await tenancy.get_tenant("initech")).tenant_id == "initech"
    assert await tenancy.get_tenant("nowhere") is None
    names = {tenant.tenant_id for tenant in (await tenancy.list_all_tenants()).tenants}
    assert names == {"public", "acme", "globex", "initech"}

    gone, removed = await sdk.create("initech", "guy"), await sdk.create("initech", "hal")
    assert (await tenancy.disassociate_user_from_tenant("initech", sdk.user_id("guy"))).was_associated
    with ended():
        await sdk.verify(gone, check_database=True)
    await sdk.verify(removed, check_database=True)
    assert (await tenancy.delete_tenant("initech")).did_exist
    assert not (await tenancy.delete_tenant("initech")).did_exist
    with ended():
        await sdk.verify(removed, check_database=True)
