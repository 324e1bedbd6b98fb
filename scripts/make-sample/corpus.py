"""Rows of tokens and IOB2 tags, drawn from the patterns: a pure function of the seed."""

import random
import re
from dataclasses import dataclass

import english_text
import gazetteers
import turkish_text
from english_text import MENTIONS
from turkish import suffix

TAGS = ["O", "B-PER", "I-PER", "B-ORG", "I-ORG", "B-LOC", "I-LOC"]
SPLITS = {"train": 1200, "validation": 300, "test": 300}
TEXTS = {"en": english_text, "tr": turkish_text}
ROW_KINDS = {
    "en": {"title": 0.27, "markup": 0.18, "list": 0.20, "sentence": 0.35},
    "tr": {"redirect": 0.17, "title": 0.08, "markup": 0.17, "list": 0.18, "sentence": 0.40},
}
# Whose names a text speaks of: its own language's, those of both, and the other language's.
ORIGINS = {"en": {"en": 0.70, "shared": 0.24, "tr": 0.06}, "tr": {"tr": 0.60, "shared": 0.28, "en": 0.12}}
# Share of names that one split has to itself; the rest is common. Held-out names make up HELD_OUT_DRAWS of a scored split's.
OWN_SHARE = {"train": 0.12, "validation": 0.14, "test": 0.14}
HELD_OUT_DRAWS = 0.4
NO_APOSTROPHE = 0.12  # of compounds: Partisine beside Partisi'ne
LOOSE_ENDING = 0.04  # Partisi 'ne, in two tokens, as Wikipedia's markup leaves it


@dataclass(frozen=True)
class Row:
    tokens: tuple[str, ...]
    tags: tuple[int, ...]


def make_corpus(seed: int) -> dict[tuple[str, str], list[Row]]:
    """(language, split) -> rows. No token sequence occurs twice in the whole corpus."""
    owners = assign_names(seed)
    return filled(SPLITS, {
        (lang, split): Writer(lang, split, owners, random.Random(f"{seed}/{lang}/{split}")) for lang in TEXTS for split in SPLITS
    })


def filled(counts: dict[str, int], writers: dict[tuple[str, str], "Writer"]) -> dict[tuple[str, str], list[Row]]:
    """(language, split) -> as many rows of its writer as the split has; none whose tokens were written before."""
    seen: set[tuple[str, ...]] = set()
    corpus = {}
    for (lang, split), writer in writers.items():
        rows: list[Row] = []
        while len(rows) < counts[split]:
            row = writer.row()
            if row.tokens not in seen:
                seen.add(row.tokens)
                rows.append(row)
        corpus[lang, split] = rows
    return corpus


def assign_names(seed: int) -> dict[str, str]:
    """Name -> the split that has it to itself, or "common". By name, so that a held-out town is no surname in train."""
    lists = [gazetteers.GIVEN, gazetteers.SURNAMES, gazetteers.TOWNS]
    names = sorted({name for by_lang in lists for group in by_lang.values() for name in group})
    rng = random.Random(f"{seed}/names")
    owners = {}
    for name in names:
        draw, owners[name] = rng.random(), "common"
        for split, share in OWN_SHARE.items():
            if 0 <= draw < share:
                owners[name] = split
            draw -= share
    return owners


class Writer:
    """Writes rows of one language and split; `rng` is the only source of chance."""

    def __init__(self, lang: str, split: str, owners: dict[str, str], rng: random.Random):
        self.lang, self.split, self.owners, self.rng = lang, split, owners, rng
        text = TEXTS[lang]
        self.phrases = {name: weighted(block) for name, block in text.PHRASES.items()}
        self.rows = {kind: weighted(block) for kind, block in text.ROWS.items()}
        self.words = {name: gazetteers.words(block) for name, block in text.WORDS.items()}

    def row(self) -> Row:
        kinds = ROW_KINDS[self.lang]
        kind = self.rng.choices(list(kinds), list(kinds.values()))[0]
        tokens, tags = [], []
        for token, tag in self.expand(self.rng.choice(self.rows[kind])):
            tokens.append(token.removesuffix("~"))
            tags.append(TAGS.index(tag))
        return Row(tuple(tokens), tuple(tags))

    def expand(self, pattern: str) -> list[tuple[str, str]]:
        """(token, tag) pairs of a pattern, slots filled; a token may still carry `~`."""
        pattern = re.sub(r"<([^<>]*)>", lambda m: self.rng.choice(m[1].split("|")), pattern)
        pairs: list[tuple[str, str]] = []
        for word in pattern.split():
            slot = re.fullmatch(r"(\*?)\{(\w+)(?:\+(\w+))?\}", word)
            if slot:
                (token, tag), *rest = self.fill(slot[2], slot[3])
                pairs += [(slot[1] + token, tag), *rest]
            elif word.startswith("&") and len(word) > 1:
                pairs[-1] = (pairs[-1][0] + word[1:], pairs[-1][1])
            else:
                pairs.append((word, "O"))
        return pairs

    def fill(self, slot: str, case: str | None) -> list[tuple[str, str]]:
        pairs = self.expand(self.rng.choice(self.phrases[slot])) if slot in self.phrases else self.leaf(slot)
        if slot in MENTIONS:
            kind = MENTIONS[slot]
            pairs = [(token, ("I-" if i else "B-") + kind) for i, (token, _) in enumerate(pairs)]
        if case is None:
            return pairs
        token, tag = pairs[-1]
        bare = token.removesuffix("~")
        ending = suffix(bare, case, possessive=token != bare)
        if tag != "O" and self.rng.random() < LOOSE_ENDING:
            return [*pairs[:-1], (bare, tag), ("'" + ending, "I" + tag[1:])]
        mark = "" if token != bare and self.rng.random() < NO_APOSTROPHE else "'"
        return [*pairs[:-1], (bare + mark + ending, tag)]

    def leaf(self, slot: str) -> list[tuple[str, str]]:
        return [(token, "O") for token in self.text_of(slot).split()]

    def text_of(self, slot: str) -> str:
        rng, lang = self.rng, self.lang
        match slot:
            case "given":
                return self.name(gazetteers.GIVEN)
            case "man":
                return self.name(gazetteers.MEN)
            case "surname":
                return self.name(gazetteers.SURNAMES)
            case "town":
                return rng.choice(gazetteers.EXONYMS[lang]) if rng.random() < 0.12 else self.name(gazetteers.TOWNS)
            case "hometown":
                return self.name(gazetteers.TOWNS, origin=lang)
            case "foreigntown":
                return self.name(gazetteers.TOWNS, origin=rng.choice(["en", "shared"]))
            case "country":
                return rng.choice(gazetteers.COUNTRIES[lang] + gazetteers.COUNTRIES["shared"])
            case "initial":
                return rng.choice("ABCDEFGHJKLMNPRSTW") + "."
            case "roman":
                return rng.choice(["I", "II", "III", "IV", "V", "VI"]) + ("." if lang == "tr" else "")
            case "ordinal":
                return rng.choice(["1st", "2nd", "3rd", "4th", "5th"])
            case "acronym":
                return rng.choice(gazetteers.ACRONYMS)
            case "adjective" | "foreignadjective":
                return rng.choice(gazetteers.ADJECTIVES["en" if slot.startswith("foreign") else lang])
            case "noun" | "foreignnoun":
                return rng.choice(gazetteers.NOUNS["en" if slot.startswith("foreign") else lang])
            case "idea":
                return rng.choice(gazetteers.IDEAS[lang])
            case "month":
                return rng.choice(gazetteers.MONTHS[lang])
            case "trade":
                return rng.choice(gazetteers.TRADES[lang])
            case "day":
                return str(rng.randint(1, 28))
            case "number":
                return str(rng.choice([rng.randint(1, 99), rng.randint(1, 99), rng.randint(100, 4000)]))
            case "year":
                return str(rng.choice([rng.randint(1650, 1899), rng.randint(1900, 2015), rng.randint(1960, 2015)]))
            case "years":
                born = rng.randint(1700, 1960)
                return f"{born}–{born + rng.randint(20, 90)}"
            case "score":
                return f"{rng.randint(0, 6)}{'–' if lang == 'en' else '-'}{rng.randint(0, 6)}"
            case "series":
                return f"{rng.randint(3, 4)} games to {rng.randint(0, 2)}"
            case "minutes":
                return f"{rng.randint(2, 7)}:{rng.randint(10, 59)}"
        return rng.choice(self.words[slot])

    def name(self, by_origin: dict[str, list[str]], origin: str | None = None) -> str:
        """A given name, surname or town that this split may use."""
        origins = ORIGINS[self.lang]
        origin = origin or self.rng.choices(list(origins), list(origins.values()))[0]
        held_out = self.split != "train" and self.rng.random() < HELD_OUT_DRAWS
        allowed = {self.split} if held_out else {"common", self.split} if self.split == "train" else {"common"}
        names = [name for name in by_origin[origin] if self.owners[name] in allowed]
        return self.rng.choice(names)


def weighted(block: str) -> list[str]:
    """Patterns of a block, each as often as its shares say."""
    patterns = []
    for line in filter(None, map(str.strip, block.splitlines())):
        shares = re.match(r"(\d+)x (.*)", line)
        patterns += [shares[2]] * int(shares[1]) if shares else [line]
    return patterns
