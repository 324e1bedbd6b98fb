"""English rows of sample/many; corpus.py says what a language's file holds and how a pattern reads."""

import gazetteers
from gazetteers import words

GIVEN = gazetteers.GIVEN["en"][::2]
SURNAMES = gazetteers.SURNAMES["en"][:80:2]
TOWNS = gazetteers.TOWNS["en"][:40]
COUNTRIES = words("""Germany, France, Italy, Spain, Hungary, Sweden, Poland, Norway, Finland, Austria, Belgium, Russia, Greece, Ireland,
    Turkey, Brazil, Japan, South Africa, Tanzania, Kenya, Egypt, Portugal, Canada, India""")
SUBJECTS = words("law, medicine, music, history, physics, chemistry, philosophy, literature")
MONTHS = gazetteers.MONTHS["en"]

PHRASES = {
    "person": """
        6x {given} {surname}
        {given} {given} {surname}
        {given} {initial} {surname}""",
    "club": """
        4x {town} <United|City|Rovers|Athletic>
        2x FC {town}
        Dynamo {town}""",
    "school": """
        3x University of {town}
        2x {surname} College
        {town} Academy of Music""",
    "company": """
        2x {surname} & {surname}
        2x {surname} <Motors|Records|Airlines>
        {acronym} Holding
        {acronym}
        Bank of {country}""",
    "party": """
        <Green|Liberal|National|Social Democratic> Party
        {country} <Farmers|Workers> Party""",
    "place": """
        4x {town}
        2x {country}
        {town} County
        Lake {surname}""",
}

CLAUSES = """
    3x {person} was born in {city} in {year}
    2x {person} died in {city} on {day} {month} {year}
    2x {person} studied {subject} at {school}
    {person} taught {subject} at {school} from {early} to {late}
    2x {person} moved from {city} to {city} in {year}
    2x {person} played for {club} and later for {club}
    2x {club} won the cup in {year}
    2x {club} beat {club} {score} in the final
    {company} was founded in {city} by {person} in {year}
    {company} has its head office in {city}
    2x {company} bought {company} for {number} million
    {lastname} became a member of the {party}
    2x the {party} won {number} seats in {land}
    2x {city} is the largest town in {land}
    {city} lies {number} kilometres from {city}
    {person} and {person} lived in {city}
    in {year} {lastname} returned to {place}
    the book about {lastname} was published in {city}
    2x {org} opened a new office in {city}
    {person} wrote several letters to {lastname}
    {number} people lived in {city} in {year}
    {land} signed a treaty with {land} in {year}
    trains run from {city} to {city} twice a day
    {person} has led {org} since {year}"""

AND = "and"
