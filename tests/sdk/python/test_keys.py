import jwt
import pytest
from support import ISSUER, App, another_sdk, eventually, jwt_header, jwt_payload, start_sdk

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def sdk():
    with App("keys") as app:
        yield start_sdk(app)


async def published(sdk):
    return {key.kid: key for key in (await sdk.session.get_jwks()).keys}


async def signed_claims(sdk, token):
    header = jwt_header(token)
    assert header["alg"] == "RS256"
    key = (await published(sdk))[header["kid"]]
    assert (key.kty, key.alg, key.use) == ("RSA", "RS256", "sig")
    return jwt.decode(token, jwt.PyJWK(vars(key)).key, algorithms=["RS256"], options={"verify_iat": False})


def kid_of(session):
    return jwt_header(session.get_access_token())["kid"]


class TestJwt:
    @pytest.mark.parametrize("use_static", [True, False])
    async def test_by_the_static_and_by_the_dynamic_key(self, sdk, use_static):
        answer = await sdk.session.create_jwt({"scope": "read"}, 600, use_static)
        claims = await signed_claims(sdk, answer.jwt)
        assert jwt_header(answer.jwt)["kid"].startswith("d-") != use_static
        assert claims.pop("exp") - claims.pop("iat") == 600
        assert claims == {"scope": "read", "iss": ISSUER}

    async def test_without_a_validity_it_lives_for_a_hundred_years(self, sdk):
        answer = await sdk.session.create_jwt({})
        claims = await signed_claims(sdk, answer.jwt)
        assert claims["exp"] - claims["iat"] == 3_153_600_000

    async def test_access_tokens_are_signed_by_published_keys(self, sdk):
        session = await sdk.create()
        assert await signed_claims(sdk, session.get_access_token()) == jwt_payload(session.get_access_token())


async def test_a_session_is_taken_over_by_the_refresh_of_an_sdk_with_the_other_kind_of_key():
    with App("key-type") as app, another_sdk(app) as dynamic:
        session = await dynamic.create()
        assert kid_of(session).startswith("d-")

        with another_sdk(app, use_dynamic_access_token_signing_key=False) as constant:
            with pytest.raises(constant.errors.TryRefreshTokenError):
                await constant.verify(session)
            taken = await constant.refresh(session)
            assert not kid_of(taken).startswith("d-")
            used = await constant.verify(taken, check_database=True)
            assert not kid_of(used).startswith("d-")
            await used.merge_into_access_token_payload({"role": "owner"})
            assert not kid_of(used).startswith("d-")

        with pytest.raises(dynamic.errors.TryRefreshTokenError):
            await dynamic.verify(used)
        back = await dynamic.verify(await dynamic.refresh(taken), check_database=True)
        assert kid_of(back).startswith("d-")


async def test_after_the_interval_a_new_key_signs_and_tokens_by_the_old_one_still_pass():
    config = {
        "access_token_dynamic_signing_key_update_interval": 3 / 3600,
        "access_token_validity": 60,
        "access_token_validity_jitter": 0,
    }
    with App("rotation", **config) as app, another_sdk(app) as sdk:
        old = await sdk.create()
        await sdk.verify(old)

        async def by_another_key():
            session = await sdk.create()
            return session if kid_of(session) != kid_of(old) else None

        young = await eventually(by_another_key)
        assert {kid_of(old), kid_of(young)} <= (await published(sdk)).keys()
        for session in (old, young):
            await sdk.verify(session)
            await sdk.verify(session, check_database=True)
        assert kid_of(await sdk.refresh(old)) != kid_of(old)
