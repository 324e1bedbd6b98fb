"""Italian rows of sample/many; corpus.py says what a language's file holds and how a pattern reads."""

from gazetteers import words

GIVEN = words("""Alberto, Aldo, Alessandra, Alessia, Andrea, Angela, Arianna, Beatrice, Bianca, Chiara, Cinzia, Claudia, Cristina, Dario, Davide, Donatella,
    Edoardo, Elisa, Emanuele, Fabio, Federica, Filippo, Francesca, Gabriele, Giacomo, Gianni, Giorgio, Giovanni, Giulia, Giuseppe, Ilaria, Leonardo,
    Luigi, Massimo, Niccolò, Nicolò, Ottavio, Paola, Piero, Raffaele, Renzo, Roberta, Salvatore, Serena, Silvio, Stefania, Tommaso, Ugo, Vittorio""")
SURNAMES = words("""Amato, Barbieri, Basile, Battaglia, Bellini, Benedetti, Bruno, Caruso, Cattaneo, Colombo, Coppola, D'Angelo, De Luca, Fabbri, Farina, Ferraro,
    Fontana, Galli, Gatti, Gentile, Giordano, Grassi, Greco, Guerra, Leone, Longo, Mancini, Marchetti, Mariani, Martinelli, Messina, Monti, Morelli,
    Negri, Orlando, Pagano, Palumbo, Parisi, Pellegrini, Rinaldi, Rizzo, Romano, Sala, Santoro, Serra, Testa, Valentini, Villa, Vitale""")
TOWNS = words("""Ancona, Arezzo, Asti, Bari, Bergamo, Bologna, Bolzano, Brescia, Cagliari, Catania, Como, Cremona, Cuneo, Empoli, Faenza, Ferrara, Firenze, Foggia,
    Forlì, Genova, Gorizia, L'Aquila, Lecce, Livorno, Lucca, Mantova, Matera, Messina, Milano, Modena, Napoli, Novara, Padova, Parma, Pavia, Perugia, Pesaro,
    Piacenza, Pisa, Potenza, Ravenna, Rimini, Roma, Salerno, Siena, Taranto, Torino, Trento, Trieste, Udine, Venezia, Vicenza""")
COUNTRIES = words("""Germania, Francia, Italia, Spagna, Ungheria, Svezia, Polonia, Norvegia, Finlandia, Austria, Belgio, Russia, Grecia, Irlanda, Turchia, Brasile,
    Giappone, Sudafrica, Tanzania, Kenya, Egitto, Portogallo, Canada, India""")
SUBJECTS = words("diritto, medicina, musica, storia, fisica, chimica, filosofia, letteratura")
MONTHS = words("gennaio, febbraio, marzo, aprile, maggio, giugno, luglio, agosto, settembre, ottobre, novembre, dicembre")

PHRASES = {
    "person": """
        6x {given} {surname}
        {given} {given} {surname}
        {given} di {surname}""",
    "club": """
        2x FC {town}
        2x <AC|Real|Sporting> {town}
        {town} Calcio
        Dynamo {town}""",
    "school": """
        3x Università di {town}
        Accademia di {town}
        Istituto {surname}""",
    "company": """
        2x {surname} & {surname}
        2x {surname} <SpA|Editore|Fratelli>
        {acronym} Holding
        {acronym}
        Banca di {town}""",
    "party": """
        2x Partito <liberale|nazionale|popolare|socialista>
        Partito della libertà""",
    "place": """
        4x {town}
        San {given} di {town}
        Monte {surname}""",
}

CLAUSES = """
    3x {person} nacque a {city} nel {year}
    2x {person} morì a {city} il {day} {month} {year}
    2x {person} studiò {subject} all' {school}
    {person} insegnò {subject} all' {school} dal {early} al {late}
    2x {person} lasciò {city} per {city} nel {year}
    2x {person} giocò per il {club} e poi per il {club}
    2x il {club} vinse la coppa nel {year}
    2x il {club} batté in finale il {club} {score}
    la ditta {company} fu fondata a {city} da {person} nel {year}
    {company} ha sede a {city}
    2x {company} comprò {company} per {number} milioni
    {lastname} aderì al {party}
    2x il {party} ottenne {number} seggi in {land}
    2x {city} è la città più grande in {land}
    {city} si trova a {number} chilometri da {city}
    {person} e {person} vissero a {city}
    nel {year} {lastname} tornò a {place}
    il libro su {lastname} uscì a {city}
    2x la direzione di {company} aprì un ufficio a {city}
    {person} scrisse molte lettere a {lastname}
    nel {year} vivevano {number} persone a {city}
    perciò il trattato fu firmato a {city} nel {year}
    i treni vanno da {city} a {city} due volte al giorno
    {person} guida il {party} dal {year}"""

AND = "e"
