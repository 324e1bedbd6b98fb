"""Rows of sample/many, drawn from the languages' files beside this one: a pure function of the seed.

A language's file holds its names (GIVEN, SURNAMES, TOWNS, COUNTRIES), its words (SUBJECTS, MONTHS), how mentions are built
(PHRASES), its main clauses (CLAUSES) and the word that joins two of them (AND). A pattern reads as in english_text.py: `3x `
gives it three shares, `{name}` is a slot, `<a|b>` chooses, `&` glues a word to the one before; in Turkish `{city+da}` asks
for a case. A row is a title, or one to three clauses.
"""

import random

import gazetteers
from corpus import OWN_SHARE, TAGS, Row, Writer, filled, weighted
from many import afrikaans, english, french, german, hungarian, italian, swahili, swedish, turkish

SPLITS = {"train": 400, "validation": 100, "test": 100}
TEXTS = {
    "en": english,
    "tr": turkish,
    "de": german,
    "fr": french,
    "it": italian,
    "af": afrikaans,
    "sw": swahili,
    "hu": hungarian,
}
SHORTEST, LONGEST = 3, 25  # tokens of a row
ROW_KINDS = {"title": 0.28, "one": 0.40, "two": 0.22, "three": 0.10}
# Whose names a text speaks of: its own language's, those of all, and another language's.
ORIGINS = {"own": 0.58, "shared": 0.32, "foreign": 0.10}
HELD_OUT_DRAWS = 0.3  # of the names of a scored split: names that only this split has

# Of a few phrases each language has its own; these are common to all.
PHRASES = {
    "lastname": "{surname}",
    "city": "{town}",
    "land": "{country}",
    "org": """
        3x {club}
        2x {school}
        2x {company}
        {party}""",
}
TITLES = """
    3x {person} ( {years} )
    2x {person} , {city}
    3x {city} , {land}
    2x {city} ( {land} )
    3x {club} {score} {club}
    {person} ( {club} )
    2x {person} – {company}
    {city} – {city} : {number} km
    2x {year} : {club}
    2x {school} , {city}
    2x '' {company} ''
    ** {person} – {party}
    {lastname} {number} , {lastname} {number} , {lastname} {number}
    {org} , {city} , {land}"""

GIVEN = {"shared": gazetteers.GIVEN["shared"]} | {lang: text.GIVEN for lang, text in TEXTS.items()}
SURNAMES = {"shared": gazetteers.SURNAMES["shared"]} | {lang: text.SURNAMES for lang, text in TEXTS.items()}
TOWNS = {"shared": gazetteers.TOWNS["shared"]} | {lang: text.TOWNS for lang, text in TEXTS.items()}

VOWELS = {"fr": "aàâeéèêëiîïoôuùûœ", "hu": "aáeéiíoóöőuúüű"}


def make_corpus(seed: int) -> dict[tuple[str, str], list[Row]]:
    """(language, split) -> rows. No token sequence occurs twice in the whole corpus."""
    owners = assign_names(seed)
    return filled(SPLITS, {
        (lang, split): ManyWriter(lang, split, owners, random.Random(f"{seed}/many/{lang}/{split}"))
        for lang in TEXTS
        for split in SPLITS
    })


def assign_names(seed: int) -> dict[str, str]:
    """Name -> the split that has it to itself, or "common", in all languages alike."""
    names = sorted({name for by_lang in (GIVEN, SURNAMES, TOWNS) for group in by_lang.values() for name in group})
    rng = random.Random(f"{seed}/many/names")
    return {name: rng.choices([*OWN_SHARE, "common"], [*OWN_SHARE.values(), 1 - sum(OWN_SHARE.values())])[0] for name in names}


class ManyWriter(Writer):
    """Writes rows of one language and split; `rng` is the only source of chance."""

    def __init__(self, lang: str, split: str, owners: dict[str, str], rng: random.Random):
        self.lang, self.split, self.owners, self.rng = lang, split, owners, rng
        self.text = TEXTS[lang]
        self.phrases = {name: weighted(block) for name, block in (PHRASES | self.text.PHRASES).items()}
        self.titles, self.clauses = weighted(TITLES), weighted(self.text.CLAUSES)

    def row(self) -> Row:
        """A row of SHORTEST to LONGEST tokens; one of another length is drawn anew."""
        while True:
            pairs = self.spelled(self.expand(self.pattern()))
            if SHORTEST <= len(pairs) <= LONGEST:
                return Row(tuple(token for token, _ in pairs), tuple(TAGS.index(tag) for _, tag in pairs))

    def pattern(self) -> str:
        kind = self.rng.choices(list(ROW_KINDS), list(ROW_KINDS.values()))[0]
        if kind == "title":
            return self.rng.choice(self.titles)
        clauses = self.rng.sample(self.clauses, {"one": 1, "two": 2, "three": 3}[kind])
        *before, last = clauses
        return " , ".join(before) + (f" {self.text.AND} " if before else "") + last + " ."

    def spelled(self, pairs: list[tuple[str, str]]) -> list[tuple[str, str]]:
        """What hangs on the next word (d' before a vowel), and the capital letter at the beginning."""
        written = []
        for i, (token, tag) in enumerate(pairs):
            following = pairs[i + 1][0][0].lower() if i + 1 < len(pairs) else ""
            if following and following in VOWELS.get(self.lang, ""):
                token = {("fr", "de"): "d'", ("hu", "a"): "az"}.get((self.lang, token), token)
            written.append((token.removesuffix("~"), tag))
        first, tag = written[0]
        capital = "İ" if self.lang == "tr" and first[0] == "i" else first[0].upper()
        return [(capital + first[1:], tag), *written[1:]]

    def text_of(self, slot: str) -> str:
        match slot:
            case "given":
                return self.name(GIVEN)
            case "surname":
                return self.name(SURNAMES)
            case "town":
                return self.name(TOWNS)
            case "hometown":
                return self.name(TOWNS, origin=self.lang)
            case "country":
                return self.rng.choice(self.text.COUNTRIES)
            case "subject":
                return self.rng.choice(self.text.SUBJECTS)
            case "month":
                return self.rng.choice(self.text.MONTHS)
            case "early":
                return str(self.rng.randint(1850, 1930))
            case "late":
                return str(self.rng.randint(1931, 2015))
            case "score":
                return f"{self.rng.randint(0, 6)}-{self.rng.randint(0, 6)}"
            case "initial" | "acronym" | "day" | "number" | "year" | "years":
                return super().text_of(slot)
        raise ValueError(f"{self.lang} has no slot {{{slot}}}")

    def name(self, by_origin: dict[str, list[str]], origin: str | None = None) -> str:
        """A given name, surname or town that this split may use."""
        drawn = self.rng.choices(list(ORIGINS), list(ORIGINS.values()))[0]
        foreign = self.rng.choice([lang for lang in TEXTS if lang != self.lang])
        origin = origin or {"own": self.lang, "shared": "shared", "foreign": foreign}[drawn]
        held_out = self.split != "train" and self.rng.random() < HELD_OUT_DRAWS
        allowed = {self.split} if held_out else {"common", self.split} if self.split == "train" else {"common"}
        return self.rng.choice([name for name in by_origin[origin] if self.owners[name] in allowed])
