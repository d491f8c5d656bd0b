"""An export on its way in, portion by portion: read, checked against the catalogue, without those who are to be left out, and counted."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import numpy as np

from linkage.partner.attribute_rows import AttributeRows
from linkage.partner.exclusions.exclusions import Excluder, Exclusion, Stated
from linkage.partner.exclusions.lists import read_exclusion
from linkage.partner.preflight.observed import Observed, Seen
from linkage.partner.preflight.tally import Tally
from linkage.partner.records import CleanRecords, Column, QualityReport
from linkage.partner.subgroups import SubgroupCounts, SubgroupRows
from linkage.partner.tokenise import Randomness
from linkage.schema import Schema
from policies.catalogue import Catalogue
from service.officer.mapping_file import MappingFile
from service.officer.reading import Read, check_subgroups, check_usable, check_values, read_portions
from service.progress import Progress


@dataclass(frozen=True, slots=True)
class Export:
    """What a data officer hands over: the file, how it is mapped, the folder that its exclusion lists lie in, and what the catalogue says of the
    partner's attributes: the values of each (none for any), and its class. Without a catalogue attributes are not checked."""

    file: Path
    mapping: MappingFile
    lists: Path
    values: Mapping[str, tuple[str, ...]] | None = None
    classes: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, file: Path, mapping: MappingFile, *, lists: Path, catalogue: Catalogue) -> "Export":
        """The file with its mapping, and what the catalogue says of the partner's attributes."""
        mine = {n.partition(".")[2]: a for n, a in catalogue.attributes.items() if a.partner == mapping.partner}
        return cls(
            file,
            mapping,
            lists,
            values={name: a.values for name, a in mine.items()},
            classes={name: a.sensitivity.name for name, a in mine.items()},
        )


@dataclass(frozen=True, slots=True)
class Ready:
    """A file read and checked: what cleaning found and saw, what exclusion lists left out, and the counts of the records they leave, also by subgroup."""

    quality: QualityReport
    seen: Seen
    stated: Stated
    tally: Tally
    subgroups: tuple[SubgroupCounts, ...]


class Intake:
    """One export. What has to be known of all its records lies beside the submission `beside` where it does not fit in memory.

    Raises:
        BadInput: an exclusion list cannot be used.
    """

    def __init__(
        self,
        export: Export,
        *,
        schema: Schema,
        now: datetime,
        randomness: Randomness,
        progress: Progress,
        beside: Path | None = None,
    ) -> None:
        self._export, self._schema, self._progress, self._beside = export, schema, progress, beside
        self._watch = Observed(randomness=randomness)
        self._excluder = Excluder(_lists(export), on=now.date())
        self._quality: QualityReport | None = None
        self.tally = Tally(beside=beside)
        names = export.mapping.attributes
        self.attributes = AttributeRows(names, beside=beside) if names else None
        self.subgroups = SubgroupRows(export.mapping.subgroup_columns)

    def portions(self) -> Iterator[tuple[CleanRecords, Mapping[str, Column]]]:
        """The records that may be used, and their attribute columns.

        Raises:
            BadInput: the file, the mapping or an attribute cannot be used.
        """
        export = self._export
        for read in read_portions(
            export.file,
            mapping=export.mapping,
            schema=self._schema,
            progress=self._progress,
            watch=self._watch,
            beside=self._beside,
        ):
            if export.values is not None:
                check_values(read, mapping=export.mapping, values=export.values, file=export.file.name)
            check_subgroups(read, mapping=export.mapping, file=export.file.name)
            self._quality = read.quality if self._quality is None else self._quality.then(read.quality)
            # The values of people who are left out are looked for as well: they least of all may leave.
            self._watch.cleaned(read.clean)
            yield self._left(read)

    def _left(self, read: Read) -> tuple[CleanRecords, Mapping[str, Column]]:
        clean, kept = self._excluder.apply(read.clean)
        if kept.all():
            return clean, read.columns
        rows = np.flatnonzero(kept)
        return clean, {n: c.take(rows) for n, c in read.columns.items()}

    def take(self, clean: CleanRecords, columns: Mapping[str, Column]) -> None:
        """These records will be used: they are counted, and their attributes kept."""
        self.count(clean, columns)
        if self.attributes is not None:
            self.attributes.add(columns)

    def count(self, clean: CleanRecords, columns: Mapping[str, Column]) -> None:
        """These records are counted, and no more."""
        self.tally.add(clean)
        self.subgroups.add(columns)

    def finish(self) -> Ready:
        """What is known now that all portions were read.

        Raises:
            BadInput: a column has no usable value, an exclusion list cannot be applied to these records, or nobody is left.
        """
        assert self._quality is not None  # noqa: S101  a file without rows is refused when it is read
        check_usable(self._quality, mapping=self._export.mapping, file=self._export.file.name)
        return Ready(
            self._quality,
            self._watch.finish(),
            self._excluder.finish(),
            self.tally,
            self.subgroups.counts(),
        )


def _lists(export: Export) -> list[Exclusion]:
    return [
        read_exclusion(
            export.lists / e.file,
            name=e.name,
            of=e.of,
            checked=e.checked,
            column=e.column,
            keeps=e.keeps,
            without=e.without,
        )
        for e in export.mapping.exclusions
    ]
