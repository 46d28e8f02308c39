"""The docs site, built from docs/, the other Markdown of the repository and the docstrings: ``tox -e docs``.

The generator reads one folder, and links lead out of docs/ (``../results/plots/...``). So all Markdown of the
repository is laid out in ``build/docs`` as it lies here, with every file that it links to, and links are the same in
both. A link to a folder becomes one to the page of that folder: its docstrings, or else its files.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
PAGES, SITE = ROOT / "build" / "docs", ROOT / "build" / "site"
LINK = re.compile(r"(!?\[[^\]]*\]\()([^)#\s:]+)(#[^)\s]*)?\)")
"""A link within the repository: text, path, place on the page."""
PACKAGES = ("lgaf", "baselines")


def tracked(*patterns: str) -> list[str]:
    """Files of the repository by name, those that are not yet added among them."""
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard", *patterns]
    names = subprocess.run(listed, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    return sorted(name for name in names if (ROOT / name).is_file())


def write(name: str, text: str) -> None:
    """Write a page."""
    (PAGES / name).parent.mkdir(parents=True, exist_ok=True)
    (PAGES / name).write_text(text)


def lay_out(name: str) -> None:
    """A page of the repository, and what it links to."""

    def follow(link: re.Match[str]) -> str:
        text, path, place = link.groups(default="")
        target = os.path.normpath(Path(name).parent / path)
        if target.startswith("."):  # the generator leaves hidden files out
            return text[1:-2]
        if (ROOT / target).is_dir():
            if not (ROOT / target / "README.md").is_file() and not target.startswith(PACKAGES):
                write(f"{target}/README.md", files_of(target))
            return f"{text}{path.rstrip('/')}/README.md{place})"
        if (ROOT / target).is_file() and not target.endswith(".md"):
            copy(target)
        return link[0]

    write(name, LINK.sub(follow, (ROOT / name).read_text()))


def copy(name: str) -> None:
    """A file of the repository as it is."""
    (PAGES / name).parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(ROOT / name, PAGES / name)


def files_of(folder: str) -> str:
    """The page of a folder of files."""
    names = tracked(f"{folder}/*")
    for name in names:
        copy(name)
    return f"# {folder}\n\n" + "".join(f"- [{Path(name).name}]({Path(name).name})\n" for name in names)


def reference() -> None:
    """A page a folder of sources, with the docstrings of its modules, and one that lists them."""
    rooms: dict[str, list[str]] = {}
    for name in tracked(*(f"{package}/**.py" for package in PACKAGES)):
        copy(name)
        module = name.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        rooms.setdefault(str(Path(name).parent), []).append(module)
    for folder, modules in rooms.items():
        (PAGES / folder / "__init__.py").touch()  # lgaf/formats has none, and is not found without
        write(f"{folder}/README.md", f"# {folder.replace('/', '.')}\n\n" + "".join(f"::: {it}\n\n" for it in modules))
    lines = (f"- [{folder.replace('/', '.')}]({folder}/README.md)\n" for folder in rooms)
    write("reference.md", f"# Reference\n\nThe docstrings, a page a folder.\n\n{''.join(lines)}")


def main() -> None:
    """Lay out, build, and follow every link of what was built."""
    for folder in (PAGES, SITE):
        shutil.rmtree(folder, ignore_errors=True)
    for name in tracked("*.md"):
        lay_out(name)
    reference()
    for command in (("zensical", "build", "--strict"), ("linkchecker", "--no-status", str(SITE / "index.html"))):
        done = subprocess.run(command, cwd=ROOT, check=False)
        if done.returncode:
            sys.exit(done.returncode)


if __name__ == "__main__":
    main()
