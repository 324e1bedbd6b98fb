"""Turkish case endings after a name: vowel harmony, voicing, buffer letters, and how a foreign spelling sounds."""

VOWELS = "aıoueiöü"
BACK = "aıou"
VOICELESS = "fstkçşhpx"

# What the ear hears where the spelling misleads (English names, silent letters, front l); the ending follows the ear.
BY_EAR = {
    # ends of towns
    "ville": "vil", "dale": "deyl", "bury": "beri", "worth": "vört", "field": "fild", "wood": "vud", "ham": "hım", "bridge": "bric",
    "lisle": "layl", "cester": "stır", "chester": "çıstır", "caster": "kastır", "mouth": "mıt", "wich": "viç", "denver": "vır", "dover": "vır",
    "albany": "albani", "angeles": "encılıs",
    # surnames
    "stone": "ston", "wallace": "volıs", "montgomery": "mıntgamıri", "kennedy": "kenedi", "kelly": "keli", "perry": "peri", "murphy": "mörfi",
    "murray": "mörey", "gray": "grey", "wright": "rayt", "hughes": "hyuz", "shaw": "şo", "holmes": "holms", "howard": "hovırd", "young": "yang",
    "moreau": "moro", "dubois": "dübua", "laurent": "loran", "vic": "viç",
    **dict.fromkeys("""baker butler carter cooper fisher fletcher foster harper hunter miller palmer parker porter spencer tucker turner
        walker webster wheeler""".split(), "ır"),
    # given names
    "george": "corc", "james": "ceyms", "charles": "çarls", "grace": "greys", "jane": "ceyn", "alice": "elis", "florence": "florıns",
    "lawrence": "lorıns", "laurence": "lorıns", "rose": "roz", "lewis": "luis", "louise": "luiz", "caroline": "kerolayn", "charlotte": "şarlot",
    "theodore": "tiodor", "hugh": "hyu", "matthew": "metyu", "andrew": "endru", "jack": "cek", "kemal": "kemel", "cemal": "cemel",
    "meral": "merel", "senegal": "senegel", "nepal": "nepel",
    # words of clubs and titles
    "united": "yunaytıd", "rovers": "rovırs", "city": "siti", "tigers": "taygırs", "eagles": "igıls", "records": "rekırds", "garden": "gardın",
    "river": "rivır", "mirror": "mirır", "letter": "letır", "winter": "vintır", "summer": "samır", "road": "rod", "shadow": "şedo",
    "island": "aylınd", "kingdom": "kingdım", "moon": "mun", "dream": "drim", "forest": "forıst", "harbor": "harbır",
}
DIGITS = ["sıfır", "bir", "iki", "üç", "dört", "beş", "altı", "yedi", "sekiz", "dokuz"]
TENS = ["yüz", "on", "yirmi", "otuz", "kırk", "elli", "altmış", "yetmiş", "seksen", "doksan"]


def lower(word: str) -> str:
    return word.replace("I", "ı").replace("İ", "i").lower()


def sound(word: str) -> str:
    """The last syllable as it is spoken, enough to choose an ending."""
    if word.isdigit():
        units, tens = int(word[-1]), int(word[-2:-1] or 0)
        if units:
            return DIGITS[units]
        if word.endswith("000"):
            return "bin"
        return TENS[tens]
    bare = word.rstrip(".")
    if len(bare) > 1 and bare.isupper():  # letter by letter: SK is se-ka, TV is te-ve
        last = lower(bare[-1])
        return last if last in VOWELS else ("ka" if last == "k" else last + "e")
    low = lower(word)
    for spelling, heard in BY_EAR.items():
        if low.endswith(spelling):
            return heard
    return low[:-1] + "i" if low.endswith("y") and low[-2:-1] not in VOWELS else low


def suffix(word: str, case: str, possessive: bool) -> str:
    """The ending of `word` in one of the cases da (in), dan (from), a (to), i (object), in (of), la (with), dir (is).

    `possessive` marks a noun that already ends in the compound's -(s)I: Üniversitesi'nde, not Üniversitesi'de.
    """
    heard = sound(word)
    vowel = next((c for c in reversed(heard) if c in VOWELS), "e")
    open_ended = heard[-1] in VOWELS
    wide = "a" if vowel in BACK else "e"
    narrow = {"a": "ı", "ı": "ı", "o": "u", "u": "u", "e": "i", "i": "i", "ö": "ü", "ü": "ü"}[vowel]
    stop = "t" if heard[-1] in VOICELESS else "d"
    buffer_n = "n" if possessive else ""
    buffer_y = "n" if possessive else ("y" if open_ended else "")
    match case:
        case "da":
            return buffer_n + stop + wide
        case "dan":
            return buffer_n + stop + wide + "n"
        case "a":
            return buffer_y + wide
        case "i":
            return buffer_y + narrow
        case "in":
            return ("n" if open_ended else "") + narrow + "n"
        case "la":
            return ("y" if open_ended else "") + "l" + wide
        case "dir":
            return stop + narrow + "r"
    raise ValueError(f"unknown case {case!r}: da, dan, a, i, in, la or dir")
