//! Access tokens of every version, changed in every way: whatever is believed was signed by a key of
//! ours, letter by letter, and says what a token must say.

use super::cases::every;
use super::json::{Tree, odd};
use super::jwt::{TokenChange, member};
use super::texts::text;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::Value;
use shared::ids::{SessionHandle, TenantId, UserId};
use shared::json::Object;
use shared::time::{Entropy, Timestamp};
use shared::token::access::{AccessToken, sign_jwt};
use shared::token::anti_csrf::AntiCsrfToken;
use shared::token::claims::Claims;
use shared::token::issuers::Issuers;
use shared::token::keyring::Keyring;
use shared::token::payload::Payload;
use shared::token::refresh::RefreshHash;
use shared::token::signing::SigningKey;
use shared::token::unverified::UnverifiedToken;
use shared::token::version::Version;
use std::sync::LazyLock;

const ISSUER: &str = "https://api.example.com/auth";
const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);
const VERSIONS: [Version; 4] = [Version::V2, Version::V3, Version::V4, Version::V5];

static KEY: LazyLock<SigningKey> =
    LazyLock::new(|| SigningKey::dynamic(NOW, &Entropy::system()).expect("a key"));
/// Of the same name.
static FOREIGN_KEY: LazyLock<SigningKey> =
    LazyLock::new(|| SigningKey::dynamic(NOW, &Entropy::system()).expect("a key"));
static KEYRING: LazyLock<Keyring> =
    LazyLock::new(|| Keyring::new(vec![KEY.public().expect("a key")]).expect("keys"));
/// Of each version two, which differ in all that a token can leave out.
static GENUINE: LazyLock<Vec<String>> = LazyLock::new(|| {
    let each =
        VERSIONS.iter().flat_map(|version| [claims(*version, false), claims(*version, true)]);
    each.map(|claims| issue(&claims, &KEY)).collect()
});

fn claims(version: Version, full: bool) -> Claims {
    let payload =
        r#"{"role":"admin","n":null,"big":90071992547409931234567,"list":[1.0,{"a":"ü"}]}"#;
    let payload: Object = serde_json::from_str(payload).expect("an object");
    let user = UserId::parse(if full { "ada@example.com" } else { "u1" }).expect("a user");
    Claims {
        version,
        recipe_user: user.clone(),
        user,
        tenant: TenantId::public(),
        handle: SessionHandle::parse("01234567-89ab-4def-8123-456789abcdef").expect("a handle"),
        refresh_hash: RefreshHash::from_text(&"0f".repeat(32)),
        parent: full.then(|| RefreshHash::from_text(&"1e".repeat(32))),
        anti_csrf: full.then(|| AntiCsrfToken::from_text("anti-csrf")),
        issued_at: NOW,
        expires_at: Timestamp::from_seconds(NOW.seconds() + 3_600),
        issuer: Some(ISSUER.to_owned()),
        payload: if full { Payload::from_object(payload) } else { Payload::default() },
    }
}

fn issue(claims: &Claims, key: &SigningKey) -> String {
    AccessToken::issue(claims, key).expect("a token").expose().to_owned()
}

fn believed_by_us(token: &str) -> bool {
    let Ok(token) = UnverifiedToken::parse(token) else { return false };
    KEYRING.verify(token, &Issuers::only(ISSUER), NOW).is_ok()
}

fn believed_for_sdk(token: &str) -> bool {
    let Ok(token) = UnverifiedToken::parse_for_sdk(token) else { return false };
    KEYRING.verify_for_sdk(token, NOW).is_ok()
}

#[test]
fn the_tokens_are_good_before_they_are_changed() {
    for (number, token) in GENUINE.iter().enumerate() {
        assert!(believed_for_sdk(token), "{number}");
        // Clients of our own functions know no version 2.
        assert_eq!(believed_by_us(token), number > 1, "{number}");
    }
}

#[test]
fn a_changed_token_is_not_believed() {
    let changes = vec(TokenChange::any(), 1..4);
    every(2_500, &(any::<Index>(), any::<Index>(), changes), |(which, other, changes)| {
        let [which, other]: [&String; 2] = [which, other].map(|one| one.get(&GENUINE));
        let token = which.clone();
        let token = changes.iter().fold(token, |token, change| change.apply(&token, other));
        if !GENUINE.contains(&token) {
            assert!(!believed_by_us(&token) && !believed_for_sdk(&token), "{token}");
        }
    });
}

#[test]
fn a_token_of_no_form_is_none() {
    let parts =
        vec(prop_oneof![text(), text().prop_map(|text| URL_SAFE_NO_PAD.encode(text))], 1..5);
    every(1_000, &parts, |parts| {
        let token = parts.join(".");
        assert!(!believed_by_us(&token) && !believed_for_sdk(&token), "{token}");
    });
}

/// A token that was changed and then signed, as if we had issued it.
fn signed_after(changes: &[TokenChange], which: Index, key: &SigningKey) -> Option<String> {
    let genuine: &String = which.get(&GENUINE);
    let token = changes.iter().fold(genuine.clone(), |token, change| change.apply(&token, genuine));
    let (message, _) = token.rsplit_once('.')?;
    let signature = key.sign(message.as_bytes()).expect("a signature");
    let is_legacy = GENUINE[..2].contains(genuine);
    let signature =
        if is_legacy { STANDARD.encode(signature) } else { URL_SAFE_NO_PAD.encode(signature) };
    Some(format!("{message}.{signature}"))
}

/// Header and claims, where a `Value` can hold them.
fn read(token: &str) -> Option<[Value; 2]> {
    let mut parts = token.split('.').map(|part| {
        let bytes = URL_SAFE_NO_PAD.decode(part).or_else(|_| STANDARD.decode(part)).ok()?;
        serde_json::from_slice(&bytes).ok()
    });
    Some([parts.next()??, parts.next()??])
}

#[test]
fn what_we_sign_is_believed_only_if_it_says_what_a_token_must() {
    every(700, &(any::<Index>(), vec(member(), 0..4)), |(which, changes)| {
        let Some(token) = signed_after(&changes, which, &KEY) else { return };
        let (by_us, for_sdk) = (believed_by_us(&token), believed_for_sdk(&token));
        let Some([header, claims]) = read(&token) else { return };
        if by_us {
            assert!(for_sdk, "an SDK believes more than we do");
            assert!(["3", "4", "5"].map(Value::from).contains(&header["version"]), "{header}");
            assert_eq!(claims["iss"], ISSUER);
            let since = |name: &str| claims[name].as_i64().expect(name) <= NOW.seconds();
            assert!(since("iat") && (claims.get("nbf").is_none() || since("nbf")), "{claims}");
            assert!(claims["exp"].as_i64() > Some(NOW.seconds()), "{claims}");
            assert!(claims.get("stt").is_none_or(|kind| *kind == 0), "{claims}");
        }
        if by_us || for_sdk {
            assert_eq!((&header["alg"], &header["typ"]), (&"RS256".into(), &"JWT".into()));
            assert!(header["crit"].is_null(), "{header}");
            assert!(claims["sessionHandle"].is_string(), "{claims}");
            assert!(claims["refreshTokenHash1"].is_string(), "{claims}");
        }
    });
}

#[test]
fn what_another_key_of_the_same_name_has_signed_is_not_believed() {
    every(200, &(any::<Index>(), vec(member(), 0..3)), |(which, changes)| {
        let Some(token) = signed_after(&changes, which, &FOREIGN_KEY) else { return };
        assert!(!believed_by_us(&token) && !believed_for_sdk(&token), "{token}");
    });
}

#[test]
fn a_jwt_of_an_application_is_no_access_token_whatever_it_claims() {
    every(200, &(2..8_usize, vec(member(), 0..3)), |(which, changes)| {
        let genuine = &GENUINE[which];
        let token = changes.iter().fold(genuine.clone(), |token, change| match change {
            TokenChange::Json(0, _) | TokenChange::Member(0, ..) => token,
            claims => claims.apply(&token, genuine),
        });
        let claims = token.split('.').nth(1).expect("claims");
        let claims = URL_SAFE_NO_PAD.decode(claims).expect("base64url");
        let Ok(claims) = serde_json::from_slice(&claims) else { return };
        let jwt = sign_jwt(&claims, &KEY).expect("a JWT");
        assert!(!believed_by_us(&jwt), "{jwt}");
    });
}

#[test]
fn claims_beside_the_point_do_not_matter() {
    let name = "[a-z]{10,20}";
    every(150, &(2..8_usize, name, odd()), |(which, name, odd)| {
        let change = |tree: &mut Tree| {
            *tree.member_or_new(&name) = Tree::Leaf(odd.0.clone());
        };
        let genuine = &GENUINE[which];
        let (header, rest) = genuine.split_once('.').expect("a header");
        let (claims, _) = rest.split_once('.').expect("claims");
        let claims = String::from_utf8(URL_SAFE_NO_PAD.decode(claims).expect("base64url"));
        let mut tree = Tree::read(&claims.expect("text")).expect("JSON");
        change(&mut tree);
        let message = format!("{header}.{}", URL_SAFE_NO_PAD.encode(tree.write()));
        let signature = URL_SAFE_NO_PAD.encode(KEY.sign(message.as_bytes()).expect("signed"));
        let token = format!("{message}.{signature}");
        assert_eq!(believed_by_us(&token), token.len() <= 10_240, "{odd:?}");
    });
}
