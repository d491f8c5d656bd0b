"""Rare surnames put together from syllables: the long tail that no list of common names contains."""

from collections.abc import Mapping
from typing import Final

import numpy as np

from .arrays import Texts
from .draws import draw, rank_weights, texts

# style -> beginnings, middles (often none), ends; a few spelled results may be real surnames, which does no harm
SYLLABLES: Final[Mapping[str, tuple[str, str, str]]] = {
    "british": (
        """ASH BECK BRAM BROAD BUCK CAL CASTLE CHER CLAVER COL CRAN CUL DEN DRAY EAST EDG ELM FAIR FEN FRAM GAR GOLD GREN
        HAD HAZEL HEN HIGH HOL HUN KEL KING LANG LIND LOX MAPLE MARL MEL MIL NETHER NOR OAK ORM PEN PUL RAD RAVEN RUS
        SAX SHER SOUTH STAN STRAT SWAN TAD THAT THURL TREN UPP WAL WEST WHIT WIN WOOL WYCH YARD""",
        "ER ING EN LE ES A IL ERS AN IS",
        """TON LEY HAM FORD WELL BY WORTH WICK DEN BURY COMBE STEAD FIELD GATE MERE COTT HURST BOURNE SHAW DALE MAN STOW
        ROW GRAVE TREE THWAITE HOLT LOW STONE WATER CLIFFE BROOK RICK NELL SALL ETT MORE POLE LAND WARD SON KIN LOCK""",
    ),
    "irish": (
        "MC O' MAC FITZ MCE MCGA MCI KIL DON CARR MUL DER FEEN GIL HAN KEN LAV NEV SHAU TOM TWO CLAN",
        "LA NA RA FA GA DO RO LO IL ER OR AN",
        "HERTY GAN NAGH LEY NIGAN NON RRELL DY VEY KIE LLAN RKIN THY SKEY VANEY DEN HAN LEHER MOND CHEY",
    ),
    "caribbean": (
        "BER CAR CLAR DEL DU GAL GRE HAR LAN LE MAR MON NEL PET RO SAIN SAL TOU VER WAL",
        "A E I O EN AR",
        "VILLE DIN LINE TON BERT MOND RIEUX SON NARD LIER RENT CHAND FORD MAN DEAU GREN LAND QUE",
    ),
    "south asian": (
        "AB AN BAL BHAT CHAN DAR DHAN FAR GHAZ GUL HAR IM JAG JAL KAL KHAL LAK MAH MUN NAG NAS PAN QAZ RAJ RAM SAL SHAH SUL TAR VID WAJ ZAM",
        "A I U AN AR IN ED",
        "WALA DEEN PURI KAR WANI MAL ANI NATHAN RAJAH JEE DAR GHANI ULLAH VI PAL SETTY MURTHY IAN ESH ATHI WAN AT AD ER",
    ),
    "west african": (
        "ADE AKIN AYO BAM CHI EKE FOLA IFE IKE KWA NANA NNA OBA OGUN OKE OLA OLU OMO ONYE OSA OYE TEM UCHE UDO UGO YAW",
        "BA DE FE KO LA MI NU RI TO WU",
        "YEMI BODE SANYA KUNLE RINDE DARA MIDE LEYE TUNJI NNA KWE CHUKWU ZIE TEY MPONG SAH TENG KORANTENG BOLA WALE LOWO",
    ),
    "southern african": (
        "CHI DHLA GO KA MA MAKO MANDI MU MUCHE MUDZA MUNYA NDA NGO NHA NYA RUSI SHA SI TA TSHA WA ZHU ZVI",
        "KA RA NGA RI TA MBI DZI SHA",
        "MBA NGA RWA DZVA MBO NDE YO RA NDA KWA VU SE TI ZA NYIKA WANDA NJE BVU",
    ),
    "slavic": (
        "BART BOG BOR BRZ CHOD CZER DOM DRO GAW GOL GRAB JAR JED KAL KAZ KLIM KOS KRAS KUB LAS LUB MAL MIK MOSZ OLK PAS PIET RAD RUD RYB SIEM SOB STAW SZUL TOP WIER WOL ZAB ZYG",
        "AN AR EL ER IN OL OW UL",
        "OWSKI EWICZ CZYK ASZEK INSKI IAK OWIAK UTA YNSKI ULA OSZ EJKO ICKI ENKO ACZ OWSKI UKAS",
    ),
    "romanian": (
        "AL BAD BRAT BUC CER COS DAN DOR DRAG FRUN GAV GRIG HOL IAC LUP MAN MIR NEG OLAR PAN PIN RAD SAL STEF TRAN URS VOI ZAH",
        "A E I O U AR IN",
        "ESCU EANU ARU ILA OIU ACHE EA UTA OREAN ICEANU IUC ASCU",
    ),
    "chinese": (
        "OU SI SHANG ZHU GONG DONG MU HUANG LING YU WEN XIAO",
        "",
        "YANG MA GUAN GE SUN FANG RONG FU HU CHI REN QIU WEI LUO BAI NING",
    ),
    "arabic": (
        "AL-BA AL-DU AL-FA AL-GHA AL-HA AL-KA AL-MA AL-QA AL-RU AL-SA AL-ZU BEN BOU EL-BA EL-KHA EL-MA ABU ABDI HAJI SHEIKH",
        "BA DI FA JA LA MU NA RA SI TA ZA",
        "RI WI DI HIM MAN NI SSAN RAN DARI MEL DOUN SHI TIM ZIZ KRI BOUL LIB KHAN GHI SAM",
    ),
}


def rare_surnames(style: str, *, size: int, rng: np.random.Generator) -> Texts:
    """``size`` surnames in one style; most are met once, some a few times, as in a real long tail."""
    beginnings, middles, ends = (texts(part.split()) for part in SYLLABLES[style])
    joined = _parts(beginnings, size=size, rng=rng) + _parts(ends, size=size, rng=rng)
    if len(middles):
        longer = rng.random(size) < 0.55
        middle = _parts(middles, size=size, rng=rng)
        start = _parts(beginnings, size=size, rng=rng)
        end = _parts(ends, size=size, rng=rng)
        joined = np.where(longer, start + middle + end, joined)
    return np.asarray(joined, dtype=np.object_)


def _parts(parts: Texts, *, size: int, rng: np.random.Generator) -> Texts:
    weights = rank_weights(len(parts), offset=6.0, exponent=0.6)
    chosen = parts[draw(weights, size=size, rng=rng)]
    return np.asarray(chosen, dtype=np.object_)
