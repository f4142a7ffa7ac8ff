"""Who is the customer: tokens, signed values and marks. Whatever does not check out is nobody."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from typing import Any

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from itsdangerous import URLSafeSerializer

from billing_proxy.config.settings import BillingConfig
from billing_proxy.errors import NotIdentified
from billing_proxy.identity.customers import NO_CUSTOMER, Grant, is_customer_id
from billing_proxy.identity.signing import PortalVisit, Signer, Signers
from billing_proxy.identity.tokens import TokenVerifier, mint_token
from tests.stage.clock import Clock
from tests.stage.tokens import (
    CUSTOMER,
    NO_TOKENS,
    NOT_CUSTOMERS,
    TOKEN_SECRET,
    WRONG_CLAIMS,
    by_hand,
    good_claims,
    make_token,
    wrong_token,
)

from .examples import examples
from .stripe_objects import NOW

OTHER_SECRET = "another secret of 32 bytes and more"


def make_config(**fields: Any) -> BillingConfig:
    return BillingConfig(
        **{
            "stripe_secret_key": "rk_test_1",
            "secret_key": "s",
            "token_secret": TOKEN_SECRET,
            **fields,
        }
    )


@pytest.fixture
def verifier() -> TokenVerifier:
    return TokenVerifier(make_config())


@pytest.mark.parametrize("value", [CUSTOMER, "cus_1", "cus_a-b_C", "cus_" + "x" * 120])
def test_what_stripe_calls_a_customer(value: str) -> None:
    assert is_customer_id(value)


@pytest.mark.parametrize("value", [*NOT_CUSTOMERS, b"cus_1", ["cus_1"], NO_CUSTOMER], ids=repr)
def test_what_is_no_customer(value: Any) -> None:
    assert not is_customer_id(value)


class TestTokens:
    @pytest.mark.parametrize("customer", [CUSTOMER, NO_CUSTOMER])
    def test_a_good_token_says_whom_it_is_for_and_until_when(
        self, verifier: TokenVerifier, customer: str
    ) -> None:
        expires = int(time.time()) + 77
        assert verifier.verify(make_token(sub=customer, exp=expires)) == Grant(customer, expires)

    @pytest.mark.parametrize(
        ("claim", "locale"),
        [("fr-CA", "fr-CA"), ("en_GB", "en_GB"), ("nl, of", ""), ("n" * 36, ""), (["nl"], "")],
    )
    def test_a_token_may_choose_the_language(
        self, verifier: TokenVerifier, claim: Any, locale: str
    ) -> None:
        assert verifier.verify(make_token(locale=claim)).locale == locale

    def test_any_language_can_mint_one(self, verifier: TokenVerifier) -> None:
        """Without ``typ`` or ``iat``, with this service as one audience of several."""
        claims = {**good_claims(), "aud": ["other", "billing-proxy"]}
        assert verifier.customer(by_hand({"alg": "HS256"}, claims, TOKEN_SECRET)) == CUSTOMER

    @pytest.mark.parametrize("claims", WRONG_CLAIMS.values(), ids=WRONG_CLAIMS)
    def test_a_token_that_claims_too_little_or_too_much_is_refused(
        self, verifier: TokenVerifier, claims: dict[str, Any]
    ) -> None:
        with pytest.raises(NotIdentified):
            verifier.customer(wrong_token(claims))

    @pytest.mark.parametrize("subject", NOT_CUSTOMERS, ids=repr)
    def test_a_token_for_somebody_who_is_no_customer_is_refused(
        self, verifier: TokenVerifier, subject: Any
    ) -> None:
        with pytest.raises(NotIdentified):
            verifier.customer(make_token(sub=subject))

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
                verifier.customer(
                    by_hand({"alg": algorithm, "kid": "k"}, good_claims(), signature=signature)
                )

    @pytest.mark.parametrize("algorithm", ["HS384", "HS512"])
    def test_even_the_right_secret_signs_with_hs256_only(self, algorithm: str) -> None:
        secret = "a secret that is long enough for the longest of the hashes, 64 bytes"
        verifier = TokenVerifier(make_config(token_secret=secret))
        assert verifier.customer(make_token(secret)) == CUSTOMER
        with pytest.raises(NotIdentified):
            verifier.customer(make_token(secret, algorithm))

    @pytest.mark.parametrize("token", [*NO_TOKENS, "\ud800"])
    def test_what_is_no_token_is_refused(self, verifier: TokenVerifier, token: str) -> None:
        with pytest.raises(NotIdentified):
            verifier.customer(token)

    def test_audience_and_claim_can_be_those_of_the_identity_provider(self) -> None:
        config = make_config(token_audience="site", token_claim="stripe_id")
        verifier = TokenVerifier(config)
        minted = mint_token(config, CUSTOMER, ttl=60, now=time.time())
        for token in (make_token(aud="site", sub="alice", stripe_id=CUSTOMER), minted):
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
            signature=st.text(alphabet="AZaz09-_=.", max_size=50),
        )
    )
    def test_no_made_up_text_is_a_token(self, token: str) -> None:
        with pytest.raises(NotIdentified):
            TokenVerifier(make_config()).customer(token)


class TestMinting:
    def test_it_lasts_as_long_as_was_asked(self) -> None:
        token = mint_token(make_config(), CUSTOMER, ttl=60, now=NOW + 0.9)
        claims = jwt.decode(token, options={"verify_signature": False})
        assert claims == {"sub": CUSTOMER, "aud": "billing-proxy", "iat": NOW, "exp": NOW + 60}

    @pytest.mark.parametrize("customer", ["", "alice", "sub_1", "cus_1\n"])
    def test_it_is_for_customers_only(self, customer: str) -> None:
        with pytest.raises(ValueError, match="cus_"):
            mint_token(make_config(), customer, ttl=60, now=NOW)

    def test_it_needs_the_shared_secret(self) -> None:
        with pytest.raises(ValueError, match="BILLING_TOKEN_SECRET"):
            mint_token(make_config(token_secret=None), CUSTOMER, ttl=60, now=NOW)


class TestSigning:
    signer = Signer("secret", "a purpose")
    signed = signer.sign("value", expires=NOW + 60)

    def test_what_is_signed_holds_until_it_expires(self) -> None:
        assert self.signer.unsign(self.signed, now=NOW + 59.9) == ("value", NOW + 60)
        with pytest.raises(NotIdentified):
            self.signer.unsign(self.signed, now=NOW + 60)

    @pytest.mark.parametrize("other", [("secret", "b"), ("Secret", "a purpose"), ("", "a purpose")])
    def test_no_signer_accepts_what_another_signed(self, other: tuple[str, str]) -> None:
        with pytest.raises(NotIdentified):
            Signer(*other).unsign(self.signed, now=NOW)

    def test_one_changed_character_breaks_it(self) -> None:
        for i, char in enumerate(self.signed[:-1]):  # the last character has bits to spare
            changed = self.signed[:i] + ("A" if char != "A" else "B") + self.signed[i + 1 :]
            with pytest.raises(NotIdentified):
                self.signer.unsign(changed, now=NOW)

    @pytest.mark.parametrize("payload", [7, None, "x", [], [1, 2], ["x", "y"], ["x", 1, 2], {}])
    def test_the_right_key_does_not_make_any_value_good(self, payload: Any) -> None:
        options = {"key_derivation": "hmac", "digest_method": hashlib.sha256}
        foreign = URLSafeSerializer(
            "secret", salt="billing-proxy.a purpose", signer_kwargs=options
        ).dumps(payload)
        with pytest.raises(NotIdentified):
            self.signer.unsign(str(foreign), now=NOW)

    @given(st.text(max_size=60) | st.sampled_from(["x" * 100_000, "\ud800", "a.b"]))
    def test_no_made_up_text_is_accepted(self, text: str) -> None:
        with pytest.raises(NotIdentified):
            self.signer.unsign(text, now=0)


class TestSigners:
    signers = Signers("secret")

    @pytest.mark.parametrize("customer", [CUSTOMER, NO_CUSTOMER])
    @pytest.mark.parametrize("name", ["", "Voorbeeld B.V."])
    @pytest.mark.parametrize("locale", ["", "de-CH"])
    def test_a_session_says_whose_it_is_and_until_when(
        self, customer: str, name: str, locale: str
    ) -> None:
        grant = Grant(customer, NOW + 3600, name, locale)
        cookie = self.signers.session(grant, now=NOW + 0.9, ttl=3600)
        assert self.signers.open_session(cookie, now=NOW + 5) == grant
        with pytest.raises(NotIdentified):
            self.signers.open_session(cookie, now=NOW + 3600)

    def test_a_portal_pass_lasts_ten_minutes_at_most(self) -> None:
        for now in (NOW, NOW + 59.9):
            signed = self.signers.portal_pass(CUSTOMER, now=now)
            assert self.signers.customer_of_pass(signed, now=now + 539) == CUSTOMER
            with pytest.raises(NotIdentified):
                self.signers.customer_of_pass(signed, now=now + 600)

    def test_a_portal_pass_stays_the_same_within_a_minute(self) -> None:
        start, made = NOW // 60 * 60, self.signers.portal_pass
        assert made(CUSTOMER, now=start) == made(CUSTOMER, now=start + 59)
        assert made(CUSTOMER, now=start) != made(CUSTOMER, now=start + 60)
        assert made("cus_a", now=start) != made("cus_b", now=start)

    def test_nothing_that_is_signed_opens_anothers_door(self) -> None:
        signers = self.signers
        signed = {
            "session": signers.session(Grant(CUSTOMER, 0), now=NOW, ttl=3600),
            "pass": signers.portal_pass(CUSTOMER, now=NOW),
            "visit": signers.visit(PortalVisit().opened(CUSTOMER), now=NOW),
            "link": signers.link_mark(CUSTOMER),
        }
        doors: dict[str, Callable[..., object]] = {
            "session": signers.open_session,
            "pass": signers.customer_of_pass,
        }
        for name, text in signed.items():
            for door in doors.keys() - {name}:
                with pytest.raises(NotIdentified):
                    doors[door](text, now=NOW)
            if name != "visit":
                assert signers.open_visit(text, now=NOW) == PortalVisit()
            assert signers.is_link_of(text, CUSTOMER) == (name == "link")

    def test_a_signature_for_somebody_who_is_no_customer_is_refused(self) -> None:
        session = self.signers.session(Grant("alice", 0), now=NOW, ttl=60)
        with pytest.raises(NotIdentified):
            self.signers.open_session(session, now=NOW)
        with pytest.raises(NotIdentified):
            self.signers.customer_of_pass(self.signers.portal_pass("alice", now=NOW), now=NOW)

    def test_the_mark_of_a_link_fits_one_customer_of_one_service_and_names_nobody(self) -> None:
        mark = self.signers.link_mark("cus_a")
        assert self.signers.is_link_of(mark, "cus_a")
        assert "cus_a" not in mark
        for other in ("cus_b", NO_CUSTOMER):
            assert not self.signers.is_link_of(mark, other)
        for made_up in ("", "é", mark.upper(), Signers("other").link_mark("cus_a")):
            assert not self.signers.is_link_of(made_up, "cus_a")


class TestPortalVisit:
    """A browser with a portal open reads live; after the return, what was read since will do."""

    signers = Signers("secret")
    OPEN = PortalVisit().opened(CUSTOMER)

    @pytest.mark.parametrize(
        ("visit", "expected"),
        [
            (PortalVisit(), None),
            (OPEN, NOW - 2),
            (OPEN.returned(NOW - 60), NOW - 60),
            (OPEN.opened(CUSTOMER).returned(NOW - 60), NOW - 2),
            (OPEN.opened(CUSTOMER).returned(NOW - 1), NOW - 1),
            (PortalVisit().returned(NOW - 60), NOW - 60),
        ],
        ids=["never", "open", "returned", "one of two returned", "just now", "return alone"],
    )
    def test_since_when_the_card_must_have_been_read(
        self, visit: PortalVisit, expected: float | None
    ) -> None:
        assert visit.not_before(NOW - 2) == expected

    def test_the_customers_whose_portals_were_open_are_remembered_and_not_without_end(self) -> None:
        visit = PortalVisit()
        for customer in ("cus_a", "cus_b", "cus_a", "cus_c", "cus_d"):
            visit = visit.opened(customer)
        assert visit.returned(NOW).customers == ("cus_d", "cus_c", "cus_a")

    def test_a_mark_holds_for_half_an_hour_and_asks_for_nothing_from_the_future(self) -> None:
        returned = self.OPEN.returned(NOW + 1)
        mark = self.signers.visit(returned, now=NOW)
        for later in (1, 60, 1799):
            assert self.signers.open_visit(mark, now=NOW + later) == returned
        assert self.signers.open_visit(mark, now=NOW).returned_at == NOW
        assert self.signers.open_visit(mark, now=NOW + 1800) == PortalVisit()

    @pytest.mark.parametrize(
        "mark", [None, "", "1 0.0", "\ud800", Signers("x").visit(OPEN, now=NOW)]
    )
    def test_a_made_up_mark_means_nothing(self, mark: str | None) -> None:
        assert self.signers.open_visit(mark, now=NOW) == PortalVisit()
