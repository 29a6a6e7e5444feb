"""List the jobs, cancel one, or ask for one again."""

import argparse
import json

from scripts.cli.door import Parser, run_main

EPILOG = """examples:
  python -m scripts.jobs
  python -m scripts.jobs list --state running
  python -m scripts.jobs cancel 12
  python -m scripts.jobs retry 12"""
COMMANDS = ("list", "cancel", "retry")
_MISSING = "-"


def main(argv: list[str] | None = None) -> int:
    """Run the command; return 0, or 1 after one line on standard error (2 for bad usage)."""
    args = _arguments(argv)
    return run_main(lambda: _list(args) if args.command == "list" else _change(args))


def _arguments(argv: list[str] | None) -> argparse.Namespace:
    parser = Parser(
        prog="python -m scripts.jobs",
        description=__doc__,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("command", nargs="?", default="list", choices=COMMANDS, help="default: list")
    add("id", nargs="?", help="the job's number, for cancel and retry")
    add("--state", help="list only: queued running done failed cancelled interrupted")
    add("--limit", type=int, default=30, help="list only: at most so many (default: 30)")
    add("--json", action="store_true", help="print JSON and nothing else")
    args = parser.parse_intermixed_args(argv)
    if args.command == "list" and args.id is not None:
        parser.error(f"list takes no number: {args.id}")
    if args.command != "list" and args.id is None:
        parser.error(f"{args.command} needs the number of a job, as in: {args.command} 12")
    if args.limit < 1:
        parser.error("--limit must be at least 1")
    return args


def _list(args: argparse.Namespace) -> None:
    from services.jobs import list_jobs
    from services.jobs.trouble import trouble_with
    from services.workspace import open_workspace

    workspace = open_workspace()
    jobs = list_jobs(workspace, args.state, args.limit)
    if args.json:
        print(json.dumps([_record(job) for job in jobs], indent=2))
        return
    _print_table([_row(job) for job in jobs])
    if trouble := trouble_with(workspace, jobs):
        print(trouble)


def _change(args: argparse.Namespace) -> None:
    from services.jobs import cancel_job, retry_job
    from services.workspace import open_workspace

    change = cancel_job if args.command == "cancel" else retry_job
    job = change(open_workspace(), args.id)
    print(json.dumps(_record(job), indent=2) if args.json else f"Job {job.id}: {_told(job)}")


def _told(job) -> str:
    if job.is_active and job.cancel_requested:
        return f"{job.title} is being cancelled: it ends after the piece that it is at."
    return f"{job.title} is {job.state}." + (f" {job.message}" if job.message else "")


def _record(job) -> dict:
    moments = ("created_at", "started_at", "heartbeat", "finished_at")
    names = ("id", "kind", "title", "arguments", "queue", "state", "attempt", "done", "total",
             "progress", "message", "result", "cancel_requested")  # fmt: skip
    times = {name: getattr(job, name) for name in moments}
    return {name: getattr(job, name) for name in names} | {
        name: moment.isoformat() if moment else None for name, moment in times.items()
    }


def _row(job) -> tuple[str, ...]:
    elapsed = job.elapsed()
    return (
        str(job.id),
        job.state,
        _MISSING if job.progress is None else f"{job.progress:.0%}",
        _MISSING if elapsed is None else f"{elapsed.total_seconds():,.0f} s",
        job.title,
        job.message,
    )


def _print_table(rows: list[tuple[str, ...]]) -> None:
    if not rows:
        print("There are no jobs.")
        return
    table = [("ID", "STATE", "DONE", "TIME", "JOB", "MESSAGE"), *rows]
    widths = [max(len(row[column]) for row in table) for column in range(len(table[0]))]
    for row in table:
        cells = (text.ljust(width) for text, width in zip(row, widths, strict=True))
        print("  ".join(cells).rstrip())


if __name__ == "__main__":
    raise SystemExit(main())
