"""Builds the wheel, installs it into an environment of its own, and runs the demonstration from an empty folder.

From the repository Python finds the source tree first; only an empty folder shows whether the wheel holds all it needs.
"""

import subprocess
import sys
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def run(*words: str | Path, cwd: Path) -> str:
    """What the command printed; its failure ends this script."""
    done = subprocess.run([str(w) for w in words], cwd=cwd, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, words))}\n{done.stdout}\n{done.stderr}")
    return done.stdout


def main() -> None:
    """Prints what the installed demonstration said last."""
    with tempfile.TemporaryDirectory() as folder:
        empty, home = Path(folder) / "empty", Path(folder) / "venv"
        empty.mkdir()
        builder = ROOT / ".venv/bin/python"
        run(
            builder,
            "-m",
            "pip",
            "wheel",
            "--quiet",
            "--no-deps",
            "--no-build-isolation",
            "-w",
            folder,
            ROOT,
            cwd=empty,
        )
        wheel = next(Path(folder).glob("*.whl"))
        venv.create(home, with_pip=True)
        python = home / "bin/python"
        run(
            python,
            "-m",
            "pip",
            "install",
            "--quiet",
            "--require-hashes",
            "-r",
            ROOT / "requirements.txt",
            cwd=empty,
        )
        run(python, "-m", "pip", "install", "--quiet", "--no-deps", wheel, cwd=empty)
        said = run(home / "bin/linkage", "demo", "--people", "1000", cwd=empty)
        if not (empty / "demo-out/index.html").is_file():
            sys.exit("the demonstration wrote no page")
        given = ("--shared", "demo-out/shared", "--root", "demo-out/shared/root.json")
        run(home / "bin/linkage", "audit", "verify", "demo-out/public/audit", *given, cwd=empty)
        print(f"{wheel.name}: {said.strip().splitlines()[-1]}")


if __name__ == "__main__":
    main()
