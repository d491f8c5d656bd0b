"""The words of `vpp-vocab@1`, as data. Adding, removing or rewording one makes a new version.

Each row is: word | phrase used inside a sentence | one plain sentence. Order matters where a comment says so.
Sources: Five Safes for the questions a request answers; the UK Statistics Authority's ethical principles; GA4GH DUO and
W3C ODRL for the shape of permission, prohibition and duty. The law behind each gateway is in `library/gateways.yaml`.
"""

from __future__ import annotations

from typing import Final

VERSION: Final = "vpp-vocab@1"

WORDS: Final[dict[str, str]] = {
    "purpose": """
strategic-needs-assessment | a strategic needs assessment | Understand the kinds, places and causes of serious violence in the area, so that partners can agree what to do.
strategy-monitoring | monitoring the strategy | Follow whether the agreed strategy is being carried out and whether violence is falling.
intervention-evaluation | evaluating an intervention | Find out whether a scheme changed anything for the people it was meant to help, taken together.
hotspot-place-analysis | analysing places | See where and when violence concentrates, so that places can be made safer.
service-planning | planning services | Decide what help is needed, how much of it, and where.
safeguarding-thematic | a thematic safeguarding review | See patterns of exploitation across the area, such as county lines, without naming anybody.
equity-audit | an equity audit | Check whether help, harm or errors in the data fall unevenly on groups of people.
linkage-quality | checking the quality of the linkage | Measure how well records were linked, and for whom it works less well.
research | research | Answer a question of general interest whose results will be published.
""",
    "never-purpose": """
individual-enforcement-targeting | targeting enforcement at an individual | Nothing here is used to arrest, search, watch or sanction a particular person.
predictive-scoring-individual | scoring an individual | Nothing here produces a score, ranking or prediction about a particular person.
immigration-enforcement | immigration enforcement | Nothing here is used to find or remove people because of their immigration status.
commercial | commercial use | Nothing here is sold or used to sell.
employment-or-benefit-decision | a decision on a person's employment or benefits | Nothing here is used to decide about somebody's job, housing or benefits.
journalism-or-litigation-fishing | searching for a story or a claim | Nothing here is searched in the hope of finding a story or a legal claim.
""",
    # From least to most sensitive.
    "class": """
C0 | open geography and time | Areas and periods that say nothing about a person on their own.
C1 | coarse demographics | Age band and sex.
C2 | contact with a service | That somebody was in touch with a service, and no more.
C3 | a sensitive event | An exclusion, an arrest, a protection plan.
C4 | special category or criminal allegation | Ethnicity, an allegation, intelligence.
C5 | patient information | Anything that derives, directly or not, from health records.
C6 | a direct identifier | A name, a number, a token. Never released, in any form.
""",
    "flag": """
patient_information | patient information | It derives from health records, however far back, and whoever holds it now.
health_or_social_care | held by a health or social care authority | It is held by a health or social care authority, which the Serious Violence Duty does not open.
under_18 | about people under 18 | It describes children.
third_party | about somebody else | It describes a person other than the one the record belongs to.
assessment | opinion rather than fact | It is somebody's assessment, such as intelligence or a risk grade.
terrorism | about terrorism | It concerns terrorism, which the Serious Violence Duty excludes.
""",
    # From least to most revealing.
    "form": """
flag-count | a single count | One number of people.
aggregate-table | a table of counts | Numbers of people by group.
rate-table | a table of rates | Rates made from protected counts.
time-series | a series over time | Protected counts by period.
area-map | a map by area | Protected counts drawn on areas.
model-summary | a summary of a model | Coefficients with their uncertainty, and no value for a person.
public-document | a public document | Text and protected figures for publication.
pseudonymised-extract | an extract with one row for each person | Rows with a pseudonym made for this release alone, in a secure setting.
""",
    "never-form": """
person-list | a list of people | A list of named or recognisable people is never produced.
ranked-person-list | a ranking of people | People are never put in order of risk, need or anything else.
""",
    "duty": """
no-reid | not to try to recognise anybody | Nobody may try to find out who a figure or row is about (Data Protection Act 2018 s.171).
no-onward | not to pass it on | It stays with the organisation that asked.
publish-summary | to publish a summary | What was asked, and why, appears in the public register.
attribute-source | to name the sources | The partners whose data it rests on are named.
linkage-error-note | to state the linkage error | The rate of missed and wrong links is stated beside the figures.
report-outcome | to report what came of it | The asker tells the board what was done with the result.
destroy-and-certify | to destroy it and certify so | At the end it is destroyed and a certificate is sent.
secure-setting | to stay in the secure setting | It is used only inside the secure setting and does not leave it.
two-output-checkers | to pass two output checkers | Two checkers look at it independently before it leaves.
hide-zeros | to hide zeros | A zero is hidden like any other small number.
""",
    "limit": """
suppress | the largest number that is hidden | Counts from one up to this number are hidden.
round | the rounding base | Every other count is rounded to a multiple of this number.
k | the smallest group of rows that look alike | In an extract at least this many rows share each combination of recognisable values.
l | the fewest different values in a group | In each such group a sensitive attribute has at least this many values.
overlap | the smallest difference between two cohorts | Two cohorts that differ by fewer people than this are not both described.
use-within-days | the longest time of use in days | It may be used for at most this many days after it was asked for.
""",
    "role": """
data-officer | data officer | Prepares and submits a partner's data.
controller-approver | controller approver | Decides for a partner which clauses it adopts.
key-custodian | key custodian | Holds the keys that open attributes.
linkage-operator | linkage operator | Runs the linkage; sees no attribute and may never ask for one.
analyst | analyst | Asks for linked figures for a stated purpose.
output-checker | output checker | Looks at what is about to leave.
board-member | member of the ethics board | Recommends policies.
board-chair | chair of the ethics board | Leads the board; may suspend alone, never widen alone.
secretariat | secretariat | Keeps the board's papers.
witness | witness | Cosigns the log for a partner.
auditor | auditor | Checks the record of what happened.
""",
    "organisation": """
police | a police force | A chief officer of police.
fire-and-rescue | a fire and rescue authority | A fire and rescue authority.
local-policing-body | a local policing body | A police and crime commissioner, who hosts the partnership.
council | a council | A county, district or unitary council.
probation | a probation provider | A provider of probation services.
youth-offending-team | a youth offending team | A youth offending or youth justice team.
school | a school or college | An educational authority.
prison | a prison or youth custody authority | A prison, young offender institution or secure training centre.
icb | an integrated care board | An integrated care board.
nhs-trust | an NHS trust | An NHS trust, foundation trust or ambulance service.
gp-practice | a GP practice | A general practice.
voluntary-sector | a charity | A voluntary sector organisation.
university | a university | A university or research institute.
""",
    # From coarse to fine.
    "area": """
whole-area | the whole area | The whole area of the partnership.
local-partnership | local partnership | One of the local partnerships.
ward | ward | An electoral ward.
LSOA | small area (LSOA) | A census area of about 1,500 people.
""",
    "gateway": """
PCSC-s16 | section 16 of the Police, Crime, Sentencing and Courts Act 2022 | Bodies under the Serious Violence Duty may disclose what they hold to each other for the duty.
PCSC-s17 | section 17 of the Police, Crime, Sentencing and Courts Act 2022 | A local policing body may require information to monitor the duty, and for nothing else.
PCSC-s10 | regulations under section 10 of the Police, Crime, Sentencing and Courts Act 2022 | Prescribed others may disclose for the duty.
CDA-s115 | section 115 of the Crime and Disorder Act 1998 | Anybody may disclose to a relevant authority what is necessary or expedient under the Act.
CDA-s17A | section 17A of the Crime and Disorder Act 1998 | Relevant authorities share depersonalised information.
DEA-s64 | section 64 of the Digital Economy Act 2017 | Public authorities may disclose de-identified information for accredited research.
COPI-s251 | section 251 support under the Control of Patient Information Regulations 2002 | Confidential patient information may be used with the support of the Confidentiality Advisory Group.
OMA-s14 | section 14 of the Offender Management Act 2007 | Information may be disclosed for the management of offenders.
CDA-s39 | section 39 of the Crime and Disorder Act 1998 | Youth offending teams coordinate youth justice services.
""",
    "principle": """
public-good | public good | The use of data has clear benefits for users and serves the public good.
confidentiality | confidentiality | People's identities are protected and information is kept confidential and secure.
methods-and-quality | methods and quality | Methods are sound and the limits of the data are stated.
legal-compliance | legal compliance | The law is followed, and so is the spirit of it.
public-views | public views | What the public thinks is considered.
transparency | transparency | Access, use and sharing of data are open to see.
""",
    "stage": """
submission | submission | A partner hands sealed data to the centre.
linkage | linkage | Records of several partners are joined.
release | release | A result leaves the centre.
""",
}
