"""The functions of the session recipe. The app has API keys: the SDK sends the right one throughout."""

import base64
import json
import time
import uuid
from asyncio import gather

import pytest
from support import ISSUER, App, front_token, jwt_header, jwt_payload, start_sdk, tokens

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def sdk():
    with App("sessions", api_keys=f"sdk-tests-{uuid.uuid4()},sdk-tests-{uuid.uuid4()}") as app:
        yield start_sdk(app)


@pytest.fixture
def ended(sdk):
    return lambda: pytest.raises(sdk.errors.UnauthorisedError)


class TestCreate:
    async def test_the_session_says_what_was_asked(self, sdk):
        session = await sdk.create(user="ada", payload={"role": "editor", "nothing": None}, data={"cart": [1, 2]})
        assert session.get_user_id() == "ada"
        assert session.get_recipe_user_id().get_as_string() == "ada"
        assert session.get_tenant_id() == "public"
        assert await session.get_session_data_from_database() == {"cart": [1, 2]}
        assert await session.get_expiry() > await session.get_time_created()

        header = jwt_header(session.get_access_token())
        assert header.pop("kid").startswith("d-")
        assert header == {"typ": "JWT", "alg": "RS256", "version": "5"}
        claims = jwt_payload(session.get_access_token())
        assert isinstance(claims["iat"], int) and isinstance(claims["exp"], int)
        assert front_token(session)["ate"] == claims.pop("exp") * 1000 > claims.pop("iat") * 1000
        assert isinstance(claims.pop("refreshTokenHash1"), str)
        assert claims == {
            "sub": "ada",
            "rsub": "ada",
            "tId": "public",
            "sessionHandle": session.get_handle(),
            "parentRefreshTokenHash1": None,
            "antiCsrfToken": None,
            "iss": ISSUER,
            "role": "editor",
            "nothing": None,
        }

    async def test_for_the_empty_user_id(self, sdk):
        session = await sdk.create(user="")
        assert (await sdk.verify(session, check_database=True)).get_user_id() == ""
        assert await sdk.session.get_all_session_handles_for_user("") == [session.get_handle()]
        assert await sdk.session.revoke_all_sessions_for_user("") == [session.get_handle()]

    async def test_numbers_nesting_and_other_alphabets_come_back_as_they_were(self, sdk):
        payload = {"n": 1.5, "big": 2**53 - 1, "deep": {"list": [{"a": None}, True, ""]}, "text": "Grüße, 東京 🗝"}
        session = await sdk.create(payload=payload, data=payload)
        info = await sdk.session.get_session_information(session.get_handle())
        assert info.custom_claims_in_access_token_payload == {**payload, "iss": ISSUER}
        assert info.session_data_in_database == payload
        verified = await sdk.verify(session, check_database=True)
        assert verified.get_access_token_payload()["deep"] == payload["deep"]


class TestCheckDatabase:
    async def test_off_a_revoked_session_passes_on_it_is_refused(self, sdk, ended):
        session = await sdk.create()
        assert await sdk.session.revoke_session(session.get_handle())
        assert (await sdk.verify(session)).get_handle() == session.get_handle()
        with ended():
            await sdk.verify(session, check_database=True)

    async def test_on_a_live_session_passes_and_keeps_its_token(self, sdk):
        session = await sdk.create()
        verified = await sdk.verify(session, check_database=True)
        assert verified.get_access_token() == session.get_access_token()
        assert not tokens(verified)["accessAndFrontTokenUpdated"]

    async def test_what_is_not_an_access_token_is_refused(self, sdk):
        verify = sdk.session.get_session_without_request_response
        assert await verify("x", session_required=False) is None
        session = await sdk.create()
        header, _, signature = session.get_access_token().split(".")
        claims = json.dumps({**jwt_payload(session.get_access_token()), "sub": "mallory"}).encode()
        forged = base64.urlsafe_b64encode(claims).decode().rstrip("=")
        with pytest.raises(sdk.errors.TryRefreshTokenError):
            await verify(f"{header}.{forged}.{signature}", check_database=True)


class TestPayload:
    async def test_changed_by_handle_it_is_seen_at_the_next_verify_with_check_database(self, sdk):
        session = await sdk.create(payload={"role": "editor", "team": "a"})
        change = {"role": "owner", "team": None}
        assert await sdk.session.merge_into_access_token_payload(session.get_handle(), change)

        unseen = await sdk.verify(session)
        assert unseen.get_access_token_payload()["role"] == "editor"
        assert not tokens(unseen)["accessAndFrontTokenUpdated"]

        seen = await sdk.verify(session, check_database=True)
        assert seen.get_access_token_payload()["role"] == "owner"
        assert "team" not in seen.get_access_token_payload()
        assert tokens(seen)["accessAndFrontTokenUpdated"]
        assert front_token(seen)["up"]["role"] == "owner"
        assert jwt_payload(seen.get_access_token())["role"] == "owner"

        again = await sdk.verify(seen, check_database=True)
        assert not tokens(again)["accessAndFrontTokenUpdated"]

    async def test_changed_by_handle_a_refresh_carries_it(self, sdk):
        session = await sdk.create(payload={"role": "editor"})
        await sdk.session.merge_into_access_token_payload(session.get_handle(), {"role": "owner"})
        assert (await sdk.refresh(session)).get_access_token_payload()["role"] == "owner"

    async def test_changed_through_the_session_its_token_is_new_at_once(self, sdk):
        session = await sdk.create(payload={"role": "editor"})
        before = jwt_payload(session.get_access_token())
        verified = await sdk.verify(session)
        await verified.merge_into_access_token_payload({"role": "owner"})
        assert tokens(verified)["accessAndFrontTokenUpdated"]
        assert front_token(verified)["up"]["role"] == "owner"
        after = jwt_payload(verified.get_access_token())
        assert after["role"] == "owner"
        assert [after[k] for k in ("exp", "refreshTokenHash1")] == [before[k] for k in ("exp", "refreshTokenHash1")]
        information = await sdk.session.get_session_information(session.get_handle())
        assert information.custom_claims_in_access_token_payload["role"] == "owner"
        again = await sdk.verify(verified, check_database=True)
        assert not tokens(again)["accessAndFrontTokenUpdated"]

    async def test_an_ended_sessions_is_not_changed(self, sdk, ended):
        session = await sdk.create()
        await sdk.session.revoke_session(session.get_handle())
        assert not await sdk.session.merge_into_access_token_payload(session.get_handle(), {"role": "owner"})
        with ended():
            await session.merge_into_access_token_payload({"role": "owner"})


class TestSessionData:
    async def test_is_replaced_as_a_whole(self, sdk):
        session = await sdk.create(data={"a": 1, "b": 2})
        assert await sdk.session.update_session_data_in_database(session.get_handle(), {"b": 3})
        assert await session.get_session_data_from_database() == {"b": 3}
        await session.update_session_data_in_database({})
        information = await sdk.session.get_session_information(session.get_handle())
        assert information.session_data_in_database == {}

    async def test_an_ended_sessions_is_neither_read_nor_changed(self, sdk, ended):
        session = await sdk.create(data={"a": 1})
        await session.revoke_session()
        assert not await sdk.session.update_session_data_in_database(session.get_handle(), {"a": 2})
        with ended():
            await session.get_session_data_from_database()
        with ended():
            await session.update_session_data_in_database({"a": 2})


class TestGetSessionInformation:
    async def test_of_a_live_session(self, sdk):
        session = await sdk.create(user="ada", payload={"role": "editor"}, data={"cart": 1})
        information = (await sdk.session.get_session_information(session.get_handle())).to_json()
        created = information.pop("timeCreated")
        assert abs(time.time() * 1000 - created) < 60_000
        assert information.pop("expiry") > created
        assert information == {
            "sessionHandle": session.get_handle(),
            "userId": "ada",
            "recipeUserId": "ada",
            "tenantId": "public",
            "sessionDataInDatabase": {"cart": 1},
            "customClaimsInAccessTokenPayload": {"role": "editor", "iss": ISSUER},
        }

    async def test_of_an_ended_and_of_an_unknown_session(self, sdk):
        session = await sdk.create()
        await sdk.session.revoke_session(session.get_handle())
        assert await sdk.session.get_session_information(session.get_handle()) is None
        assert await sdk.session.get_session_information(str(uuid.uuid4())) is None


class TestClaims:
    async def test_set_get_fetch_and_remove_through_the_session_and_by_handle(self, sdk):
        verified = sdk.claims.BooleanClaim("verified", lambda *_: True)
        plan = sdk.claims.PrimitiveClaim("plan", lambda *_: "free")
        session = await sdk.create()
        handle = session.get_handle()

        await session.fetch_and_set_claim(verified)
        assert await session.get_claim_value(verified) is True
        await session.assert_claims([verified.validators.is_true(None)])

        assert await sdk.session.set_claim_value(handle, plan, "pro")
        assert (await sdk.session.get_claim_value(handle, plan)).value == "pro"
        seen = await sdk.verify(session, check_database=True)
        assert await seen.get_claim_value(plan) == "pro"
        with pytest.raises(sdk.errors.InvalidClaimsError):
            await seen.assert_claims([plan.validators.has_value("free")])

        assert await sdk.session.fetch_and_set_claim(handle, plan)
        assert (await sdk.session.get_claim_value(handle, plan)).value == "free"
        assert await sdk.session.remove_claim(handle, plan)
        assert (await sdk.session.get_claim_value(handle, plan)).value is None

    async def test_are_validated_at_verify_and_by_handle(self, sdk):
        verified = sdk.claims.BooleanClaim("verified", lambda *_: False)
        session = await sdk.create()

        def validators(*_):
            return [verified.validators.is_true(None)]

        async def by_handle():
            return await sdk.session.validate_claims_for_session_handle(session.get_handle(), validators)

        with pytest.raises(sdk.errors.InvalidClaimsError):
            await sdk.verify(session, override_global_claim_validators=validators)
        assert [claim.id_ for claim in (await by_handle()).invalid_claims] == ["verified"]
        await sdk.session.set_claim_value(session.get_handle(), verified, True)
        assert (await by_handle()).invalid_claims == []
        await sdk.verify(session, override_global_claim_validators=validators, check_database=True)
        await session.revoke_session()
        assert type(await by_handle()).__name__ == "SessionDoesNotExistError"


class TestRevoke:
    async def test_by_handle_twice(self, sdk):
        session = await sdk.create()
        assert await sdk.session.revoke_session(session.get_handle())
        assert not await sdk.session.revoke_session(session.get_handle())
        assert not await sdk.session.revoke_session(str(uuid.uuid4()))

    async def test_several_handles_the_answer_names_those_that_were_live(self, sdk, ended):
        a, b, kept = await gather(sdk.create(), sdk.create(), sdk.create())
        handles = [a.get_handle(), str(uuid.uuid4()), b.get_handle()]
        revoked = await sdk.session.revoke_multiple_sessions(handles)
        assert sorted(revoked) == sorted([a.get_handle(), b.get_handle()])
        assert await sdk.session.revoke_multiple_sessions(handles) == []
        assert await sdk.session.revoke_multiple_sessions([]) == []
        with ended():
            await sdk.verify(a, check_database=True)
        await sdk.verify(kept, check_database=True)

    async def test_all_of_a_user_and_nobody_elses(self, sdk, ended):
        user, other = f"user-{uuid.uuid4()}", f"user-{uuid.uuid4()}"
        sessions = await gather(*(sdk.create(user=user) for _ in range(3)))
        kept = await sdk.create(user=other)
        handles = sorted(session.get_handle() for session in sessions)

        assert sorted(await sdk.session.get_all_session_handles_for_user(user)) == handles
        assert sorted(await sdk.session.revoke_all_sessions_for_user(user)) == handles
        assert await sdk.session.get_all_session_handles_for_user(user) == []
        assert await sdk.session.revoke_all_sessions_for_user(user) == []
        for session in sessions:
            with ended():
                await sdk.verify(session, check_database=True)
            with ended():
                await sdk.refresh(session)
        await sdk.verify(kept, check_database=True)

        following = await sdk.create(user=user)
        await sdk.verify(following, check_database=True)
        assert await sdk.session.get_all_session_handles_for_user(user) == [following.get_handle()]
