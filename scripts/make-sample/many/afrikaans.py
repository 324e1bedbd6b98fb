"""Afrikaans rows of sample/many; corpus.py says what a language's file holds and how a pattern reads."""

from gazetteers import words

GIVEN = words("""Adriaan, Alet, Andries, Annelie, Anneke, Barend, Charl, Christiaan, Corné, Danie, Deon, Dirk, Elmarie, Elsabé, Ettienne, Ferdi, Francois, Frikkie,
    Gert, Gideon, Hanlie, Hendrik, Hennie, Hettie, Ignatius, Ilze, Jaco, Jacobus, Johan, Karien, Kobus, Koos, Liezl, Lizette, Louwrens, Marietjie, Marlene,
    Mariëtte, Morné, Naudé, Nico, Petrus, Pieter, René, Retha, Riaan, Rudolf, Sarel, Schalk, Tertius, Tinus, Wessel, Willem, Zelda""")
SURNAMES = words("""Barnard, Basson, Bekker, Beukes, Booysen, Bosman, Botha, Brink, Burger, Cilliers, Coetzee, Conradie, De Villiers, De Wet, Du Plessis, Du Toit,
    Erasmus, Ferreira, Fourie, Geldenhuys, Grobler, Hattingh, Joubert, Jordaan, Kruger, Labuschagne, Lombard, Louw, Malan, Marais, Meyer, Mostert, Naudé,
    Nel, Olivier, Pienaar, Potgieter, Pretorius, Roux, Smit, Snyman, Steyn, Strydom, Swanepoel, Theron, Van Wyk, Venter, Verster, Viljoen, Visser, Vorster""")
TOWNS = words("""Bellville, Bethlehem, Bloemfontein, Brandfort, Calvinia, Ceres, Citrusdal, Clanwilliam, Durbanville, Ermelo, Franschhoek, Gansbaai, George, Graaff-Reinet,
    Grahamstad, Hermanus, Johannesburg, Kaapstad, Kimberley, Klerksdorp, Knysna, Krugersdorp, Ladysmith, Malmesbury, Middelburg, Mosselbaai, Nelspruit, Oudtshoorn,
    Paarl, Parys, Pietersburg, Piketberg, Polokwane, Pretoria, Prieska, Robertson, Rustenburg, Saldanha, Springbok, Standerton, Stellenbosch, Swellendam, Tulbagh, Upington,
    Vanrhynsdorp, Vryburg, Vryheid, Welkom, Windhoek, Worcester""")
COUNTRIES = words("""Duitsland, Frankryk, Italië, Spanje, Hongarye, Swede, Pole, Noorweë, Finland, Oostenryk, België, Rusland, Griekeland, Ierland, Turkye, Brasilië, Japan,
    Suid-Afrika, Tanzanië, Kenia, Egipte, Portugal, Kanada, Indië""")
SUBJECTS = words("regte, geneeskunde, musiek, geskiedenis, fisika, chemie, filosofie, letterkunde")
MONTHS = words("Januarie, Februarie, Maart, April, Mei, Junie, Julie, Augustus, September, Oktober, November, Desember")

PHRASES = {
    "person": """
        6x {given} {surname}
        {given} {given} {surname}
        {given} van {surname}""",
    "club": """
        2x FC {town}
        2x {town} <Sokkerklub|Rugbyklub>
        {town} <United|Rovers>
        Dynamo {town}""",
    "school": """
        3x Universiteit van {town}
        Hoërskool {town}
        Musiekskool {town}""",
    "company": """
        2x {surname} & {surname}
        2x {surname} <Bpk|Uitgewers|Motors>
        {acronym} Holding
        {acronym}
        Bank van {town}""",
    "party": """
        2x <Nasionale|Liberale|Groen|Vryheids> Party
        Arbeidersparty van {country}""",
    "place": """
        4x {town}
        2x {country}
        <Nieu|Groot> {town}
        {surname} &svlei""",
}

CLAUSES = """
    3x {person} is in {year} in {city} gebore
    2x {person} is op {day} {month} {year} in {city} oorlede
    2x {person} het {subject} aan die {school} studeer
    {person} het van {early} tot {late} {subject} aan die {school} gedoseer
    2x {person} het in {year} van {city} na {city} verhuis
    2x {person} het vir {club} en later vir {club} gespeel
    2x {club} het in {year} die beker gewen
    2x {club} het {club} in die eindstryd met {score} geklop
    die maatskappy {company} is in {year} deur {person} in {city} gestig
    {company} het 'n hoofkantoor in {city}
    2x {company} het {company} vir {number} miljoen gekoop
    {lastname} het lid van die {party} geword
    2x die {party} het {number} setels in {land} verower
    2x {city} is die grootste stad in {land}
    {city} lê {number} kilometer van {city} af
    {person} en {person} het in {city} gewoon
    in {year} het {lastname} na {place} teruggekeer
    die boek oor {lastname} het in {city} verskyn
    2x {org} het 'n nuwe kantoor in {city} oopgemaak
    {person} het verskeie briewe aan {lastname} geskryf
    in {year} het {number} mense in {city} gewoon
    {land} het in {year} 'n verdrag met {land} onderteken
    treine ry twee keer per dag van {city} na {city}
    {person} lei {org} sedert die môre van {day} {month} {year}"""

AND = "en"
