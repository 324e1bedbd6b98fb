"""The English half: how mentions are built (PHRASES) and what rows look like (ROWS).

A line is a pattern, `3x ` in front gives it three shares. `{name}` is a slot: another phrase, a gazetteer or a number;
`<a|b>` chooses. A slot named in MENTIONS is an entity of that type, whatever stands inside it.
"""

MENTIONS = {
    "person": "PER", "lastname": "PER", "titled": "PER", "noble": "PER",
    "org": "ORG", "club": "ORG", "school": "ORG", "company": "ORG", "station": "ORG", "public": "ORG", "party": "ORG", "team": "ORG", "council": "ORG", "label": "ORG", "work": "ORG", "event": "ORG",
    "bareclub": "ORG", "titledwork": "ORG",
    "place": "LOC", "city": "LOC", "land": "LOC", "nature": "LOC", "water": "LOC", "titledplace": "LOC",
}

PHRASES = {
    "person": """
        14x {given} {surname}
        2x {given} {given} {surname}
        2x {initial} {surname}
        2x {given} {initial} {surname}
        {initial} {initial} {surname}
        {given} <de|van|von|di> {surname}""",
    "lastname": """
        3x {surname}
        {given}""",
    "titled": """
        3x {given} {surname} ( {trade} )
        2x {given} {surname} , Jr.
        3x {noble}""",
    "noble": """
        {man} {surname} , {ordinal} <Baron|Earl|Viscount> {surname}
        <Prince|Duke> {man} of {town}
        {given} of {town}
        {man} {roman}
        {man} {roman} of {country}
        Saint {given}
        Sir {man} {surname}
        Dr. {given} {surname}""",
    "org": """
        5x {club}
        4x {school}
        4x {company}
        2x {station}
        4x {public}
        5x {work}
        2x {event}""",
    "club": """
        6x {town} <United|City|Rovers|Rangers|Wanderers|Athletic|Tigers|Eagles|Lions|Bears|Hawks|Giants>
        3x {town} F.C.
        FC {town}
        Sporting {town}
        Dynamo {town}
        {surname} Athletic Club""",
    "bareclub": """
        {town}""",
    "school": """
        3x University of {town}
        3x {town} University
        2x {surname} College
        {surname} University
        {town} High School
        {town} School of <Medicine|Music|Law|Economics>
        St. {given} 's College , {town}
        {country} Academy of Sciences""",
    "label": """
        3x {surname} Records
        {acronym}
        {acronym} Music""",
    "company": """
        2x {surname} & {surname}
        2x {label}
        {surname} Brothers
        {surname} Motors
        {surname} Media Group
        {town} Airlines
        Bank of {country}
        2x {acronym}
        {acronym} Holding
        {surname} Foundation
        The {town} <Times|Herald|Post|Gazette>""",
    "station": """
        2x {town} railway station
        {town} <East|West|North|Central> railway station
        {town} International Airport
        {surname} <Stadium|Theatre|Museum|Bridge>
        {town} Museum of Art""",
    "public": """
        2x {team}
        2x {party}
        2x {council}
        {country} <Navy|Army|Air Force>
        {town} Philharmonic Orchestra""",
    "team": """
        2x {country} national football team
        {country} national <basketball|volleyball|rugby> team""",
    "council": """
        {town} City Council
        Ministry of <Defence|Finance|Health|Culture> ( {country} )
        {surname} Ministry""",
    "party": """
        3x {idea} {idea} Party
        {idea} Party of {country}""",
    "work": """
        3x {adjective} {noun}
        2x The {adjective} {noun}
        The {noun}
        {noun} of {town}
        {given} and {given}
        Letters to {given}
        {given} 's {noun}
        A {noun} in {town}
        {surname} v. {surname}
        Radio {town}""",
    "titledwork": """
        3x {adjective} {noun} ( <album|film|novel|song> )
        2x {given} ( <album|film|song> )
        {town} ( <album|film|song> )
        The {noun} ( {year} film )""",
    "event": """
        2x {year} {country} <Cup|Open|Championship>
        {country} Open
        {town} <Marathon|Film Festival|Grand Prix>
        {year} {town} Olympics
        Battle of {town}
        Treaty of {town}""",
    "place": """
        8x {city}
        4x {land}
        3x {nature}
        2x {town} , {country}
        2x {town} County
        <North|South|East|West|New> {town}
        {surname} <Street|Avenue|Square>""",
    "city": """
        {town}""",
    "land": """
        {country}""",
    "nature": """
        4x {water}
        Mount {surname}
        {surname} Island
        Cape {surname}
        {adjective} <Bay|Valley|Mountains>""",
    "water": """
        2x {town} River
        Lake {surname}
        Lake {town}""",
    "titledplace": """
        3x {town} , {country}
        2x {town} ( {country} )
        {town} , {town} County
        {town} ( <village|town|city|river> )
        {town} Township , {country}
        {surname} , {country}""",
}

ROWS = {
    "title": """
        6x {person}
        3x {titled}
        6x {org}
        2x {titledwork}
        4x {place}
        3x {titledplace}
        {lastname}
        2x {person} ( {years} )
        {lastname} ( {years} )
        {city} ( {years} )
        {work} ( {years} )
        {person} / {person}
        {person} , {person} , {person}
        {person} {person} {person}
        {city} – {city}
        {club} – {club}""",
    "markup": """
        3x ' '' {person} '' '
        3x ' '' {org} '' '
        3x ' '' {place} '' '
        ' '' {city} '' '
        ' '' {lastname} '' '
        2x '' {work} ''
        `` {work} '' ( {person} ) - {minutes}
        `` {work} '' – {person}
        ; ' '' {person} '' '
        : ' '' {club} '' ' defeated {club} '' {series} ''
        ' '' {person} '' ' ( born {day} {month} {year} in {place} )
        ' '' {city} '' ' , {land}
        ** {person} ( <captain|coach|{number}> )
        ** {place}
        REDIRECT {titled}
        REDIRECT {titledplace}
        REDIRECT {org}
        {work} '' ( {year} )
        {work} ''
        File : {surname} &.jpg|Portrait of {person}
        File : {town} &.jpg|View of {place}""",
    "list": """
        2x {person} ( {number} )
        {person} ( {land} )
        {person} ( {club} )
        {person} – {club}
        {person} – {trade}
        {person} – {trade} , {trade}
        {year} – {person}
        {year} – {work}
        {year} : {club}
        {month} {day} – {person}
        *{month} {day} – {person} , {trade} ( {years} )
        *{year} – {event} , {city}
        {person} , {land} , {score}
        {city} , {land} , {station}
        {land} : {number} / {number}
        {bareclub} {score} {bareclub}
        {bareclub} , {score} , {number}
        {lastname} {number} , {lastname} {number} , {lastname} {number}
        {number} , , {city} , {station}
        {person} , {school}
        {person} as {lastname}
        {person} – guitar , vocals
        Directed by {person}
        Written by {person} and {person}
        Obituary of {person} .
        Distance to {city} - {number} km
        Runner-up : {person} {score}
        Champion : {club}
        Mayor : {person} ( {party} )
        Communes of the {city} department
        List of mayors of {city}
        {station} ( {number} MW )
        Category : People from {city}
        See also {titledplace}""",
    "sentence": """
        2x <He|She> was born in {place} .
        <He|She> was born in {city} , {land} , <in|around> {year} .
        <He|She> <studied|taught|graduated> at {school} .
        <He|She> <studied|taught> {subject} at {school} in {city} .
        <He|She> <died|was buried|lived> in {place} <in|until> {year} .
        In {year} , <he|she> <joined|left|moved to> {club} .
        In {year} , <he|she> moved to {place} .
        After {year} <he|she> worked for {company} in {place} .
        <He|She> <played|signed> for {club} and {club} .
        <He|She> is married to <{trade} |>{person} .
        <His|Her> <son|daughter|brother|sister> was the {trade} {person} .
        <His|Her> great-grandson is <director|{trade}> {person} .
        The <album|song|book|film> '' {work} '' was <released|published> in {year} .
        The <album|song> was released by {label} in {month} {year} .
        The film <stars|features> {person} and {person} .
        It was <directed|written|produced|designed> by {person} .
        It was <founded|established> in {city} by {person} in {year} .
        It is located <in|near|north of|south of> {place} .
        It is found in {land} , {land} and {land} .
        It lies on the banks of the {water} near {city} .
        The <village|town|river> is part of {place} .
        The area was initially part of {place} .
        The <station|airport|bridge> connects {city} with {city} .
        The <team|club> <defeated|lost to|drew with> {club} {score} .
        {bareclub} <defeated|beat|lost to> {bareclub} {score} in the final .
        {lastname} <defeated|beat|lost to> {person} {score} in the final .
        {lastname} <scored|missed> against {bareclub} in {month} .
        {lastname} was <elected|appointed> <mayor|governor|bishop> of {city} in {year} .
        {person} was a <{nationality} |>{trade} .
        {person} was <elected|appointed> to the {council} in {year} .
        {person} of {club} won the {event} .
        {person} , {trade} and {trade} , <died|was born> in {city} .
        {city} is the <capital|largest city> of {land} .
        {city} was <captured|occupied|destroyed> by {land} in {year} .
        {company} <bought|sold> {company} in {year} .
        {company} opened an office in {place} in {year} .
        The {party} won {number} seats in the {year} election .
        <He|She> later became <president|director|chairman> of {org} .
        <He|She> was a member of the {party} .
        The {team} <played|defeated|hosted> {land} {score} .
        <He|She> <appeared|starred> in {work} ( {year} ) .
        <He|She> wrote `` {work} '' with {person} .
        <He|She> was influenced by {lastname} , {lastname} and {lastname} .
        <He|She> succeeded {person} as <president|director|captain> of {org} .
        In the final , {lastname} scored a goal against {club} .
        On {day} {month} {year} , {person} met {person} in {city} .
        On {month} {day} , {year} , the {event} was held in {city} .
        They had <one|two|three> children , among them {person} ( {years} ) .
        The house was built by {noble} for {person} .
        The district was named after {person} .
        The <song|book> also reached number {number} in {land} .
        The company <moved|returned> from {city} to {city} in {year} .
        Many <people|families> from {land} settled in {city} .
        There is a <museum|statue|street> named after {lastname} in {city} .
        First recorded in {place} on {month} {day} , {year} .
        , and {lastname} returned to {city} .
        when {person} left the {club} ;
        and the road to {place}
        who had been with {company} since {year} .""",
}

WORDS = {
    "subject": "law, medicine, music, history, physics, economics, painting, philosophy, chemistry, architecture",
    "nationality": "German, French, Italian, Polish, Turkish, Spanish, Swedish, American, British, Greek",
}
