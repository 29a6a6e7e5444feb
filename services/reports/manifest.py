"""What a run was made with, in words."""

from typing import TYPE_CHECKING

from services.reports.data import manifest_of
from services.wording import params_text, settings_text

if TYPE_CHECKING:
    from services.runs import SavedRun

_LABELS = (
    ("bars_hash", "Digest of the bars"),
    ("finer_hash", "Digest of the finer bars"),
    ("code_hash", "Digest of the code"),
    ("fingerprint", "Fingerprint of the run"),
)


def manifest_rows(run: "SavedRun") -> list[tuple[str, str]]:
    """Return pairs of a label and what it says; what a run does not know is left out."""
    asked, made = run.request, manifest_of(run)
    versions = made.get("versions", {})
    span = asked.duration or " to ".join(filter(None, (asked.start, asked.end))) or "all bars"
    rows = [
        ("Run", f"{run.id}, saved {run.created_at:%Y-%m-%d %H:%M} UTC"),
        ("Name", run.name),
        ("Tags", ", ".join(run.tags)),
        ("Notes", run.notes),
        ("Symbol", f"{asked.symbol}, {asked.resolution}"),
        ("Span asked for", span),
        ("Bars", f"{len(run.result.bars):,} {run.bars_note}".strip()),
        ("Strategy", asked.strategy),
        ("Parameters", params_text(asked.params) or "none"),
        ("Rule", run.result.strategy.rule),
        ("Assumptions", settings_text(asked.settings)),
        *((label, made.get(name, "")) for name, label in _LABELS),
        ("Metrics", f"definitions of version {made['metrics_version']}"),
        (
            "Versions",
            ", ".join(f"{name} {text}" for name, text in versions.items()),
        ),
    ]
    return [(label, words) for label, words in rows if words]
