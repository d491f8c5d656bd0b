"""Which columns of an extract could let somebody recognise a person, and which tell what nobody else should learn.

The controller declares it in the catalogue (`quasi_identifier`); where that says nothing, the role follows from the class. What others can know of a person without
breaking into anything (places, age, sex, contact with a service: C0 to C2) is a quasi-identifier; what would harm them if it became known
(C3 and stricter) is sensitive. The terms are those of Sweeney, "k-anonymity: a model for protecting privacy" (2002), and Machanavajjhala and
others, "l-diversity" (2007).
"""

from __future__ import annotations

from typing import Final, Literal

from policies.catalogue import Attribute
from policies.terms import AttributeClass

Role = Literal["quasi-identifier", "sensitive"]
QUASI: Final[Role] = "quasi-identifier"
SENSITIVE: Final[Role] = "sensitive"
LAST_QUASI: Final = AttributeClass.C2


def role_of(attribute: Attribute) -> Role:
    """The role of an attribute as a column of an extract."""
    by_class = attribute.sensitivity <= LAST_QUASI
    return QUASI if (by_class if attribute.identifies is None else attribute.identifies) else SENSITIVE
