"""Names of other alphabets and scripts: how near they come to the spelling that is usual in English, and nearer than letter by letter."""

import re

import pytest
from anyascii import anyascii
from jellyfish import jaro_winkler_similarity

from linkage.partner.identifiers import surname

# Name and usual English spelling; the least mean similarity (Jaro-Winkler) that the script must keep.
USUAL = {
    "Latin": (1.0, "Łukasz LUKASZ Yıldız YILDIZ İbrahim IBRAHIM Nguyễn NGUYEN Đặng DANG Şahin SAHIN Ștefan STEFAN Dvořák DVORAK Strauß STRAUSS Søren SOREN Þór THOR Żółć ZOLC"),
    "Cyrillic": (0.96, "Ольга OLGA Наталья NATALYA Юрий YURIY Дмитрий DMITRY Артём ARTEM Щербаков SHCHERBAKOV Олександр OLEKSANDR Ирина IRINA Хрущёв KHRUSHCHEV"),
    "Greek": (1.0, "Παπαδόπουλος PAPADOPOULOS Ευαγγελία EVANGELIA Γεώργιος GEORGIOS Χρήστος CHRISTOS Σταύρος STAVROS ΣΤΑΥΡΟΣ STAVROS"),
    "Arabic": (
        0.9,
        "محمد MUHAMMAD فاطمة FATIMA أحمد AHMAD علي ALI حسن HASAN حسين HUSSAIN خالد KHALID عمر OMAR يوسف YUSUF إبراهيم IBRAHIM مريم MARYAM عبدالله ABDULLAH "
        "عبدالرحمن ABDULRAHMAN محمود MAHMOUD مصطفى MUSTAFA طارق TARIQ سعيد SAEED نور NOUR زينب ZAINAB الحسن ALHASAN خديجة KHADIJA بلال BILAL ناصر NASSER وليد WALID",
    ),
    "Urdu": (0.87, "علی ALI قریشی QURESHI خان KHAN اقبال IQBAL شاہ SHAH بیگم BEGUM فاطمہ FATIMA احمد AHMED نسرین NASREEN پرویز PERVEZ شکیل SHAKEEL ملک MALIK جاوید JAVED"),
    "Devanagari": (0.97, "शर्मा SHARMA कुमार KUMAR राहुल RAHUL सिंह SINGH पटेल PATEL प्रिया PRIYA अमित AMIT रहमान RAHMAN मोहम्मद MOHAMMAD दीपक DEEPAK गुरुंग GURUNG चंद्र CHANDRA फ़ातिमा FATIMA"),
    "Gurmukhi": (0.95, "ਸਿੰਘ SINGH ਕੌਰ KAUR ਗੁਰਪ੍ਰੀਤ GURPREET ਮਨਪ੍ਰੀਤ MANPREET ਜਸਵਿੰਦਰ JASWINDER ਢਿੱਲੋਂ DHILLON ਗਿੱਲ GILL ਸੰਧੂ SANDHU ਅਮਨਦੀਪ AMANDEEP ਸ਼ਰਮਾ SHARMA"),
    "Bengali": (0.94, "রহমান RAHMAN মোহাম্মদ MOHAMMAD ইসলাম ISLAM খাতুন KHATUN বেগম BEGUM হোসেন HOSSAIN আহমেদ AHMED উদ্দিন UDDIN আলী ALI করিম KARIM মিয়া MIAH ফাতেমা FATEMA"),
    "Gujarati": (0.97, "પટેલ PATEL શાહ SHAH મહેતા MEHTA પ્રિયા PRIYA જોશી JOSHI દેસાઈ DESAI"),
    "Tamil": (0.95, "முருகன் MURUGAN செல்வம் SELVAM சுரேஷ் SURESH குமார் KUMAR கண்ணன் KANNAN ராஜன் RAJAN சிவா SIVA"),
    "Telugu": (0.9, "రామ RAMA రావు RAO లక్ష్మి LAKSHMI రెడ్డి REDDY"),
    "Chinese": (1.0, "王小明 WANGXIAOMING 李娜 LINA 张伟 ZHANGWEI 張偉 ZHANGWEI"),
    "Georgian, Armenian, Ethiopic": (1.0, "გიორგი GIORGI თამარ TAMAR Արմեն ARMEN አበበ ABEBE"),
}  # fmt: skip


def pairs(script: str) -> list[tuple[str, str]]:
    words = USUAL[script][1].split()
    return list(zip(words[::2], words[1::2], strict=True))


def mean(found: list[tuple[str, str]]) -> float:
    return sum(jaro_winkler_similarity(a, b) for a, b in found) / len(found)


@pytest.mark.parametrize("script", USUAL)
def test_a_name_comes_near_its_usual_english_spelling_and_no_further_off_than_letter_by_letter(
    script: str,
) -> None:
    ours = [(surname.clean(name) or "", usual) for name, usual in pairs(script)]
    by_letter = [(re.sub("[^A-Z]", "", anyascii(name).upper()), usual) for name, usual in pairs(script)]
    assert mean(ours) >= USUAL[script][0]
    assert mean(ours) >= mean(by_letter)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Артём", "Артем"), ("Фёдор", "Федор"), ("علي", "علی"), ("على", "علي"), ("فاطمة", "فاطمه"), ("مُحَمَّد", "محمد"), ("عبد الله", "عبدالله"), ("حســن", "حسن"),
        ("שָׂרָה", "שרה"), ("Наталья", "НАТАЛЬЯ"), ("張", "张"), ("क़ाज़ी", "क\u093cाज\u093cी"), ("Ｊｏｈｎ", "John"), ("\u200fعلي", "علي"), ("Игорь", "Игор"), ("ﻣﺤﻤﺪ", "محمد"),
    ],
)  # fmt: skip
def test_two_writings_of_one_name_are_one_name(one: str, other: str) -> None:
    first, second = surname.clean(one), surname.clean(other)
    assert first is not None
    assert second is not None
    assert first.replace(" ", "") == second.replace(" ", "")


@pytest.mark.parametrize(
    ("text", "value"), [("김민수", "GIMMINSU"), ("田中", "TIANZHONG"), ("שרה", "SRH"), ("สมชาย", "SMCHAY")]
)
def test_what_is_not_read_as_in_english_is_at_least_always_the_same(text: str, value: str) -> None:
    assert surname.clean(text) == value
