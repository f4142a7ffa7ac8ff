"""Who is the customer: tokens, seals and marks. Whatever does not check out is nobody."""

from __future__ import annotations

import hashlib
import time
from typing import Any

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from itsdangerous import URLSafeSerializer

from billing_proxy.config.settings import BillingConfig
from billing_proxy.errors import NotIdentified
from billing_proxy.identity.tokens import (
    Grant,
    Seal,
    Seals,
    TokenVerifier,
    is_customer_id,
    mint_token,
)

from .examples import examples
from .stripe_objects import CUSTOMER, NOW, Clock
from .tokens import SECRET, by_hand, good_claims, hs256_by_hand, make_token

OTHER_SECRET = "another secret of 32 bytes and more"


def make_config(**fields: Any) -> BillingConfig:
    return BillingConfig(
        **{"stripe_secret_key": "rk_test_1", "secret_key": "s", "token_secret": SECRET, **fields}
    )


@pytest.fixture
def verifier() -> TokenVerifier:
    return TokenVerifier(make_config())


class TestCustomerIds:
    @pytest.mark.parametrize("value", [CUSTOMER, "cus_1", "cus_a-b_C", "cus_" + "x" * 120])
    def test_what_stripe_calls_a_customer(self, value: str) -> None:
        assert is_customer_id(value)

    @pytest.mark.parametrize(
        "value",
        [
            *(None, 7, b"cus_1", ["cus_1"], "", "cus_", "CUS_1", "sub_1", "cus_" + "x" * 121),
            *("cus_1\n", " cus_1", "cus_1/..", "cus_1?x", "cus_é", "cus_1,cus_2", "xcus_1"),
        ],
    )
    def test_what_is_no_customer(self, value: Any) -> None:
        assert not is_customer_id(value)


class TestTokens:
    def test_a_good_token_names_its_customer(self, verifier: TokenVerifier) -> None:
        assert verifier.customer(make_token()) == CUSTOMER

    def test_a_good_token_says_until_when_it_is_good(self, verifier: TokenVerifier) -> None:
        expires = int(time.time()) + 77
        assert verifier.verify(make_token(exp=expires)) == Grant(CUSTOMER, expires)

    def test_any_language_can_mint_one(self, verifier: TokenVerifier) -> None:
        """Without ``typ`` or ``iat``, with this service as one audience of several."""
        claims = {**good_claims(), "aud": ["other", "billing-proxy"]}
        assert verifier.customer(hs256_by_hand(claims, SECRET.encode())) == CUSTOMER

    @pytest.mark.parametrize(
        "claims",
        [
            {"exp": None},
            {"exp": int(time.time()) - 1000},
            {"exp": "never"},
            pytest.param({"exp": 10**400}, id="exp-beyond-every-calendar"),
            {"exp": [2**40]},
            {"aud": None},
            {"aud": "somebody-else"},
            {"aud": ["a", "b"]},
            {"aud": 7},
            {"sub": None},
            {"sub": ""},
            {"sub": "alice@site.example"},
            {"sub": "sub_1Pgc6rB7WZ01zgkW"},
            {"sub": 7},
            {"sub": [CUSTOMER]},
            {"sub": {"id": CUSTOMER}},
            {"sub": CUSTOMER + "\n"},
            {"nbf": int(time.time()) + 1000},
            {"iat": int(time.time()) + 1000},
            {"iat": "yesterday"},
        ],
        ids=str,
    )
    def test_a_token_that_claims_too_little_or_too_much_is_refused(
        self, verifier: TokenVerifier, claims: dict[str, Any]
    ) -> None:
        with pytest.raises(NotIdentified):
            verifier.customer(make_token(**claims))

    def test_a_forged_token_is_refused(self, verifier: TokenVerifier) -> None:
        with pytest.raises(NotIdentified):
            verifier.customer(make_token(OTHER_SECRET))

    def test_a_token_whose_customer_was_changed_is_refused(self, verifier: TokenVerifier) -> None:
        header, _, signature = make_token().split(".")
        _, payload, _ = make_token(OTHER_SECRET, sub="cus_somebody").split(".")
        with pytest.raises(NotIdentified):
            verifier.customer(f"{header}.{payload}.{signature}")

    @pytest.mark.parametrize(
        "algorithm", ["none", "None", "HS384", "RS256", "ES256", "", None, 7, ["HS256"], {}]
    )
    def test_the_token_does_not_choose_the_algorithm(
        self, verifier: TokenVerifier, algorithm: Any
    ) -> None:
        for signature in ("", "AAAA"):
            with pytest.raises(NotIdentified):
                verifier.customer(by_hand({"alg": algorithm, "kid": "k"}, good_claims(), signature))

    @pytest.mark.parametrize("algorithm", ["HS384", "HS512"])
    def test_even_the_right_secret_signs_with_hs256_only(self, algorithm: str) -> None:
        secret = "a secret that is long enough for the longest of the hashes, 64 bytes"
        verifier = TokenVerifier(make_config(token_secret=secret))
        assert verifier.customer(make_token(secret)) == CUSTOMER
        with pytest.raises(NotIdentified):
            verifier.customer(make_token(secret, algorithm))

    def test_without_a_shared_secret_no_secret_is_good(self) -> None:
        verifier = TokenVerifier(make_config(token_secret=None))
        with pytest.raises(NotIdentified):
            verifier.customer(make_token())

    @pytest.mark.parametrize("token", ["", "x", "a.b.c", "....", "é.é.é", "\ud800", "a" * 100_000])
    def test_what_is_no_token_is_refused(self, verifier: TokenVerifier, token: str) -> None:
        with pytest.raises(NotIdentified):
            verifier.customer(token)

    def test_a_token_that_is_far_too_long_is_refused_though_genuine(
        self, verifier: TokenVerifier
    ) -> None:
        with pytest.raises(NotIdentified):
            verifier.customer(make_token(padding="x" * 5000))

    def test_audience_and_claim_can_be_those_of_the_identity_provider(self) -> None:
        verifier = TokenVerifier(make_config(token_audience="site", token_claim="stripe_id"))
        token = make_token(aud="site", sub="alice", stripe_id=CUSTOMER)
        assert verifier.customer(token) == CUSTOMER
        for foreign in (make_token(stripe_id=CUSTOMER), make_token(aud="site")):
            with pytest.raises(NotIdentified):
                verifier.customer(foreign)

    def test_a_token_is_good_until_the_second_it_expires(self, clock: Clock) -> None:
        expires = int(time.time()) + 1000
        token = make_token(exp=expires)
        verifier = TokenVerifier(make_config(), clock)
        clock.now = expires - 0.5
        assert verifier.customer(token) == CUSTOMER
        clock.now = expires
        with pytest.raises(NotIdentified, match="expired"):
            verifier.customer(token)

    def test_a_token_that_lasts_for_longer_than_a_month_is_a_mistake(
        self, verifier: TokenVerifier
    ) -> None:
        day = 86_400
        assert verifier.customer(make_token(exp=int(time.time()) + 30 * day)) == CUSTOMER
        with pytest.raises(NotIdentified):
            verifier.customer(make_token(exp=int(time.time()) + 32 * day))

    def test_an_expired_token_gets_no_grace(self, verifier: TokenVerifier) -> None:
        with pytest.raises(NotIdentified):
            verifier.customer(make_token(exp=int(time.time()) - 1))

    def test_an_issuers_clock_may_be_a_little_ahead(self, verifier: TokenVerifier) -> None:
        soon = int(time.time()) + 10
        assert verifier.customer(make_token(iat=soon, nbf=soon)) == CUSTOMER

    def test_why_a_token_was_refused_never_repeats_it(self, verifier: TokenVerifier) -> None:
        token = make_token(OTHER_SECRET, sub="cus_hidden")
        with pytest.raises(NotIdentified) as raised:
            verifier.customer(token)
        assert raised.value.__suppress_context__
        assert not [part for part in (*token.split("."), "cus_hidden") if part in str(raised.value)]

    @examples(150)
    @given(
        st.text(max_size=40)
        | st.builds(
            by_hand,
            st.dictionaries(
                st.sampled_from(["alg", "kid", "typ", "crit", "b64"]),
                st.sampled_from(["HS256", "RS256", "none", "", None, True, 1, [], {}]),
            ),
            st.dictionaries(st.text(max_size=3), st.integers(), max_size=3),
            st.text(alphabet="AZaz09-_=.", max_size=50),
        )
    )
    def test_no_made_up_text_is_a_token(self, token: str) -> None:
        with pytest.raises(NotIdentified):
            TokenVerifier(make_config()).customer(token)


class TestMinting:
    def test_a_minted_token_is_accepted(self) -> None:
        config = make_config()
        token = mint_token(config, CUSTOMER, ttl=60, now=time.time())
        assert TokenVerifier(config).customer(token) == CUSTOMER

    def test_it_lasts_as_long_as_was_asked(self) -> None:
        token = mint_token(make_config(), CUSTOMER, ttl=60, now=NOW + 0.9)
        claims = jwt.decode(token, options={"verify_signature": False})
        assert claims == {"sub": CUSTOMER, "aud": "billing-proxy", "iat": NOW, "exp": NOW + 60}

    def test_it_fits_the_audience_and_the_claim_in_use(self) -> None:
        config = make_config(token_audience="site", token_claim="stripe_id")
        token = mint_token(config, CUSTOMER, ttl=60, now=time.time())
        assert TokenVerifier(config).customer(token) == CUSTOMER

    @pytest.mark.parametrize("customer", ["", "alice", "sub_1", "cus_1\n"])
    def test_it_is_for_customers_only(self, customer: str) -> None:
        with pytest.raises(ValueError, match="cus_"):
            mint_token(make_config(), customer, ttl=60, now=NOW)

    def test_it_needs_the_shared_secret(self) -> None:
        with pytest.raises(ValueError, match="BILLING_TOKEN_SECRET"):
            mint_token(make_config(token_secret=None), CUSTOMER, ttl=60, now=NOW)


class TestSeals:
    def test_a_seal_opens_what_it_closed_until_it_expires(self) -> None:
        seal = Seal("secret", "a purpose")
        sealed = seal.close("value", expires=NOW)
        assert seal.open(sealed, now=NOW - 0.1) == ("value", NOW)
        for later in (NOW, NOW + 1):
            with pytest.raises(NotIdentified):
                seal.open(sealed, now=later)

    @pytest.mark.parametrize("other", [Seal("secret", "b"), Seal("Secret", "a"), Seal("", "a")])
    def test_no_seal_opens_what_another_closed(self, other: Seal) -> None:
        sealed = Seal("secret", "a").close("value", expires=NOW + 60)
        with pytest.raises(NotIdentified):
            other.open(sealed, now=NOW)

    def test_one_changed_character_breaks_it(self) -> None:
        seal = Seal("secret", "a")
        sealed = seal.close("value", expires=NOW + 60)
        for i, char in enumerate(sealed[:-1]):  # the last character has bits to spare
            changed = sealed[:i] + ("A" if char != "A" else "B") + sealed[i + 1 :]
            with pytest.raises(NotIdentified):
                seal.open(changed, now=NOW)

    @pytest.mark.parametrize("payload", [7, None, "x", [], [1, 2], ["x", "y"], ["x", 1, 2], {}])
    def test_a_genuine_signature_over_something_else_does_not_open(self, payload: Any) -> None:
        """A foreign use of the same secret and salt, which nothing here makes."""
        foreign = URLSafeSerializer(
            "secret",
            salt="billing-proxy.a",
            signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha256},
        )
        with pytest.raises(NotIdentified):
            Seal("secret", "a").open(str(foreign.dumps(payload)), now=NOW)

    @examples(150)
    @given(st.text() | st.text(alphabet="AZaz09-_.", max_size=200))
    def test_no_made_up_text_opens(self, text: str) -> None:
        with pytest.raises(NotIdentified):
            Seal("secret", "a").open(text, now=0)

    @pytest.mark.parametrize("text", ["", ".", "\ud800", "é", "x" * 100_000])
    def test_odd_texts_do_not_open(self, text: str) -> None:
        with pytest.raises(NotIdentified):
            Seal("secret", "a").open(text, now=0)

    def test_a_session_lasts_as_long_as_was_set(self) -> None:
        seals = Seals("secret")
        cookie = seals.session(CUSTOMER, now=NOW, ttl=3600)
        assert seals.open_session(cookie, now=NOW + 3599).customer == CUSTOMER
        with pytest.raises(NotIdentified):
            seals.open_session(cookie, now=NOW + 3600)

    def test_a_session_says_until_when_it_lasts(self) -> None:
        seals = Seals("secret")
        cookie = seals.session(CUSTOMER, now=NOW + 0.9, ttl=3600)
        assert seals.open_session(cookie, now=NOW + 5) == Grant(CUSTOMER, NOW + 3600)

    def test_a_portal_pass_lasts_ten_minutes_at_most(self) -> None:
        seals = Seals("secret")
        for now in (NOW, NOW + 59.9):
            sealed = seals.portal_pass(CUSTOMER, now=now)
            assert seals.customer_of_pass(sealed, now=now + 539) == CUSTOMER
            with pytest.raises(NotIdentified):
                seals.customer_of_pass(sealed, now=now + 600)

    def test_a_portal_pass_stays_the_same_within_a_minute(self) -> None:
        seals = Seals("secret")
        start = NOW // 60 * 60
        assert seals.portal_pass(CUSTOMER, now=start) == seals.portal_pass(CUSTOMER, now=start + 59)
        assert seals.portal_pass(CUSTOMER, now=start) != seals.portal_pass(CUSTOMER, now=start + 60)
        assert seals.portal_pass("cus_a", now=start) != seals.portal_pass("cus_b", now=start)

    def test_neither_a_pass_nor_a_session_nor_a_mark_opens_the_others_door(self) -> None:
        seals = Seals("secret")
        made = {
            "session": seals.session(CUSTOMER, now=NOW, ttl=3600),
            "pass": seals.portal_pass(CUSTOMER, now=NOW),
            "opened": seals.portal_opened(now=NOW),
            "left": seals.portal_left(now=NOW),
        }

        def session(cookie: str, *, now: float) -> str:
            return seals.open_session(cookie, now=now).customer

        doors = {"session": session, "pass": seals.customer_of_pass}
        for name, sealed in made.items():
            for door, opens in doors.items():
                if name == door:
                    assert opens(sealed, now=NOW) == CUSTOMER
                else:
                    with pytest.raises(NotIdentified):
                        opens(sealed, now=NOW)
        assert seals.not_before(made["session"], now=NOW) is None
        assert seals.not_before(made["pass"], now=NOW) is None

    def test_a_seal_for_somebody_who_is_no_customer_is_refused(self) -> None:
        seals = Seals("secret")
        with pytest.raises(NotIdentified):
            seals.open_session(seals.session("alice", now=NOW, ttl=60), now=NOW)
        with pytest.raises(NotIdentified):
            seals.customer_of_pass(seals.portal_pass("alice", now=NOW), now=NOW)


class TestFreshnessMarks:
    def test_while_the_portal_is_open_every_read_is_live_for_half_an_hour_at_most(self) -> None:
        seals = Seals("secret")
        mark = seals.portal_opened(now=NOW)
        for later in (0, 60, 1799):
            assert seals.not_before(mark, now=NOW + later) == NOW + later
        assert seals.not_before(mark, now=NOW + 1800) is None

    def test_after_the_return_one_read_since_then_will_do(self) -> None:
        seals = Seals("secret")
        mark = seals.portal_left(now=NOW + 0.25)
        for later in (1, 60, 1799):
            assert seals.not_before(mark, now=NOW + later) == NOW + 0.25
        assert seals.not_before(mark, now=NOW + 1800) is None

    def test_a_mark_of_a_clock_ahead_of_ours_asks_for_nothing_from_the_future(self) -> None:
        seals = Seals("secret")
        mark = seals.portal_left(now=NOW + 5)
        assert seals.not_before(mark, now=NOW) == NOW

    @pytest.mark.parametrize("mark", ["", "opened", "\ud800", "x.y"])
    def test_a_made_up_mark_means_nothing(self, mark: str) -> None:
        assert Seals("secret").not_before(mark, now=NOW) is None

    def test_a_mark_of_another_service_means_nothing(self) -> None:
        mark = Seals("another").portal_opened(now=NOW)
        assert Seals("secret").not_before(mark, now=NOW) is None
