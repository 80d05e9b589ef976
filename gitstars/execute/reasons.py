"""Why a reading ended, in the words that an operator reads in ``last_error``. Pure."""

from gitstars.clock import show_time
from gitstars.errors import DatabaseError, QueryFailed
from gitstars.execute.reading import Finished, Why
from gitstars.fetch import answers

#: Characters of an error of the database that are kept.
LONGEST_ERROR = 500


def explain_refusal(face: str, text: str) -> str:
    """Why a list is not read, in GitHub's words."""
    return f"GitHub refuses the list ({face}): {text}"


def explain(why: Why) -> str | None:
    """The reason in words, for ``last_error``; None where there is nothing to tell."""
    match why:
        case answers.BudgetSpent(resource=resource, until=until):
            return f"the {resource} budget is spent until {show_time(until)}"
        case answers.SecondaryLimit(until=until, text=text):
            return f"GitHub asks to slow down until {show_time(until)}: {text}"
        case answers.Refused(face=face, text=text):
            return explain_refusal(face, text)
        case answers.Withheld(text=text):
            return f"GitHub gives no list although this account may read it: {text}"
        case answers.Gone(reason=reason, text=text):
            return f"{reason}: {text}"
        case answers.Transient(text=text):
            return f"transient: {text}"
        case answers.Garbage(text=text):
            return text if text.startswith("not proven") else f"garbage: {text}"
        case answers.BadToken(text=text):
            return f"the account's token cannot be used: {text}"
        case answers.Outage(text=text):
            return f"GitHub does not answer: {text}"
        case answers.PaginationWall(text=text) | answers.Missing(text=text):
            return text
        case Finished() | answers.Stopped():
            return None
        case QueryFailed():
            return f"the database rejects a page: {why}"[:LONGEST_ERROR]
        case DatabaseError():
            return f"the database: {why}"[:LONGEST_ERROR]
        case Exception():
            return f"gitstars met a defect of its own ({type(why).__name__}); the log has it"
        case _:
            return f"an answer that was not expected here: {type(why).__name__}"
