"""What a request's head has to be before anything reads it. Pure."""

from email.errors import (
    FirstHeaderLineIsContinuationDefect,
    MisplacedEnvelopeHeaderDefect,
    MissingHeaderBodySeparatorDefect,
)
from email.message import Message

#: What the parser of heads finds in a line that is no header. Other defects are about bodies of
#: mails.
NO_HEADERS = (
    FirstHeaderLineIsContinuationDefect,
    MissingHeaderBodySeparatorDefect,
    MisplacedEnvelopeHeaderDefect,
)


def check_framing(headers: Message) -> None:
    """Where a body ends has to be said once and plainly: a proxy in front might read it otherwise,
    and take the rest for another request. Raises ValueError.
    """
    lengths = headers.get_all("Content-Length", [])
    codings = headers.get_all("Transfer-Encoding", [])
    is_plain = all(length.isascii() and length.isdigit() for length in lengths)
    is_chunked = all(coding.lower() == "chunked" for coding in codings)
    if len(lengths) + len(codings) > 1 or not is_plain or not is_chunked:
        raise ValueError("the length of the body is said twice or oddly")


def check_texts(headers: Message) -> None:
    """Every line is a header, since those behind one that is none would be lost; values are UTF-8,
    which bottle takes for granted. Raises ValueError.
    """
    if any(isinstance(defect, NO_HEADERS) for defect in headers.defects):
        raise ValueError("a line of the head is no header")
    for name, value in headers.items():
        try:
            f"{name}{value}".encode("latin-1").decode()
        except UnicodeError:
            raise ValueError("a header is no UTF-8") from None
