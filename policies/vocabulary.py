"""The words of `vpp-vocab@3`, as data. Adding, removing or rewording one makes a new version.

Each row is: word | phrase used inside a sentence | one plain sentence. Order matters where a comment says so.
Sources: Five Safes for the questions a request answers; the UK Statistics Authority's ethical principles; GA4GH DUO and
W3C ODRL for the shape of permission, prohibition and duty; the Data Protection Act 2018 s. 38 for whom a police record is about
and for telling fact from assessment. The law behind each gateway is in `library/gateways.yaml`.
"""

from __future__ import annotations

from typing import Final

VERSION: Final = "vpp-vocab@3"

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
C6 | a direct identifier | A name, a number or a token, which is never released in any form.
""",
    "flag": """
patient_information | patient information | It derives from health records, however far back, and whoever holds it now.
health_or_social_care | held by a health or social care authority | It is held by a health or social care authority, which the Serious Violence Duty does not open.
under_18 | about people under 18 | It describes children.
third_party | about somebody else | It describes a person other than the one the record belongs to.
assessment | opinion rather than fact | It is somebody's assessment, such as intelligence or a risk grade.
terrorism | about terrorism | It concerns terrorism, which the Serious Violence Duty excludes.
""",
    "subject": """
suspect | people suspected of an offence | Somebody who is, or was, suspected of having committed an offence or being about to.
convicted | people convicted of an offence | Somebody whom a court found guilty, or who admitted it.
victim | victims of an offence | Somebody who was, or may have been, harmed by an offence.
witness | witnesses | Somebody who knows something about an offence, or was there.
""",
    "statement": """
fact | a fact | Something that happened and was recorded, such as an arrest.
assessment | an assessment | Somebody's opinion of a person, such as intelligence or a risk grade.
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
    "operation": """
is | is | The person has this value.
is-not | is not | The person has another value; somebody of whom nothing is recorded has none.
in | is one of | The person has one of these values.
within-days-after | within a time after | It happened on the day of the other event, or within this many days after it.
within-days-before | within a time before | It happened within this many days before the other event.
""",
    # In days, from short to long. There are no others, so that two requests never differ by a single day.
    "window": """
7 | one week | Seven days.
14 | two weeks | Fourteen days.
30 | 30 days | About a month.
60 | 60 days | About two months.
90 | 90 days | About three months.
182 | half a year | 182 days.
365 | one year | 365 days.
730 | two years | 730 days.
1095 | three years | 1,095 days.
1825 | five years | 1,825 days.
""",
    # From short to long.
    "period": """
month | by month | A month of the calendar.
quarter | by quarter | Three months of the calendar, from January, April, July or October.
year | by year | A year of the calendar.
""",
    "measure": """
count | the number of people | How many people there are.
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
exact-counts | the smallest count that is shown exactly | Where the floors and every clause that permits a request say so, counts from this number are shown as they are, and others are hidden besides.
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
COPI-r3 | regulation 3 of the Control of Patient Information Regulations 2002 | Confidential patient information may be used to control a risk to public health.
CA-s10 | sections 10 and 11 of the Children Act 2004 | Bodies cooperate for children's safety and welfare; it does not by itself permit records to be linked in bulk.
CA-s16LA | section 16LA of the Children Act 2004 | Bodies tell each other what they need to know to safeguard a child.
UKGDPR-ea | recognised legitimate interests under Article 6(1)(ea) of the UK GDPR | A body that is no public authority may share to prevent crime or to safeguard.
""",
    "evidence": """
request_reference | the reference of the request | The written request that the local policing body made.
statutory_instrument | the statutory instrument | The regulations that prescribe the discloser.
necessity_statement | a statement of necessity | Why the disclosure is necessary or expedient for the Act.
project_accreditation | the accreditation of the project | Until when the research project is accredited.
researcher_accreditation | the accreditation of the researchers | Until when everybody who works on it is accredited.
processor_accreditation | the accreditation of the processor | Until when whoever holds the data is accredited.
cag_ref | the reference of the support | The Confidentiality Advisory Group's reference of its support.
caldicott_approval | the Caldicott guardian's approval | The reference under which the Caldicott guardian approved the disclosure.
next_review | the date of the next annual review | Until when the support holds unless it is reviewed.
ndoo_checked_at | the day the national data opt-out was applied | When the records of people who opted out were last taken away.
legitimate_interest_assessment | the assessment of the legitimate interest | Which recognised interest it serves, and why the disclosure is necessary for it.
criminal_offence_condition | the condition for data about offences | The condition of Schedule 1 to the Data Protection Act 2018 that a body without official authority relies on.
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
