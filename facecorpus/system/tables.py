"""Tables as text, as spreadsheets of any country write them."""


def delimiter_of(head: str) -> str:
    """What stands between the columns, by the line of their names: a comma, a semicolon or a tab."""
    return max(",;\t", key=head.partition("\n")[0].count)
