"""The table of allowed imports, held against the code."""

import ast
import importlib
import inspect
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FOLDERS = {"db", "services", "strategies", "components", "pages", "dashboard", "scripts"}

# folder -> the project folders it may import; a set lists the only modules allowed of one.
MAY_IMPORT = {
    "db": {"db"},
    "services": {"services", "db"},
    "strategies": {"strategies", "services"},
    "components": {"components", "services"},
    "pages": {"pages", "components", "services", "strategies.registry"},
    "dashboard": FOLDERS,
    "scripts": {"scripts", "services", "strategies.registry"},
}
NEVER = {
    "db": {"dash", "flask", "pandas", "plotly"},
    "services": {"dash", "flask", "dash_bootstrap_components", "dash_ag_grid"},
    "strategies": {"dash", "flask", "sqlalchemy", "ib_insync", "ib_async"},
    "components": {"sqlalchemy", "ib_insync", "ib_async"},
    "pages": {"sqlalchemy", "ib_insync", "ib_async"},
    "scripts": {"dash", "flask", "sqlalchemy"},
    "dashboard": set(),
}
# Components show domain types; the rooms that do work with a database are not theirs to call.
WORKING_SERVICES = {
    "services.cautions",
    "services.database",
    "services.market_data",
    "services.instruments",
    "services.ingest",
    "services.runs",
    "services.workspace",
    "services.research",
}


def sources(folder: str) -> list[Path]:
    return sorted((ROOT / folder).rglob("*.py"))


def imported_modules(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            modules = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= modules
            if not all(is_module(name) for name in modules):
                found.add(node.module)
    return found


def is_module(name: str) -> bool:
    path = ROOT / name.replace(".", "/")
    return path.is_dir() or path.with_suffix(".py").is_file()


def within(module: str, place: str) -> bool:
    return module == place or module.startswith(place + ".")


@pytest.mark.parametrize("folder", sorted(FOLDERS))
def test_a_folder_imports_only_what_the_table_allows(folder):
    for path in sources(folder):
        for module in imported_modules(path):
            top = module.split(".")[0]
            if top in FOLDERS and module != "strategies":
                assert any(within(module, place) for place in MAY_IMPORT[folder]), (
                    f"{path.relative_to(ROOT)} imports {module}"
                )
            assert top not in NEVER[folder], f"{path.relative_to(ROOT)} imports {module}"


def test_components_take_domain_types_and_call_no_working_service():
    for path in sources("components"):
        for module in imported_modules(path):
            assert not any(within(module, place) for place in WORKING_SERVICES), (
                f"{path.relative_to(ROOT)} imports {module}"
            )


def test_importing_the_services_leaves_dash_out():
    modules = ", ".join(
        ".".join(path.relative_to(ROOT).with_suffix("").parts) for path in sources("services")
    ).replace(".__init__", "")
    code = f"import sys, {modules}; sys.exit('dash' in sys.modules or 'flask' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


def every_import() -> dict[str, set[str]]:
    """Return for each module of the house which others it imports, within functions, too."""
    paths = {
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
        for folder in FOLDERS
        for path in sources(folder)
    }
    return {
        name: {module for module in imported_modules(path) if module in paths} - {name}
        for name, path in paths.items()
    }


def in_circles(edges: dict[str, set[str]]) -> set[str]:
    """Return what imports itself on some way."""
    return {name for name in edges if name in reached(edges, name)}


def reached(edges: dict[str, set[str]], start: str) -> set[str]:
    found, rest = set(), [start]
    while rest:
        new = edges[rest.pop()] - found
        found |= new
        rest.extend(new)
    return found


@pytest.mark.parametrize(
    "name", sorted({path.stem for path in (ROOT / "scripts").glob("*.py")} - {"__init__"})
)
def test_each_file_of_scripts_is_a_command(name):
    main = importlib.import_module(f"scripts.{name}").main
    assert str(inspect.signature(main)) == "(argv: list[str] | None = None) -> int"
    source = (ROOT / "scripts" / f"{name}.py").read_text()
    assert source.splitlines()[-1].endswith("(main())")


def room(module: str) -> str:
    parts = module.split(".")
    return ".".join(parts[: 2 if parts[0] == "services" else 1])


def test_there_are_no_circular_imports():
    assert in_circles(every_import()) == set()


def test_the_rooms_of_the_services_stand_above_each_other():
    above: dict[str, set[str]] = {}
    for module, targets in every_import().items():
        if module.startswith("services."):
            above.setdefault(room(module), set()).update(
                room(target) for target in targets if target.startswith("services.")
            )
    edges = {name: targets - {name} for name, targets in above.items()}
    # A job does a study, and a study is asked for as a job.
    edges["services.jobs"] -= {"services.studies"}
    assert in_circles(edges) == set()
