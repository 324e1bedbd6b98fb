"""Swedish rows of sample/many; corpus.py says what a language's file holds and how a pattern reads."""

from gazetteers import words

GIVEN = words("""Agneta, Albin, Anette, Arvid, Åke, Åsa, Axel, Bengt, Birgitta, Björn, Bo, Britta, Carina, Ebba, Elin, Elsa, Emelie, Fredrik, Frida, Göran, Greta, Gunnar, Gunilla,
    Håkan, Hedda, Hjalmar, Inga, Ingvar, Jonas, Kerstin, Kjell, Lennart, Linnéa, Lisbet, Maja, Mats, Mårten, Nils, Olof, Pär, Pernilla, Ragnar, Rolf, Sigvard, Sixten, Sören,
    Stig, Sture, Tage, Tyra, Ulf, Viveka, Yngve, Örjan""")
SURNAMES = words("""Ahlström, Andersson, Bergström, Björk, Blomqvist, Boström, Dahlberg, Ek, Eklund, Engström, Eriksson, Fransson, Gustafsson, Hägg, Håkansson, Hedlund,
    Hellström, Holm, Holmgren, Isaksson, Jakobsson, Jönsson, Karlsson, Lindgren, Lindqvist, Ljung, Löfgren, Lundin, Magnusson, Månsson, Mattsson, Norberg, Nordin, Nyström,
    Öberg, Olofsson, Öhman, Palm, Persson, Rosén, Sandberg, Sjöberg, Söderberg, Ståhl, Strand, Sundström, Svensson, Wallin, Wikström""")
TOWNS = words("""Ängelholm, Arboga, Arvika, Borås, Borlänge, Eskilstuna, Falun, Gävle, Göteborg, Halmstad, Härnösand, Helsingborg, Jönköping, Kalmar, Karlskrona, Karlstad,
    Kiruna, Köping, Kristianstad, Landskrona, Lidköping, Linköping, Ludvika, Luleå, Lund, Mora, Norrköping, Norrtälje, Nyköping, Örebro, Örnsköldsvik, Östersund, Piteå,
    Sala, Skellefteå, Skövde, Stockholm, Strängnäs, Sundsvall, Trelleborg, Uddevalla, Umeå, Uppsala, Varberg, Västerås, Växjö, Visby, Ystad""")
COUNTRIES = words("""Tyskland, Frankrike, Italien, Spanien, Ungern, Sverige, Polen, Norge, Finland, Österrike, Belgien, Ryssland, Grekland, Irland, Turkiet, Brasilien, Japan,
    Sydafrika, Tanzania, Kenya, Egypten, Portugal, Kanada, Indien""")
SUBJECTS = words("juridik, medicin, musik, historia, fysik, kemi, filosofi, litteratur")
MONTHS = words("januari, februari, mars, april, maj, juni, juli, augusti, september, oktober, november, december")

PHRASES = {
    "person": """
        6x {given} {surname}
        {given} {given} {surname}
        {given} af {surname}""",
    "club": """
        2x FC {town}
        2x {town} <IF|BK|AIK>
        2x IFK {town}
        Dynamo {town}""",
    "school": """
        3x {town} universitet
        Musikhögskolan i {town}
        {town} tekniska högskola""",
    "company": """
        2x {surname} & {surname}
        2x {surname} <AB|Förlag|Motor>
        {acronym} Holding
        {acronym}
        Banken i {town}""",
    "party": """
        2x <Liberala|Nationella|Gröna|Demokratiska> partiet
        Bondepartiet i {country}""",
    "place": """
        4x {town}
        2x {country}
        <Norra|Södra> {town}
        {surname} &sjön""",
}

CLAUSES = """
    3x {person} föddes {year} i {city}
    2x {person} dog i {city} den {day} {month} {year}
    2x {person} studerade {subject} vid {school}
    {person} undervisade i {subject} vid {school} från {early} till {late}
    2x {person} flyttade {year} från {city} till {city}
    2x {person} spelade för {club} och senare för {club}
    2x {club} vann cupen {year}
    2x {club} besegrade {club} i finalen med {score}
    företaget {company} grundades {year} i {city} av {person}
    {company} har huvudkontor i {city}
    2x {company} köpte {company} för {number} miljoner
    {lastname} blev medlem i {party}
    2x {party} fick {number} mandat i {land}
    2x {city} är den största staden i {land}
    {city} ligger {number} kilometer från {city}
    {person} och {person} bodde i {city}
    {year} återvände {lastname} till {place}
    boken om {lastname} gavs ut i {city}
    2x {org} öppnade ett nytt kontor i {city}
    {person} skrev flera brev till {lastname}
    {year} bodde {number} människor i {city}
    {land} slöt {year} ett avtal med {land}
    tågen går från {city} till {city} två gånger om dagen
    {person} har lett {org} sedan {year}"""

AND = "och"
