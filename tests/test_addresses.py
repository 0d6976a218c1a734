"""One bare mail address, that every mail program can reach."""

from __future__ import annotations

from email.headerregistry import Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meso_sched.exchange.addresses import parse_address

EXAMPLE = 'write one as "name@clinic.example"'

TAKEN = {
    "desk@clinic.example": "desk@clinic.example",
    " desk@clinic.example ": "desk@clinic.example",
    "First.Last+tag@Mail.Example": "First.Last+tag@mail.example",
    "o'neil_99%x@a-b.co.uk": "o'neil_99%x@a-b.co.uk",
    "a@bücher.example": "a@xn--bcher-kva.example",
    "a@例え.テスト": "a@xn--r8jz45g.xn--zckzah",
    "a@xn--bcher-kva.example": "a@xn--bcher-kva.example",
}

REFUSED = {
    "": f'"" is no mail address; {EXAMPLE}',
    "desk": f'"desk" is no mail address; {EXAMPLE}',
    "@clinic.example": f'"@clinic.example" is no mail address; {EXAMPLE}',
    "desk@": f'"desk@" is no mail address; {EXAMPLE}',
    "a@b.example, c@d.example": (
        f'"a@b.example, c@d.example" is not one bare address; {EXAMPLE}, without a name'
    ),
    "Ada <a@b.example>": f'"Ada <a@b.example>" is not one bare address; {EXAMPLE}, without a name',
    "a@b@c.example": f'"a@b@c.example" is not one bare address; {EXAMPLE}, without a name',
    "a@b.example\nBcc: c@d.example": (
        f'"a@b.example?Bcc: c@d.example" holds a line break or a control character; {EXAMPLE}'
    ),
    "a\x00@b.example": f'"a?@b.example" holds a line break or a control character; {EXAMPLE}',
    "jörg@b.example": (
        '"jörg@b.example" has other letters than a to z before the @, which not every mail program'
        " can reach; ask for another address"
    ),
    ".a@b.example": f'".a@b.example" cannot have ".a" before the @; {EXAMPLE}',
    'a"b@b.example': f'"a"b@b.example" cannot have "a"b" before the @; {EXAMPLE}',
    "a@gmail": f'"a@gmail" has no whole domain behind the @; {EXAMPLE}',
    "a@b..example": f'"a@b..example" has no whole domain behind the @; {EXAMPLE}',
    "a@bü..example": f'"a@bü..example" has no whole domain behind the @; {EXAMPLE}',
    "a@-b.example": f'"a@-b.example" has no whole domain behind the @; {EXAMPLE}',
    "a@127.0.0.1": f'"a@127.0.0.1" has no whole domain behind the @; {EXAMPLE}',
    "a@straße.example": (
        '"a@straße.example" has a letter in its domain that programs read in two ways; write the'
        " domain as xn--…"
    ),
}


@pytest.mark.parametrize(("text", "address"), TAKEN.items())
def test_an_address_is_taken_with_its_domain_in_small_ascii_letters(
    text: str, address: str
) -> None:
    assert parse_address(text) == address


@pytest.mark.parametrize(("text", "problem"), REFUSED.items())
def test_what_is_no_single_bare_address_is_refused_with_advice(text: str, problem: str) -> None:
    with pytest.raises(ValueError) as refused:  # noqa: PT011 - the whole message is compared
        parse_address(text)
    assert str(refused.value) == problem


@pytest.mark.parametrize("text", [f"{'a' * 65}@b.example", f"a@{'b.' * 130}example"])
def test_an_address_that_no_server_has_to_take_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"before the @|too long"):
        parse_address(text)


@given(st.text(max_size=30) | st.from_regex(r"[a-z.@+\"<\n ]{0,12}@[a-zü.-]{1,12}"))
def test_whatever_is_taken_is_one_line_that_a_mail_header_holds_unquoted(text: str) -> None:
    try:
        address = parse_address(text)
    except ValueError:
        return
    assert address.isascii()
    assert address.isprintable()
    assert Address(addr_spec=address).addr_spec == address
    assert parse_address(address) == address
