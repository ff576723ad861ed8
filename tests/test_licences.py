"""Licences: what their names and addresses say, and who may enter a build."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from facecorpus.licences import UNKNOWN, WANTED, Terms, family_of, refusal, terms_of

MANY = examples(max_examples=150, deadline=None)
CODES = st.sampled_from(["by", "by-sa", "by-nc", "by-nd", "by-nc-sa", "by-nc-nd"])
VERSIONS = st.sampled_from(["1.0", "2.0", "2.5", "3.0", "4.0"])
CASES = st.sampled_from([str.upper, str.lower, str.title])


@pytest.mark.parametrize(
    ("name", "family"),
    [
        ("CC BY-SA 4.0", "BY-SA"),
        ("CC BY-SA 3.0 de", "BY-SA"),
        ("cc-by-2.0", "BY"),
        ("CC BY-SA 4.0,3.0,2.5,2.0,1.0", "BY-SA"),
        ("Creative Commons Attribution-Share Alike 4.0 International", "BY-SA"),
        ("Attribution-NonCommercial-NoDerivs License", "BY-NC-ND"),
        ("Attribution-NonCommercial-ShareAlike License", "BY-NC-SA"),
        ("by-nc-sa", "BY-NC-SA"),
        ("Attribution", "BY"),
        ("CC0", "CC0 or public domain"),
        ("CC0 1.0", "CC0 or public domain"),
        ("CC0 1.0 Universal", "CC0 or public domain"),
        ("CC Zero", "CC0 or public domain"),
        ("Public domain", "CC0 or public domain"),
        ("Public Domain Mark 1.0", "CC0 or public domain"),
        ("PD-USGov", "CC0 or public domain"),
        ("United States Government Work", "CC0 or public domain"),
        ("GFDL 1.2", "BY-SA"),
        ("Free Art License 1.3", "BY-SA"),
        ("OGL 3", "BY"),
        ("", UNKNOWN),
        ("No known copyright restrictions", UNKNOWN),
        ("All Rights Reserved", UNKNOWN),
        ("not in the public domain", UNKNOWN),
        ("by John", UNKNOWN),
        ("CC Sampling Plus 1.0", UNKNOWN),
        ("Fair use", UNKNOWN),
    ],
)
def test_the_names_that_sources_use(name: str, family: str) -> None:
    assert family_of(name) == family


@pytest.mark.parametrize(
    ("address", "family"),
    [
        ("https://creativecommons.org/licenses/by-sa/4.0/deed.de", "BY-SA"),
        ("http://creativecommons.org/licenses/by-nc-nd/2.0", "BY-NC-ND"),
        ("https://creativecommons.org/publicdomain/zero/1.0/", "CC0 or public domain"),
        ("https://creativecommons.org/publicdomain/mark/1.0/", "CC0 or public domain"),
        ("https://www.gnu.org/copyleft/fdl.html", "BY-SA"),
        ("https://example.org/terms", UNKNOWN),
        ("https://creativecommons.org/licenses/sampling+/1.0/", UNKNOWN),
    ],
)
def test_the_addresses_that_sources_use(address: str, family: str) -> None:
    assert family_of("", address) == family


@MANY
@given(CODES, VERSIONS, CASES, st.sampled_from([" ", "-", "_", "  "]), st.sampled_from(["CC", "Creative Commons"]))
def test_case_spaces_and_version_do_not_matter(code: str, version: str, case: object, space: str, head: str) -> None:
    name = f"{head}{space}{code.replace('-', space)}{space}{version}"
    expected = terms_of("", f"https://creativecommons.org/licenses/{code}/{version}/")
    assert terms_of(case(name)) == expected  # type: ignore[operator]
    assert expected is not None


@MANY
@given(CODES, CODES)
def test_where_name_and_address_disagree_the_conditions_of_both_count(name: str, address: str) -> None:
    terms = terms_of(f"CC {name} 4.0", f"https://creativecommons.org/licenses/{address}/4.0/")
    assert terms is not None
    assert set(terms.family.split("-")) == {part.upper() for part in (name + "-" + address).split("-")}


@MANY
@given(CODES, st.text("abcdfghjkmpqvwxyz", min_size=5, max_size=12))
def test_a_name_with_words_that_are_not_understood_is_never_free(code: str, word: str) -> None:
    for name in (f"CC {code} 4.0 {word}", f"{word} CC {code}", f"CC0 {word}", f"public domain {word}", word):
        assert terms_of(name) is None
        assert refusal(terms_of(name), "no-nc", changed=False) == "without a licence that is known"


@MANY
@given(st.builds(Terms, st.booleans(), st.booleans(), st.booleans(), st.booleans()) | st.none(), st.booleans())
def test_whoever_is_let_in_strictly_is_let_in_loosely(terms: Terms | None, changed: bool) -> None:
    let_in = [refusal(terms, wanted, changed=changed) is None for wanted in WANTED]
    assert let_in == sorted(let_in, reverse=True)
    assert let_in[0]


@pytest.mark.parametrize(("wanted", "changed"), list(product(WANTED, [True, False])))
def test_what_each_wish_lets_in(wanted: str, changed: bool) -> None:
    families = ["CC0", "CC BY", "CC BY-SA", "CC BY-ND", "CC BY-NC", "who knows"]
    let_in = [name for name in families if refusal(terms_of(name), wanted, changed=changed) is None]
    assert (
        let_in
        == {
            "any": families,
            # A crop is a changed photograph.
            "no-nc": ["CC0", "CC BY", "CC BY-SA", *([] if changed else ["CC BY-ND"])],
            "free": ["CC0", "CC BY", "CC BY-SA"],
            "cc0": ["CC0"],
        }[wanted]
    )
