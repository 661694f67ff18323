"""The rules of the design as tests: who may import whom, how long things may be, what has to be written down.

They walk the tree, so a new file is held to them from its first day.
"""

from __future__ import annotations

import ast
import os
import re
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from interpreting.commands import COMMANDS

ROOT = Path(__file__).resolve().parent.parent
SOURCES = ("interpreting", "media", "server", "deploy")

# What of the standard library has neither input nor output, no clock and no chance in it.
PURE = {
    "__future__", "abc", "collections", "dataclasses", "enum", "functools", "itertools", "math", "operator", "re",
    "types", "typing", "unicodedata",
}  # fmt: skip
IMPURE_CALLS = {"open", "print", "input", "exec", "eval", "__import__"}
# pyOpenSSL and cryptography are what DTLS stands on, ifaddr names this machine's addresses for candidates; the
# others are the design's own list.
MEDIA_LIBRARIES = {"av", "aiortc", "aioice", "pylibsrtp", "cffi", "numpy", "OpenSSL", "cryptography", "ifaddr", "PIL"}
# Where alone a library may be used. A name that ends in / is a folder.
HOMES = {
    "aiohttp": ("server/", "deploy/", "tests/"),
    "redis": ("server/store/redis_store.py", "tests/"),
    "jinja2": ("server/pages.py", "server/templating.py", "tests/"),
    "jwt": ("server/tokens.py", "tests/"),
    "sqlite3": ("server/store/sqlite.py", "tests/"),
    "cffi": ("media/", "deploy/load/"),
    "segno": ("server/qr.py", "tests/"),
    "pylibsrtp": ("media/srtp.py", "tests/"),
    "OpenSSL": ("media/dtls.py", "tests/"),
}
# The switchboard is the conductor's half for peers and sessions.
CONDUCTORS = {"server/conductor.py", "server/switchboard.py"}
FORBIDDEN_NAMES = {"utils", "util", "common", "helpers", "helper", "services", "service", "manager", "misc"}
MADE_FOLDERS = {"node_modules", "var", "build", "dist", "__pycache__"}

MAX_FILE_LINES = 400
MAX_FUNCTION_LINES = 60
# How a file or a function argues its case, in its docstring or in the comment above it.
ARGUED_FILE = "Longer than 400 lines because"
ARGUED_FUNCTION = "Longer than 60 lines because"


@dataclass(frozen=True, slots=True)
class Module:
    """A Python file of the tree: `path` from the root, its text, its syntax tree."""

    path: str
    text: str
    tree: ast.Module

    @property
    def name(self) -> str:
        """Its dotted name, a package's without `__init__`."""
        return self.path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")

    @property
    def imports(self) -> frozenset[str]:
        """The dotted names of all it imports, wherever in the file; `from a import b` counts as a and a.b."""
        names: set[str] = set()
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                names.update(alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                assert node.level == 0, f"{self.path}:{node.lineno}: write the import in full"
                assert node.module is not None
                names.add(node.module)
                names.update(f"{node.module}.{alias.name}" for alias in node.names)
        return frozenset(names)

    @property
    def roots(self) -> frozenset[str]:
        """The first parts of all it imports."""
        return frozenset(name.partition(".")[0] for name in self.imports)


@cache
def modules(*folders: str) -> tuple[Module, ...]:
    """All Python files under the folders."""
    found = []
    for folder in folders:
        for file in sorted((ROOT / folder).rglob("*.py")):
            text = file.read_text("utf-8")
            found.append(Module(file.relative_to(ROOT).as_posix(), text, ast.parse(text)))
    return tuple(found)


@cache
def written_files() -> tuple[Path, ...]:
    """All files we wrote, without what tools made."""
    found: list[Path] = []
    for folder, folders, files in os.walk(ROOT):
        folders[:] = [
            name
            for name in folders
            if name not in MADE_FOLDERS and not name.endswith(".egg-info") and (name[0] != "." or name == ".ci")
        ]
        found += [Path(folder, name) for name in files]
    return tuple(sorted(found))


def lines_of(*suffixes: str, under: Path = ROOT) -> Iterator[tuple[str, str]]:
    """All lines of files with these endings, each after where it stands."""
    for file in written_files():
        if file.suffix in suffixes and file.is_relative_to(under):
            for number, line in enumerate(file.read_text("utf-8").splitlines(), 1):
                yield f"{file.relative_to(ROOT)}:{number}", line.strip()


def refuse(complaints: list[str]) -> None:
    """Fail with all complaints at once."""
    assert not complaints, "\n" + "\n".join(complaints)


# Who may import whom


def test_the_tree_is_found() -> None:
    assert {module.path.partition("/")[0] for module in modules(*SOURCES)} == set(SOURCES)


def test_the_domain_is_pure() -> None:
    refuse(
        [
            f"{module.path} imports {root}"
            for module in modules("interpreting")
            for root in sorted(module.roots - PURE - {"interpreting"})
        ]
        + [
            f"{module.path}:{node.lineno} calls {node.func.id}"
            for module in modules("interpreting")
            for top in module.tree.body
            if not is_program(top)
            for node in ast.walk(top)
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in IMPURE_CALLS
        ]
    )


def is_program(node: ast.stmt) -> bool:
    """Tell whether this is what a module does only when it is run: `if __name__ == "__main__":`."""
    return isinstance(node, ast.If) and ast.unparse(node.test) == "__name__ == '__main__'"


def test_the_engine_knows_neither_web_nor_domain() -> None:
    allowed = MEDIA_LIBRARIES | set(sys.stdlib_module_names) | {"media"}
    refuse([f"{m.path} imports {root}" for m in modules("media") for root in sorted(m.roots - allowed)])


@pytest.mark.parametrize("library", HOMES)
def test_a_library_stays_at_home(library: str) -> None:
    homes = HOMES[library]
    refuse(
        [
            f"{module.path} imports {library}, which belongs to {', '.join(homes)}"
            for module in modules(*SOURCES, "tests")
            if library in module.roots
            and not any(module.path == home or (home.endswith("/") and module.path.startswith(home)) for home in homes)
        ]
    )


def test_only_the_conductor_speaks_both_vocabularies() -> None:
    refuse(
        [
            f"{module.path} imports both interpreting and media.engine"
            for module in modules("server")
            if "interpreting" in module.roots and "media.engine" in module.imports and module.path not in CONDUCTORS
        ]
    )


def test_request_handlers_do_not_know_each_other() -> None:
    handlers = {
        module.name: module
        for module in modules("server")
        if module.name != "server.app" and any("HANDLERS" in ast.dump(node) for node in assignments(module))
    }
    assert len(handlers) >= 4, "handler modules are known by their table HANDLERS"
    refuse(
        [
            f"{module.path} imports {other}"
            for name, module in handlers.items()
            for other in handlers
            if other != name and other in module.imports
        ]
    )


def assignments(module: Module) -> Iterator[ast.expr]:
    """The targets of a module's own assignments."""
    for node in module.tree.body:
        if isinstance(node, ast.Assign):
            yield from node.targets
        elif isinstance(node, ast.AnnAssign):
            yield node.target


def test_nobody_imports_the_app_but_the_program() -> None:
    refuse(
        [
            f"{module.path} imports server.app"
            for module in modules(*SOURCES)
            if "server.app" in module.imports and module.path != "server/__main__.py"
        ]
    )


def test_nothing_that_ships_imports_tests() -> None:
    refuse([f"{module.path} imports tests" for module in modules(*SOURCES) if "tests" in module.roots])
    refuse([f"{m.path} imports deploy" for m in modules("interpreting", "media", "server") if "deploy" in m.roots])


def test_others_insides_are_touched_in_one_file_each() -> None:
    users: dict[str, set[str]] = {}
    for module in modules(*SOURCES):
        for name in module.imports:
            package, *inside = name.split(".")
            if package not in SOURCES and any(re.match(r"_[^_]", part) for part in inside):
                users.setdefault(package, set()).add(module.path)
    refuse([f"the insides of {package}: {sorted(files)}" for package, files in users.items() if len(files) > 1])


def test_no_module_is_called_after_nothing() -> None:
    refuse(
        [
            f"{file.relative_to(ROOT)}: a name that says nothing"
            for file in written_files()
            if FORBIDDEN_NAMES & {part.removesuffix(file.suffix) for part in file.relative_to(ROOT).parts}
        ]
    )


# How long things may be, and what is written about them


def test_files_are_short() -> None:
    refuse(
        [
            f"{module.path} has {lines} lines"
            for module in modules(*SOURCES, "tests")
            if (lines := module.text.count("\n")) > MAX_FILE_LINES
            and ARGUED_FILE not in (ast.get_docstring(module.tree) or "")
        ]
    )


def test_functions_are_short() -> None:
    refuse(
        [
            f"{module.path}:{node.lineno} {node.name} has {length} lines"
            for module in modules(*SOURCES, "tests")
            for node in ast.walk(module.tree)
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
            and (length := (node.end_lineno or node.lineno) - node.lineno + 1) > MAX_FUNCTION_LINES
            and ARGUED_FUNCTION not in comment_above(module, node)
        ]
    )


def comment_above(module: Module, node: ast.FunctionDef | ast.AsyncFunctionDef) -> str:
    """The comment lines right above a function and its decorators."""
    lines = module.text.splitlines()
    end = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)]) - 1
    start = end
    while start and lines[start - 1].lstrip().startswith("#"):
        start -= 1
    return "\n".join(lines[start:end])


def test_everything_public_has_a_docstring() -> None:
    refuse(
        [
            f"{module.path}:{getattr(node, 'lineno', 1)} {name} has no docstring"
            for module in modules(*SOURCES)
            for name, node in public_names(module)
            if not ast.get_docstring(node)
        ]
    )


Documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def public_names(module: Module) -> Iterator[tuple[str, Documented]]:
    """The module, its public classes and functions, and the public methods of these classes.

    Not overloads, and not the empty file that makes a folder a package.
    """
    if module.text.strip():
        yield module.name, module.tree
    for node in module.tree.body:
        if not isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) or node.name.startswith("_"):
            continue
        yield node.name, node
        for inner in node.body if isinstance(node, ast.ClassDef) else []:
            if isinstance(inner, ast.FunctionDef | ast.AsyncFunctionDef) and not inner.name.startswith("_"):
                yield f"{node.name}.{inner.name}", inner


def test_nothing_is_left_to_be_done() -> None:
    # In halves, so that this line does not complain of itself.
    words = re.compile(r"\b(TO" + r"DO|FIX" + r"ME|X" + r"XX|HA" + r"CK)\b")
    texts = (".py", ".js", ".css", ".html", ".md", ".toml", ".po", ".yml")
    refuse([f"{place}: {line}" for place, line in lines_of(*texts) if words.search(line)])


# The wire contract


def test_the_protocol_names_every_command_and_message() -> None:
    protocol = (ROOT / "server" / "PROTOCOL.md").read_text("utf-8")
    named = set(re.findall(r"[`\"]([a-z_]+)[`\"]", protocol))
    messages = {
        message
        for module in modules("server")
        if not module.path.startswith("server/store/")
        for message in re.findall(r'"type":\s*"([a-z_]+)"', module.text)
    }
    assert {"welcome", "state", "done", "refused", "closing"} <= messages
    refuse([f"PROTOCOL.md does not name {name}" for name in sorted(messages | COMMANDS.keys()) if name not in named])


# A page asks nobody but its own server

# Names of XML vocabularies look like addresses and are fetched by nobody.
_VOCABULARIES = ("http://www.w3.org/",)
_ADDRESS = re.compile(r"""(?:https?:|wss?:)?//(?=[\w\[])[^\s"'<>)`]+""")
_FETCHED = re.compile(r"""(?:src|href|action|poster|url\(|from|import\(?)\s*=?\s*["'(]*\s*//""")


def test_pages_are_free_of_third_parties() -> None:
    complaints = []
    for place, line in lines_of(".html", ".css", ".svg", ".js", under=ROOT / "web"):
        full = [found for found in _ADDRESS.findall(line) if not found.startswith(("//", *_VOCABULARIES))]
        if full or _FETCHED.search(line):
            complaints.append(f"{place}: {line}")
    refuse(complaints)


def test_every_package_is_installed() -> None:
    """A package that the project file does not list works from the tree and is missing from the wheel."""
    with (ROOT / "pyproject.toml").open("rb") as file:
        listed = set(tomllib.load(file)["tool"]["setuptools"]["packages"])
    found = {
        ".".join(init.parent.relative_to(ROOT).parts)
        for package in ("interpreting", "media", "server")
        for init in (ROOT / package).rglob("__init__.py")
    }
    assert listed == found
