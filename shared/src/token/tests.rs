//! What makes an access token genuine: one good token, and every way to be another.

use super::access::{AccessToken, sign_jwt};
use super::claims::Claims;
use super::issuers::Issuers;
use super::keyring::{Invalid, Keyring};
use super::payload::Payload;
use super::refresh::RefreshHash;
use super::signing::SigningKey;
use super::unverified::UnverifiedToken;
use super::version::Version;
use crate::ids::{SessionHandle, TenantId, UserId};
use crate::time::{Entropy, Timestamp};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use std::sync::LazyLock;

const ISSUER: &str = "https://api.example.com/auth";
const NOW: Timestamp = Timestamp::from_seconds(1_700_000_000);

static KEY: LazyLock<SigningKey> =
    LazyLock::new(|| SigningKey::dynamic(NOW, &Entropy::system()).unwrap());
static FOREIGN_KEY: LazyLock<SigningKey> =
    LazyLock::new(|| SigningKey::dynamic(NOW, &Entropy::system()).unwrap());

fn good_claims() -> Claims {
    let payload = r#"{"role":"admin","n":null,"big":90071992547409931234567}"#;
    Claims {
        version: Version::V5,
        user: UserId::parse("u1").unwrap(),
        recipe_user: UserId::parse("u1").unwrap(),
        tenant: TenantId::parse("acme").unwrap(),
        handle: SessionHandle::parse("h-1_acme").unwrap(),
        refresh_hash: RefreshHash::from_text("00ff"),
        parent: None,
        anti_csrf: None,
        issued_at: NOW,
        expires_at: Timestamp::from_seconds(NOW.seconds() + 60),
        issuer: Some(ISSUER.to_owned()),
        payload: Payload::new(serde_json::from_str(payload).unwrap()).unwrap(),
    }
}

fn issuers() -> Issuers {
    Issuers::only(ISSUER)
}

fn good_token() -> String {
    AccessToken::issue(&good_claims(), &KEY).unwrap().expose().to_owned()
}

fn part(token: &str, index: usize) -> Value {
    let part = token.split('.').nth(index).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

/// A token of any content, properly signed by our own key.
fn signed(header: &str, claims: &str) -> String {
    let message = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
    let signature = KEY.sign(message.as_bytes()).unwrap();
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
}

/// The good token with one thing changed before it was signed.
fn with(index: usize, change: impl FnOnce(&mut Value)) -> String {
    let mut parts = [part(&good_token(), 0), part(&good_token(), 1)];
    change(&mut parts[index]);
    signed(&parts[0].to_string(), &parts[1].to_string())
}

#[derive(Debug, PartialEq)]
enum Outcome {
    Accepted,
    Absent,
    Refused(Invalid),
}

fn check_at(token: &str, now: Timestamp) -> Outcome {
    let keyring = Keyring::new(vec![KEY.public().unwrap()]).unwrap();
    match UnverifiedToken::parse(token).map(|token| keyring.verify(token, &issuers(), now)) {
        Ok(Ok(_)) => Outcome::Accepted,
        Ok(Err(invalid)) => Outcome::Refused(invalid),
        Err(_) => Outcome::Absent,
    }
}

fn check(token: &str) -> Outcome {
    check_at(token, NOW)
}

#[test]
fn header_and_claims_are_those_of_the_protocol() {
    let token = good_token();
    let kid = KEY.kid().as_str();
    assert_eq!(part(&token, 0), json!({"alg": "RS256", "typ": "JWT", "kid": kid, "version": "5"}));
    assert_eq!(
        part(&token, 1),
        json!({
            "sub": "u1", "rsub": "u1", "tId": "acme", "iat": 1_700_000_000, "exp": 1_700_000_060,
            "sessionHandle": "h-1_acme", "refreshTokenHash1": "00ff", "parentRefreshTokenHash1": null,
            "antiCsrfToken": null, "iss": ISSUER, "role": "admin", "n": null,
            "big": 90_071_992_547_409_931_234_567.0,
        })
    );
    let claims = URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap();
    assert!(String::from_utf8(claims).unwrap().contains(r#""big":90071992547409931234567"#));
}

#[test]
fn a_good_token_gives_back_what_was_issued() {
    let (token, keyring) = (good_token(), Keyring::new(vec![KEY.public().unwrap()]).unwrap());
    let claims = keyring.verify(UnverifiedToken::parse(&token).unwrap(), &issuers(), NOW).unwrap();
    assert_eq!(claims.user, good_claims().user);
    assert_eq!(claims.handle, good_claims().handle);
    assert_eq!(claims.payload.without(&["iss"]), good_claims().payload);
    assert_eq!(claims.expires_at, good_claims().expires_at);
}

#[test]
fn time_has_no_leeway() {
    let token = good_token();
    let at = |millis| check_at(&token, Timestamp::from_millis(NOW.millis() + millis));
    assert_eq!(at(-1), Outcome::Refused(Invalid::NotYetValid));
    assert_eq!(at(0), Outcome::Accepted);
    assert_eq!(at(59_999), Outcome::Accepted);
    assert_eq!(at(60_000), Outcome::Refused(Invalid::Expired));
    assert_eq!(at(61_000), Outcome::Refused(Invalid::Expired));
    let later = with(1, |claims| claims["nbf"] = (NOW.seconds() + 1).into());
    assert_eq!(check(&later), Outcome::Refused(Invalid::NotYetValid));
    let now = with(1, |claims| claims["nbf"] = NOW.seconds().into());
    assert_eq!(check(&now), Outcome::Accepted);
}

#[test]
fn the_algorithm_is_rs256_and_nothing_else() {
    for alg in ["none", "None", "HS256", "HS512", "RS384", "RS512", "PS256", "ES256", "EdDSA", ""] {
        assert_eq!(check(&with(0, |header| header["alg"] = alg.into())), Outcome::Absent, "{alg}");
    }
    let unsigned = with(0, |header| header["alg"] = "none".into());
    let (message, _) = unsigned.rsplit_once('.').unwrap();
    assert_eq!(check(&format!("{message}.")), Outcome::Absent);
}

#[test]
fn hs256_with_the_public_key_as_secret_is_refused() {
    let header = json!({"alg": "HS256", "typ": "JWT", "kid": KEY.kid().as_str(), "version": "5"});
    let claims = part(&good_token(), 1);
    let message = format!(
        "{}.{}",
        URL_SAFE_NO_PAD.encode(header.to_string()),
        URL_SAFE_NO_PAD.encode(claims.to_string())
    );
    let secret = URL_SAFE_NO_PAD.decode(KEY.public().unwrap().modulus).unwrap();
    let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, &secret);
    let mac = aws_lc_rs::hmac::sign(&key, message.as_bytes());
    assert_eq!(check(&format!("{message}.{}", URL_SAFE_NO_PAD.encode(mac))), Outcome::Absent);
}

#[test]
fn keys_come_from_our_table_alone() {
    let foreign = AccessToken::issue(&good_claims(), &FOREIGN_KEY).unwrap();
    let (_, foreign_signature) = foreign.expose().rsplit_once('.').unwrap();
    let good = good_token();
    let (message, _) = good.rsplit_once('.').unwrap();
    let forged = format!("{message}.{foreign_signature}");
    assert_eq!(check(&forged), Outcome::Refused(Invalid::BadSignature));
    for (name, value) in [
        ("jku", json!("https://evil.example/jwks.json")),
        ("x5u", json!("https://evil.example/cert")),
        ("jwk", json!({"kty": "RSA", "n": FOREIGN_KEY.public().unwrap().modulus, "e": "AQAB"})),
    ] {
        let token = with(0, |header| header[name] = value);
        let (message, _) = token.rsplit_once('.').unwrap();
        let signature = FOREIGN_KEY.sign(message.as_bytes()).unwrap();
        let token = format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature));
        assert_eq!(check(&token), Outcome::Refused(Invalid::BadSignature), "{name}");
    }
}

#[test]
fn an_unknown_kid_is_refused_and_an_odd_one_is_none() {
    for kid in ["d-1", "s-1", "x"] {
        let token = with(0, |header| header["kid"] = kid.into());
        assert_eq!(check(&token), Outcome::Refused(Invalid::UnknownKey), "{kid}");
    }
    for kid in
        [json!("../../etc/passwd"), json!("'; --"), json!(""), json!(7), json!("k".repeat(65))]
    {
        let token = with(0, |header| header["kid"] = kid.clone());
        assert_eq!(check(&token), Outcome::Absent, "{kid}");
    }
}

#[test]
fn a_key_that_is_no_longer_published_verifies_nothing() {
    let mut public = KEY.public().unwrap();
    public.published_until = Some(NOW);
    let (token, keyring) = (good_token(), Keyring::new(vec![public]).unwrap());
    let token = UnverifiedToken::parse(&token).unwrap();
    assert_eq!(keyring.verify(token, &issuers(), NOW).unwrap_err(), Invalid::UnknownKey);
}

#[test]
fn type_version_issuer_and_criticals_are_checked() {
    for (name, value) in [
        ("typ", json!("at+jwt")),
        ("typ", json!("logout+jwt")),
        ("typ", json!("jwt")),
        ("version", json!("2")),
        ("version", json!("6")),
        ("version", json!(5)),
        ("crit", json!(["exp"])),
    ] {
        let token = with(0, |header| header[name] = value.clone());
        assert_eq!(check(&token), Outcome::Absent, "{name} {value}");
    }
    for name in ["typ", "kid", "version", "alg"] {
        let token = with(0, |header| drop(header.as_object_mut().unwrap().remove(name)));
        assert_eq!(check(&token), Outcome::Absent, "without {name}");
    }
    let other = with(1, |claims| claims["iss"] = "https://evil.example/auth".into());
    assert_eq!(check(&other), Outcome::Refused(Invalid::WrongIssuer));
}

#[test]
fn every_claim_must_be_there_with_its_type() {
    for name in ["sub", "rsub", "tId", "exp", "iat", "sessionHandle", "refreshTokenHash1"] {
        let without = with(1, |claims| drop(claims.as_object_mut().unwrap().remove(name)));
        assert_eq!(check(&without), Outcome::Absent, "without {name}");
        for value in [json!(null), json!([]), json!({}), json!(true)] {
            let odd = with(1, |claims| claims[name] = value.clone());
            assert_eq!(check(&odd), Outcome::Absent, "{name} = {value}");
        }
    }
    let nobodys = with(1, |claims| drop(claims.as_object_mut().unwrap().remove("iss")));
    assert_eq!(check(&nobodys), Outcome::Refused(Invalid::WrongIssuer));
    for iss in [json!(null), json!([ISSUER]), json!("")] {
        let odd = with(1, |claims| claims["iss"] = iss.clone());
        assert_eq!(check(&odd), Outcome::Refused(Invalid::WrongIssuer), "{iss}");
    }
    for exp in [json!("1700000060"), json!(1_700_000_060.5), json!(1e300)] {
        assert_eq!(check(&with(1, |claims| claims["exp"] = exp.clone())), Outcome::Absent, "{exp}");
    }
}

#[test]
fn another_type_of_token_is_not_a_session_token() {
    assert_eq!(check(&with(1, |claims| claims["stt"] = 0.into())), Outcome::Accepted);
    for stt in [json!(1), json!("0"), json!(null)] {
        assert_eq!(check(&with(1, |claims| claims["stt"] = stt.clone())), Outcome::Absent, "{stt}");
    }
}

#[test]
fn a_claim_that_stands_twice_is_refused() {
    let claims = part(&good_token(), 1).to_string();
    let header = part(&good_token(), 0).to_string();
    for twice in [r#"{"sub":"admin","#, r#"{"role":"user","#, r#"{"exp":9999999999,"#] {
        assert_eq!(
            check(&signed(&header, &claims.replacen('{', twice, 1))),
            Outcome::Absent,
            "{twice}"
        );
    }
}

#[test]
fn a_token_that_is_cut_or_changed_is_refused() {
    let token = good_token();
    for length in 0..token.len() {
        assert_ne!(check(&token[..length]), Outcome::Accepted, "cut to {length}");
    }
    for odd in [
        format!("{token}."),
        format!("{token}.{token}"),
        format!(".{token}"),
        format!(" {token}"),
        format!("{token}="),
        token.replace('.', ".."),
        "a.b.c".to_owned(),
        "..".to_owned(),
        "a".repeat(20_000),
    ] {
        assert_ne!(check(&odd), Outcome::Accepted, "{odd:.60}");
    }
    for index in 0..token.len() {
        let mut changed = token.clone().into_bytes();
        changed[index] = if changed[index] == b'A' { b'B' } else { b'A' };
        let changed = String::from_utf8(changed).unwrap();
        assert_ne!(check(&changed), Outcome::Accepted, "byte {index} changed");
    }
}

#[test]
fn a_payload_that_sets_a_protected_claim_is_refused_and_its_size_is_limited() {
    for name in Version::V5.protected().iter().chain(&super::payload::RESERVED) {
        let members = serde_json::from_value(json!({ *name: 1 })).unwrap();
        assert!(Payload::new(members).is_err(), "{name}");
    }
    for (letters, ok) in [(1_536 - 8, true), (1_536 - 7, false)] {
        let members = serde_json::from_value(json!({"a": "x".repeat(letters)})).unwrap();
        assert_eq!(Payload::new(members).is_ok(), ok, "{letters}");
    }
    // The longest ids still fit a header.
    let long = UserId::parse(&"u".repeat(1024)).unwrap();
    let claims = Claims { user: long.clone(), recipe_user: long, ..good_claims() };
    let token = AccessToken::issue(&claims, &KEY).unwrap();
    assert!(token.expose().len() < super::access::MAX_BYTES);
}

#[test]
fn each_version_has_its_own_claims_and_is_read_back() {
    let keyring = Keyring::new(vec![FOREIGN_KEY.public().unwrap(), KEY.public().unwrap()]).unwrap();
    for version in [Version::V2, Version::V3, Version::V4, Version::V5] {
        let parent = Some(RefreshHash::from_text("aa11"));
        let claims = Claims { version, parent, issuer: None, ..good_claims() };
        let token = AccessToken::issue(&claims, &KEY).unwrap().expose().to_owned();
        let read = keyring
            .verify_for_sdk(UnverifiedToken::parse_for_sdk(&token).unwrap(), NOW)
            .unwrap_or_else(|invalid| panic!("{version:?}: {invalid}"));
        assert_eq!(
            (read.version, &read.user, &read.handle),
            (version, &claims.user, &claims.handle)
        );
        assert_eq!(read.payload, claims.payload, "{version:?}");
        assert_eq!(read.parent.unwrap().expose(), "aa11");
        assert_eq!(read.tenant, claims.tenant);
        let forged = FOREIGN_KEY.sign(b"other").unwrap();
        let (message, _) = token.rsplit_once('.').unwrap();
        let forged = match version {
            Version::V2 => format!("{message}.{}", STANDARD.encode(forged)),
            _ => format!("{message}.{}", URL_SAFE_NO_PAD.encode(forged)),
        };
        let forged = UnverifiedToken::parse_for_sdk(&forged).unwrap();
        assert_eq!(keyring.verify_for_sdk(forged, NOW).unwrap_err(), Invalid::BadSignature);
        let is_for_guards = UnverifiedToken::parse(&token).is_ok();
        assert_eq!(is_for_guards, version > Version::V2, "{version:?}");
    }
}

#[test]
fn a_jwt_of_an_application_opens_nothing() {
    let text = good_token();
    let claims = part(&text, 1).to_string();
    let token = sign_jwt(&serde_json::from_str(&claims).unwrap(), &KEY).unwrap();
    assert_eq!(check(&token), Outcome::Absent);
}

#[test]
fn no_token_or_key_shows_itself() {
    let token = AccessToken::issue(&good_claims(), &KEY).unwrap();
    let shown = format!("{token:?} {:?} {:?}", *KEY, good_claims());
    for hidden in [token.expose(), token.front_token(), "00ff"] {
        assert!(!shown.contains(hidden), "{shown}");
    }
    assert!(shown.len() < 700, "a key or a token is in here: {shown}");
}
