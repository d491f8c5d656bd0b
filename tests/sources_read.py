"""What a source is read as, and how it is refused."""

from pathlib import Path
from typing import Any

import pytest

from linkage.errors import BadInput
from linkage.partner.sources.opened import open_source
from linkage.partner.sources.source import Source


def cells(source: Source, **asked: Any) -> list[tuple[str | None, ...]]:
    return [tuple(row.values()) for batch in source.batches(**asked) for row in batch.table.to_pylist()]


def refused(path: Path, saying: str, **options: str) -> None:
    with pytest.raises(BadInput, match=saying) as caught, open_source(path, **options) as source:  # type: ignore[arg-type]
        list(source.batches())
    assert "Mary" not in str(caught.value)
    assert str(path.parent) not in str(caught.value)
