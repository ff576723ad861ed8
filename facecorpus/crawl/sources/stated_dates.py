"""When a photograph was taken, from the words in which people say so, and from the code that Commons hides in them.

Only what is certain is claimed: "1920s" and "circa 1851" are spans of years, the day of an upload is no day at all.
Commons states precision in a hidden element, as a line of QuickStatements: "date QS:P571,+1920-00-00T00:00:00Z/8", then
qualifiers. /7 is a century, /8 a decade, /9 a year, /10 a month, /11 a day; P1319 and P1326 are the earliest and the
latest date, P580 and P582 beginning and end, P1480 says that it is not certain (Q5727902: circa).
See https://commons.wikimedia.org/wiki/Module:Complex_date and https://www.wikidata.org/wiki/Help:Dates.
"""

import re
from calendar import monthrange
from datetime import date, timedelta

from facecorpus.system.dates import Span, iso_of, span_of

MONTHS: dict[str, tuple[str, ...]] = {
    "en": (
        *("january|jan", "february|feb", "march|mar", "april|apr", "may", "june|jun", "july|jul", "august|aug"),
        *("september|sept|sep", "october|oct", "november|nov", "december|dec"),
    ),
    "de": (
        *("januar|jänner", "februar|feber", "märz|mrz", "april", "mai", "juni", "juli", "august"),
        *("september", "oktober|okt", "november", "dezember|dez"),
    ),
    "fr": (
        *("janvier|janv", "février|févr", "mars", "avril|avr", "mai", "juin", "juillet|juil", "août"),
        *("septembre", "octobre", "novembre", "décembre|déc"),
    ),
    "es": (
        *("enero|ene", "febrero", "marzo", "abril|abr", "mayo", "junio", "julio", "agosto"),
        *("septiembre|setiembre", "octubre", "noviembre", "diciembre|dic"),
    ),
    "it": (
        *("gennaio", "febbraio", "marzo", "aprile", "maggio", "giugno|giu", "luglio|lug", "agosto"),
        *("settembre", "ottobre|ott", "novembre", "dicembre"),
    ),
    "pt": (
        *("janeiro", "fevereiro|fev", "março", "abril", "maio", "junho", "julho", "agosto"),
        *("setembro", "outubro", "novembro", "dezembro"),
    ),
    "ru": (
        *("январ[ья]|янв", "феврал[ья]|фев", "марта?", "апрел[ья]|апр", "ма[йя]", "июн[ья]", "июл[ья]", "августа?|авг"),
        *("сентябр[ья]|сент?", "октябр[ья]|окт", "ноябр[ья]|нояб?", "декабр[ья]|дек"),
    ),
}
"""By language, what each month is called: alternatives of a regular expression, in lower case."""

FIRST_PHOTOGRAPH = date(1826, 1, 1)
"""No photograph is older; so a date "before 1911" has a beginning."""

_LONGEST = 1000  # characters of a statement that are read
_CIRCA = 5  # years on each side of a date that is not certain

_MONTH = "(?P<month>" + "|".join(name for names in MONTHS.values() for name in names) + r")\.?"
_PLAIN_MONTH = _MONTH.replace("?P<month>", "?:")
_NUMBER_OF = [(re.compile("|".join(names[number] for names in MONTHS.values())), number + 1) for number in range(12)]
_YEAR = r"(?P<year>(?:1[5-9]|20)\d\d)(?![\d])"
_TO = r"\s?(?:[-–—/&,]|and|or|to|und|oder|bis|et|ou|au|y|al?|e|o|и|или|по)\s?"
_DAY = (
    rf"(?:(?P<several>\d\d?(?:st|nd|rd|th|\.)?{_TO})?(?<!\d)(?P<day>\d\d?)(?:st|nd|rd|th|er|º|°|\.)?\s(?:of\s|de\s)?)?"
)
_DATES = (
    re.compile(
        rf"(?<!\d){_YEAR}[-:/.年](?P<month>\d\d?)月?(?:[-:/.]?(?P<day>(?<=[-:/.月])\d\d?)日?)?(?!\d)"
        r"(?P<several>\s?[/–—]\s?\d\d?(?![\d:]))?"
    ),  # 2011-09-25, EXIF's colons, 2011年9月25日; 2011-09-25/27
    re.compile(rf"{_DAY}(?P<months>\b{_PLAIN_MONTH}{_TO})?\b{_MONTH},?\s(?:de\s|del\s)?{_YEAR}"),  # 25 September 2011
    re.compile(rf"\b{_MONTH}\s(?P<day>\d\d?)(?:st|nd|rd|th)?(?P<several>{_TO}\d\d?(?:st|nd|rd|th)?)?,?\s{_YEAR}"),
)
_DECADE = re.compile(r"(?<!\d)(?P<year>(?:1[5-9]|20)\d0)(?:['’]?s|er|er jahre|-?[ех]\w{0,2})\b")
_DECADE_NAMED = re.compile(rf"\b(?:années|anni|años|anos|décadas? de|decade of)\s(?:{_YEAR})")
_CENTURY = re.compile(
    r"\b(?P<number>1[5-9]|2[01])(?:(?:st|nd|rd|th)[\s-]century|\.\s?(?:jahrhundert|jh)|(?:-?й)?\sвек|e\ssiècle)"
)
_ROMAN_CENTURY = re.compile(
    r"\b(?:(?:siglo|século|secolo)\s(?P<after>x[vix]{0,4})|(?P<before>x[vix]{0,4})e?\s(?:siècle|secolo|век))\b"
)
_ROMANS = {"xvi": 16, "xvii": 17, "xviii": 18, "xix": 19, "xx": 20, "xxi": 21}
_ONE_YEAR = re.compile(rf"(?<!\d){_YEAR}")

_UPLOAD = re.compile(r"upload|hochgeladen|téléversé|téléversement|importación|caricamento|carregad|загру[жз]")
_NOT_CERTAIN = re.compile(
    r"\b(?:circa|ca|c|approx\w*|about|around|presumabl[ey]|probabl[ey]|possibl[ey]|perhaps|likely|estimated|um|etwa|ungefähr"
    r"|vermutlich|wohl|vers|environ|peut-être|hacia|alrededor|quizás?|verso|forse|cerca|aprox\w*|talvez|около|примерно"
    r"|ок|возможно)\b|\bc(?=\d{4})|\d\s?\?|~"
)
_AFTER = re.compile(
    r"\b(?:after|since|not before|(?:no|not) earlier than|nach|seit|frühestens|après|depuis|después|desde|dopo|após"
    r"|depois|после)\b"
)
_BEFORE = re.compile(
    r"\b(?:before|until|till|prior to|(?:no|not) later than|vor|bis|spätestens|avant|jusqu\W?\w*|antes|hasta|prima"
    r"|fino|até|до)\b"
)
_MACHINE_DATE = re.compile(r"""\bdatetime=["']([^"']+)["']""")
_QUICK_STATEMENT = re.compile(r"date QS:P\d*,(?P<value>[^,\s<]+)(?P<qualifiers>(?:,P\d+,[^,\s<]+)*)")
_QUICK_DATE = re.compile(r"(?P<year>[+-]\d+)-(?P<month>\d\d)-(?P<day>\d\d)T[\d:]+Z/(?P<precision>\d+)")
_EARLIEST, _LATEST, _CERTAINTY = ("P1319", "P580"), ("P1326", "P582"), "P1480"


def read_date(html: str, shown: str, uploaded: str = "") -> str | None:
    """When a file's original was made, by a statement in HTML, of which `shown` is the text that a reader sees.

    ISO 8601, cut to the month or year, or a span like 1990/1999; None where nothing is certain. uploaded is the day of
    the upload, which nothing is later than, where it is known.
    """
    latest = span_of(uploaded)[1] + timedelta(days=1) if uploaded else None  # a day: time zones
    words = " ".join(shown.lower().split())[:_LONGEST]
    if _UPLOAD.search(words):
        return None
    code = _QUICK_STATEMENT.search(html)
    machine = " ".join(_MACHINE_DATE.findall(html))
    if code and _QUICK_DATE.fullmatch(code["value"]):
        span = _span_of_code(code, latest)
    else:
        span = _span_of_words(words, machine, latest)
    if span is None or (latest is not None and span[0] > latest):
        return None
    return iso_of(span)


def _span_of_code(code: re.Match[str], latest: date | None) -> Span | None:
    """What a line of QuickStatements says; None where it says too little."""
    parts = code["qualifiers"].split(",")[1:]
    qualifiers = dict(zip(parts[::2], parts[1::2], strict=False))
    earliest = next((_quick_span(qualifiers[name]) for name in _EARLIEST if name in qualifiers), None)
    last = next((_quick_span(qualifiers[name]) for name in _LATEST if name in qualifiers), None)
    if earliest or last:
        return _between(earliest, last, latest)
    span = _quick_span(code["value"])
    return _widened(span) if span and _CERTAINTY in qualifiers else span


def _quick_span(value: str) -> Span | None:
    found = _QUICK_DATE.fullmatch(value)
    if found is None or not 1000 <= int(found["year"]) <= 2100:
        return None
    year, month, day, precision = (int(found[part]) for part in ("year", "month", "day", "precision"))
    spans = {
        7: _century((year - 1) // 100 + 1),
        8: _years(year // 10 * 10, 9),
        9: _years(year),
        10: _span(year, month, 0),
        11: _span(year, month, day),
    }
    return spans.get(precision)


def _span_of_words(words: str, machine: str, latest: date | None) -> Span | None:
    """What words in lower case say; dates that a machine shall read count before the words'."""
    spans = _all_spans(machine) or _all_spans(words)
    if not spans:
        return None
    first, last = min(span[0] for span in spans), max(span[1] for span in spans)
    narrow = min(spans, key=lambda span: span[1] - span[0])
    if len(spans) == 1 and _AFTER.search(words):
        return _between(narrow, None, latest)
    if len(spans) == 1 and _BEFORE.search(words):
        return _between(None, narrow, latest)
    if all(span[0] <= narrow[0] and narrow[1] <= span[1] for span in spans):
        first, last = narrow
    return _widened((first, last)) if _NOT_CERTAIN.search(words) else (first, last)


def _all_spans(words: str) -> list[Span]:
    """Every date that is spoken of, the exact ones first; no part of the words counts twice."""
    spans: list[Span] = []

    def taken(found: re.Match[str], span: Span | None) -> str:
        spans.extend([span] if span else [])
        return " · "

    for pattern in _DATES:
        words = pattern.sub(lambda found: taken(found, _exact(found)), words)
    for pattern in (_DECADE, _DECADE_NAMED):
        words = pattern.sub(lambda found: taken(found, _years(int(found["year"]) // 10 * 10, 9)), words)
    words = _CENTURY.sub(lambda found: taken(found, _century(int(found["number"]))), words)
    words = _ROMAN_CENTURY.sub(lambda found: taken(found, _roman(found)), words)
    _ONE_YEAR.sub(lambda found: taken(found, _years(int(found["year"]))), words)
    return spans


def _exact(found: re.Match[str]) -> Span:
    """What is valid and certain of a year, month and day: of several days the month, of several months the year."""
    parts = found.groupdict()
    month = str(parts["month"])
    number = int(month) if month.isdigit() else next(n for names, n in _NUMBER_OF if names.fullmatch(month))
    day = 0 if parts.get("several") else int(parts.get("day") or 0)
    return _years(int(parts["year"])) if parts.get("months") else _span(int(parts["year"]), number, day)


def _roman(found: re.Match[str]) -> Span | None:
    number = _ROMANS.get(found["after"] or found["before"])
    return _century(number) if number else None


def _span(year: int, month: int, day: int) -> Span:
    """A day, or the month or year where one that is named does not exist."""
    if not 1 <= month <= 12:
        return _years(year)
    days = monthrange(year, month)[1]
    if not 1 <= day <= days:
        return date(year, month, 1), date(year, month, days)
    return date(year, month, day), date(year, month, day)


def _years(first: int, more: int = 0) -> Span:
    return date(first, 1, 1), date(first + more, 12, 31)


def _century(number: int) -> Span:
    return _years(100 * number - 99, 99)


def _widened(span: Span) -> Span:
    """A date that is not certain: some years more on each side."""
    return date(span[0].year - _CIRCA, 1, 1), date(span[1].year + _CIRCA, 12, 31)


def _between(earliest: Span | None, last: Span | None, latest: date | None) -> Span | None:
    """From the beginning of one to the end of the other; None where that leaves it open."""
    first = earliest[0] if earliest else FIRST_PHOTOGRAPH
    end = last[1] if last else latest
    return (first, end) if end is not None and first <= end else None
