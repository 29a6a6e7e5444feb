"""The named failures a user can meet: one sentence each, with the remedy.

They are caught only at the outermost doors: a script's `main`, the page's error handler, the job
runner. Anything else that arrives there is a defect and is logged with its traceback.
"""

from collections.abc import Iterable
from difflib import get_close_matches


class UserError(Exception):
    """Tell the user what is wrong and what to do; the text is shown as it is."""


class InvalidParams(UserError):
    """A parameter is unknown, of the wrong type or out of range; `field` names the culprit."""

    def __init__(self, message: str, field: str | None = None):
        super().__init__(message)
        self.field = field


class UnknownStrategy(InvalidParams):
    """No strategy of that name is registered."""


class InvalidSignals(UserError):
    """A strategy's rule answers with something that is no signal."""


class UnknownColumn(InvalidSignals, KeyError):
    """A strategy asks a bar for a column that it does not have."""

    __str__ = Exception.__str__


class RuleFailed(UserError):
    """The code of a strategy raised an error of its own."""


class UnknownSymbol(InvalidParams):
    """No instrument of that symbol is stored."""


class NoBars(UserError):
    """There are no bars where some were needed."""


class InvalidBars(UserError):
    """A frame is no frame of bars, or its bars are not of the kind that is wanted."""


class BarsDisagree(UserError):
    """Bars of two resolutions do not belong together."""


class NotReproducible(UserError):
    """A run does not come out the same from what was kept of it."""


class InvalidFile(UserError):
    """A file cannot be read as price bars."""


class UnknownRun(UserError):
    """No saved run has that number."""


class DeletedRun(UnknownRun):
    """The run was deleted and can be restored; `run_id` is its number."""

    def __init__(self, message: str, run_id: int):
        super().__init__(message)
        self.run_id = run_id


class StorageError(UserError):
    """A folder or file cannot be written."""


class DatabaseUnavailable(UserError):
    """The database does not answer, or refuses what was asked."""


class DatabaseNotMigrated(UserError):
    """The database's tables are not those of this version."""


class UnknownJob(UserError):
    """No job has that number."""


class QueueUnavailable(UserError):
    """The queue of jobs does not answer."""


class ClusterUnavailable(UserError):
    """The cluster that shall compute does not answer, has no workers, or they cannot be used."""


class UnknownStudy(UserError):
    """No saved study has that number."""


class StudyChanged(UserError):
    """A study cannot go on: its bars or its strategy are not those it began with."""


class Cancelled(UserError):
    """The work was cancelled by someone; what was confirmed before is kept."""


class Interrupted(Cancelled):
    """The worker stops; the work ends as when it is cancelled."""


class BrokerError(UserError):
    """Interactive Brokers did not give what was asked."""


class NotConnected(BrokerError):
    """There is no connection: nothing listens, it does not greet, or it takes no more clients."""


class ClientIdInUse(NotConnected):
    """Another program is connected under this client id."""


class ConnectionLost(BrokerError):
    """The connection broke while a request was under way."""


class RequestTimedOut(BrokerError):
    """The broker did not answer a request in time."""


class RequestRefused(BrokerError):
    """The broker says that the request is not valid; `code` is its own."""

    def __init__(self, message: str, code: int | None = None):
        super().__init__(message)
        self.code = code


class EmptyAnswer(BrokerError):
    """The broker has no data for what was asked."""


class UnreadableAnswer(BrokerError):
    """The broker's answer cannot be decoded."""


class PacingViolation(BrokerError):
    """Too many requests in too short a time."""


class NotSubscribed(BrokerError):
    """The account has no right to these data now."""


class HistoryDiffers(BrokerError):
    """Stored and new bars do not fit together, and neither can be chosen for the user."""


class UnknownContract(BrokerError):
    """The broker knows no such contract."""


class AmbiguousContract(BrokerError):
    """Several contracts have that symbol; `candidates` are they."""

    def __init__(self, message: str, candidates: tuple = ()):
        super().__init__(message)
        self.candidates = candidates


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return ' Did you mean "x"?' for the closest known name, or an empty string."""
    lowered = {k.lower(): k for k in known}
    close = get_close_matches(str(name).lower(), lowered, n=1, cutoff=0.5)
    return f' Did you mean "{lowered[close[0]]}"?' if close else ""


def error_text(error: BaseException) -> str:
    """Say in one line what an error says; of one that is not named here, also its kind."""
    text = " ".join(str(error).split())
    if isinstance(error, UserError):
        return text
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
