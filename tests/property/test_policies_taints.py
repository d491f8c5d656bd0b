"""However often something is transformed, it stays as sensitive as the strictest of what it was made from."""

from datetime import UTC, datetime
from importlib.resources import files

from hypothesis import given, settings
from hypothesis import strategies as st

from policies.catalogue import HEALTH, HEALTH_FLAGS
from policies.catalogue_document import load_catalogue
from policies.gateways import Crossing, Stage, carries
from policies.gateways_document import load_gateways
from policies.terms import VERSION, AttributeClass, words

GATEWAYS = load_gateways((files("policies") / "library" / "gateways.yaml").read_text("utf-8"))
NOW = datetime(2026, 12, 1, tzinfo=UTC)
FLAGS = [flag for flag in words("flag") if flag != "assessment"]
some_flags = st.sets(st.sampled_from(FLAGS), max_size=3)
classes = st.sampled_from(words("class"))


def listed(items):
    return f"[{', '.join(sorted(items))}]"


@st.composite
def catalogues(draw):
    """The text of a catalogue of a few partners, and of attributes made from others in several steps."""
    lines = [
        "format: linkage-catalogue/v1",
        "catalogue: drawn",
        "version: 1",
        f"vocabulary: {VERSION}",
        "partners:",
    ]
    names = []
    for number, kind in enumerate(
        draw(st.lists(st.sampled_from(words("organisation")), min_size=1, max_size=3))
    ):
        lines += [
            f"  p{number}:",
            f"    name: p{number}",
            f"    kind: {kind}",
            "    declared_by: somebody",
            "    attributes:",
        ]
        for place in range(draw(st.integers(1, 3))):
            subject = listed(draw(st.sets(st.sampled_from(words("subject")), min_size=1, max_size=2)))
            states = draw(st.sampled_from(words("statement")))
            lines.append(
                f"      a{place}: {{says: a, class: {draw(classes)}, flags: {listed(draw(some_flags))}, subject: {subject}, "
                f"states: {states}, values: any, gateways: [PCSC-s16]}}"
            )
            names.append(f"p{number}.a{place}")
    lines.append("derived:")
    for step in range(draw(st.integers(1, 5))):
        sources = draw(st.lists(st.sampled_from(names), min_size=1, max_size=3, unique=True))
        lines.append(
            f"  d{step}: {{says: d, made_from: {listed(sources)}, class: {draw(classes)}, flags: {listed(draw(some_flags))}, values: any}}"
        )
        names.append(f"derived.d{step}")
    return "\n".join(lines) + "\n"


@settings(max_examples=50, deadline=None)
@given(catalogues())
def test_class_flags_and_subjects_only_ever_grow(text):
    catalogue = load_catalogue(text)
    for attribute in catalogue.attributes.values():
        for source in (catalogue.attributes[name] for name in attribute.sources):
            assert attribute.sensitivity >= source.sensitivity
            assert attribute.flags >= source.flags
            assert attribute.subjects >= source.subjects
            assert source.sources <= attribute.sources
        assert attribute.id not in attribute.sources


@settings(max_examples=50, deadline=None)
@given(catalogues())
def test_nothing_that_rests_on_a_health_body_is_free_of_its_flags(text):
    catalogue = load_catalogue(text)
    bodies = {name for name, partner in catalogue.partners.items() if partner.kind in HEALTH}
    for attribute in catalogue.attributes.values():
        if catalogue.contributors({attribute.id}) & bodies:
            assert attribute.flags >= HEALTH_FLAGS


@settings(max_examples=80, deadline=None)
@given(
    catalogues(),
    st.sampled_from(sorted(GATEWAYS)),
    st.builds(
        Crossing,
        st.sampled_from(words("purpose")),
        st.sampled_from(words("organisation")),
        st.sampled_from(words("organisation")),
        st.sampled_from(list(Stage)),
        st.sampled_from(words("form")),
    ),
)
def test_only_the_regulations_for_patient_information_ever_carry_it(text, name, crossing):
    """Whatever the evidence, the stage, the source and the recipient. Tokens of a health body are such information too."""
    everything = {need.name: "2027-06-01" for gateway in GATEWAYS.values() for need in gateway.needs}
    evidence = {"partner": everything, "project": everything}
    for attribute in load_catalogue(text).attributes.values():
        if "patient_information" not in attribute.flags or name in {"COPI-s251", "COPI-r3"}:
            continue
        found = carries(GATEWAYS[name], attribute=attribute, crossing=crossing, evidence=evidence, now=NOW)
        assert "gateway-bars" in {bar.code for bar in found.bars}


def test_rows_of_health_records_need_their_own_approval_in_date_at_every_stage():
    catalogue = load_catalogue((files("policies") / "library" / "catalogue.yaml").read_text("utf-8"))
    complete = {
        "cag_ref": "26/CAG/1",
        "caldicott_approval": "C-1",
        "next_review": "2027-01-31",
        "ndoo_checked_at": "2026-11-20",
    }
    for stage in Stage:
        crossing = Crossing(
            "strategic-needs-assessment", "nhs-trust", "local-policing-body", stage, "aggregate-table"
        )
        for name in ("cag_ref", "caldicott_approval", "next_review"):
            for now, record in (
                (NOW, {key: value for key, value in complete.items() if key != name}),
                (datetime(2027, 2, 1, tzinfo=UTC), {**complete, "ndoo_checked_at": "2027-01-31"}),
            ):
                found = carries(
                    GATEWAYS["COPI-s251"],
                    attribute=catalogue.attributes["nhs.area"],
                    crossing=crossing,
                    evidence={"partner": record, "project": {}},
                    now=now,
                )
                assert {bar.code for bar in found.bars} <= {"evidence-missing", "evidence-lapsed"}
                assert not found.carried


def test_the_strictest_class_is_the_largest():
    assert max(AttributeClass) is AttributeClass.C6
