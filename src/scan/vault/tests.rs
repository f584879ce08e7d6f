//! What the vault promises: one drawer, one value, one token; and that it forgets.

use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::bounds::{
    VAULT_BYTES_MAX, VAULT_IDLE_MAX, VAULT_LIFE_MAX, VAULT_PROVENANCES_MAX, VAULT_SCOPE_TOKENS_MAX,
    VAULT_TOKENS_MAX,
};

fn vault() -> Vault {
    Vault::new(&[7; 32])
}

fn at(steady: Duration) -> Now {
    Now { steady, unix_ms: 0 }
}

const START: Duration = Duration::from_secs(60);

fn detector(id: &str) -> Detector {
    Detector::parse(id).unwrap()
}

fn rule() -> Arc<Label> {
    Arc::new(Label::parse("keeps").unwrap())
}

fn put(vault: &Vault, scope: Scope, value: &str, steady: Duration) -> Option<Token> {
    put_from(vault, scope, ("us_ssn", value, Some("lookup")), steady)
}

fn put_from(
    vault: &Vault,
    scope: Scope,
    (kind, value, origin): (&str, &str, Option<&str>),
    steady: Duration,
) -> Option<Token> {
    let deposit = Deposit { detector: detector(kind), rule: &rule(), origin, value, form: Written::Text };
    vault.mint(scope, deposit, at(steady))
}

/// The value behind a token, for whoever asks.
fn get(vault: &Vault, scope: Scope, token: Token, steady: Duration) -> Option<String> {
    match vault.resolve(scope, token, at(steady), |_| Some(rule())) {
        Resolved::Value { value, .. } => Some(value.value.to_string()),
        Resolved::Unbound | Resolved::Unknown => None,
    }
}

#[test]
fn gives_back_what_it_was_given_to_the_same_drawer_only() {
    let vault = vault();
    let [one, other] = [&b"one"[..], b"other"].map(|part| vault.scope([part]));
    let token = put(&vault, one, "123-45-6789", START).unwrap();
    assert_eq!(get(&vault, one, token, START).as_deref(), Some("123-45-6789"));
    assert_eq!(get(&vault, other, token, START), None);
    assert_eq!(put(&vault, one, "123-45-6789", START), Some(token), "the same value, the same token");
    assert_ne!(put(&vault, other, "123-45-6789", START), Some(token), "another drawer, another token");
    assert_ne!(put(&vault, one, "123-45-6780", START), Some(token), "another value, another token");
    let unbound = vault.resolve(one, token, at(START), |_| None);
    assert!(matches!(unbound, Resolved::Unbound));
    let wrong_kind = Token::new(detector("email"), token.id());
    assert_eq!(get(&vault, one, wrong_kind, START), None);
    assert_eq!(get(&vault, one, Token::new(detector("us_ssn"), token.id() ^ 1), START), None);
    // Two rows of parts that would read alike without their lengths.
    assert_ne!(vault.scope([&b"ab"[..], b"c"]), vault.scope([&b"a"[..], b"bc"]));
    assert!(!format!("{vault:?}").contains("123-45"));
}

#[test]
fn remembers_every_way_in_which_a_value_came_up_to_a_bound() {
    let vault = vault();
    let scope = vault.scope([]);
    let token = put(&vault, scope, "a@example.com", START).unwrap();
    for tool in 0..VAULT_PROVENANCES_MAX {
        let tool = format!("tool-{tool}");
        assert_eq!(put_from(&vault, scope, ("email", "a@example.com", Some(&tool)), START), Some(token));
    }
    let comes_from = |tool: &str| {
        let found = vault.resolve(scope, token, at(START), |provenance| {
            (provenance.origin.as_deref() == Some(tool)).then(rule)
        });
        matches!(found, Resolved::Value { .. })
    };
    assert!(comes_from("lookup") && comes_from("tool-0"));
    let last = VAULT_PROVENANCES_MAX - 1;
    assert!(comes_from(&format!("tool-{}", last - 1)) && !comes_from(&format!("tool-{last}")));
}

#[test]
fn forgets_what_nobody_uses_and_what_is_old() {
    let (vault, second) = (vault(), Duration::from_secs(1));
    let scope = vault.scope([]);
    let token = put(&vault, scope, "123-45-6789", START).unwrap();
    let end = START + VAULT_IDLE_MAX;
    assert!(get(&vault, scope, token, end - second).is_some());
    // It was used a second ago.
    assert!(get(&vault, scope, token, end).is_some());
    assert_eq!(get(&vault, scope, token, end + VAULT_IDLE_MAX), None);
    assert!(vault.is_empty());
    let again = put(&vault, scope, "123-45-6789", START).unwrap();
    assert_ne!(again, token, "what was forgotten is never given out again");
    let mut now = START;
    while now + VAULT_IDLE_MAX / 2 < START + VAULT_LIFE_MAX {
        now += VAULT_IDLE_MAX / 2;
        assert_eq!(put(&vault, scope, "123-45-6789", now), Some(again), "{now:?}");
    }
    assert!(get(&vault, scope, again, START + VAULT_LIFE_MAX - second).is_some());
    assert_eq!(get(&vault, scope, again, START + VAULT_LIFE_MAX), None);
}

#[test]
fn keeps_no_more_than_its_bounds_and_forgets_the_least_used() {
    let vault = vault();
    let scope = vault.scope([]);
    let value = |number: usize| format!("{number:08}");
    let first = put(&vault, scope, &value(0), START).unwrap();
    let second = put(&vault, scope, &value(1), START).unwrap();
    for number in 2..VAULT_SCOPE_TOKENS_MAX {
        put(&vault, scope, &value(number), START).unwrap();
    }
    assert_eq!((vault.len(), get(&vault, scope, first, START)), (VAULT_SCOPE_TOKENS_MAX, Some(value(0))));
    put(&vault, scope, &value(VAULT_SCOPE_TOKENS_MAX), START).unwrap();
    assert_eq!(vault.len(), VAULT_SCOPE_TOKENS_MAX);
    assert_eq!((get(&vault, scope, first, START), get(&vault, scope, second, START)), (Some(value(0)), None));
    let other = |number: usize| vault.scope([&number.to_le_bytes()[..]]);
    for number in 0..=VAULT_TOKENS_MAX - VAULT_SCOPE_TOKENS_MAX {
        put(&vault, other(number), "123-45-6789", START).unwrap();
    }
    assert_eq!(get(&vault, scope, first, START), None, "the drawer least used went whole");
    assert_eq!(vault.len(), VAULT_TOKENS_MAX - VAULT_SCOPE_TOKENS_MAX + 1);
}

#[test]
fn bounds_the_bytes_of_values() {
    let vault = vault();
    let longest = "x".repeat(VAULT_VALUE_BYTES_MAX);
    assert!(put(&vault, vault.scope([]), &longest[1..], START).is_some());
    assert!(put(&vault, vault.scope([]), &longest, START).is_some());
    assert!(put(&vault, vault.scope([]), &format!("{longest}x"), START).is_none());
    assert!(put(&vault, vault.scope([]), "", START).is_none());
    let count = VAULT_BYTES_MAX / VAULT_VALUE_BYTES_MAX + 2;
    for number in 0..count {
        put(&vault, vault.scope([&number.to_le_bytes()[..]]), &longest, START).unwrap();
    }
    assert!(vault.len() * VAULT_VALUE_BYTES_MAX <= VAULT_BYTES_MAX, "{}", vault.len());
}

#[test]
fn takes_cards_and_no_authentication_data() {
    for detector in Detector::ALL {
        let name = detector.as_str();
        let is_authentication = name.contains("cvv") || name == "pin" || name.contains("track");
        assert_eq!(detector.may_be_kept(), !is_authentication, "{name}");
        assert_eq!(detector.is_card(), name == "pan", "{name}");
    }
}

#[test]
fn repeats_what_it_gave_back_and_only_that() {
    let vault = vault();
    let scope = vault.scope([]);
    let token = put(&vault, scope, "123-45-6789", START).unwrap();
    let short = put(&vault, scope, "abc", START).unwrap();
    assert!(vault.echoes(scope, at(START)).is_empty());
    get(&vault, scope, token, START);
    get(&vault, scope, short, START);
    let echoes = vault.echoes(scope, at(START));
    assert_eq!(echoes.iter().map(|echo| echo.token).collect::<Vec<_>>(), [token], "the other is too short");
    assert!(vault.echoes(vault.scope([&b"other"[..]]), at(START)).is_empty());
    // Looking keeps nothing alive.
    vault.echoes(scope, at(START + VAULT_IDLE_MAX - Duration::from_secs(1)));
    assert!(vault.echoes(scope, at(START + VAULT_IDLE_MAX)).is_empty());
}

proptest! {
    #[test]
    fn a_round_trip_is_the_identity_and_two_drawers_never_share(
        deposits in prop::collection::vec((0_u8..4, "\\PC{1,12}"), 1..40),
    ) {
        let vault = vault();
        let scopes: Vec<Scope> = (0..4_u8).map(|name| vault.scope([&[name][..]])).collect();
        let mut given = Vec::new();
        for (scope, value) in &deposits {
            let token = put(&vault, scopes[usize::from(*scope)], value, START).unwrap();
            let text = token.to_string();
            prop_assert_eq!(Token::read(&text), Some(Reading::Whole(token)));
            given.push((*scope, value, token));
        }
        for (owner, value, token) in &given {
            for (place, scope) in scopes.iter().enumerate() {
                let found = get(&vault, *scope, *token, START);
                let wanted = (place == usize::from(*owner)).then(|| (*value).clone());
                prop_assert_eq!(found, wanted);
            }
        }
        for (owner, value, token) in &given {
            let same = given.iter().filter(|(_, _, other)| other == token);
            prop_assert!(same.clone().all(|(scope, other, _)| scope == owner && other == value));
        }
    }
}
