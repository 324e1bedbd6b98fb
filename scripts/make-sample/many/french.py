"""French rows of sample/many; corpus.py says what a language's file holds and how a pattern reads.

The verbs stand in the passé simple, which has no gender; "de" becomes "d'" before a vowel when the row is written.
"""

from gazetteers import words

GIVEN = words("""Adèle, Agnès, Alain, Amélie, André, Antoine, Aurélie, Benoît, Bernard, Brigitte, Camille, Cécile, Céline, Chloé, Claude, Colette, Didier,
    Élise, Émile, Étienne, Fabrice, François, Françoise, Gaëlle, Geneviève, Gérard, Gilles, Guillaume, Hélène, Henri, Hervé, Jacques, Jérôme,
    Joëlle, Julien, Luc, Mathilde, Maxime, Noémie, Olivier, Pascal, Pierre, Raphaël, Rémi, Sébastien, Solène, Sylvie, Thérèse, Véronique, Yves""")
SURNAMES = words("""Aubert, Barbier, Beaumont, Besson, Blanchard, Bonnet, Bouchard, Boyer, Brunet, Chevalier, Clément, Colin, Deschamps, Dumas, Dupont, Durand,
    Faure, Fontaine, Fournier, François, Garnier, Gauthier, Girard, Guérin, Lacroix, Lambert, Lefèvre, Legrand, Lemaître, Leroy, Marchand, Mercier,
    Meunier, Morel, Noël, Perrin, Petit, Renaud, Richard, Rousseau, Roux, Simon, Thibault, Vasseur, Vincent""")
TOWNS = words("""Amiens, Angers, Annecy, Arles, Avignon, Bayonne, Besançon, Béziers, Bordeaux, Brest, Bruxelles, Caen, Calais, Cannes, Chambéry, Dijon,
    Épinal, Genève, Grenoble, Lausanne, Liège, Lille, Limoges, Lyon, Marseille, Metz, Montpellier, Mulhouse, Nancy, Nantes, Nice, Nîmes, Orléans, Pau,
    Poitiers, Reims, Rennes, Rouen, Saint-Étienne, Strasbourg, Toulon, Toulouse, Tours, Troyes, Valence, Versailles""")
COUNTRIES = words("""Allemagne, France, Italie, Espagne, Hongrie, Suède, Pologne, Norvège, Finlande, Autriche, Belgique, Russie, Grèce, Irlande, Turquie,
    Tanzanie, Égypte, Afrique du Sud, Suisse, Croatie, Argentine, Inde, Chine, Algérie""")
SUBJECTS = words("le droit, la médecine, la musique, l' histoire, la physique, la chimie, la philosophie, la littérature")
MONTHS = words("janvier, février, mars, avril, mai, juin, juillet, août, septembre, octobre, novembre, décembre")

PHRASES = {
    "person": """
        6x {given} {surname}
        {given} {given} {surname}
        {given} de {surname}""",
    "club": """
        2x FC {town}
        3x <Olympique|Stade|Racing> de {town}
        {town} HB
        Dynamo {town}""",
    "school": """
        3x Université de {town}
        École de musique de {town}
        Institut {surname}""",
    "company": """
        2x {surname} & {surname}
        2x {surname} <SA|Frères|Éditions>
        {acronym} Holding
        {acronym}
        Banque de {town}""",
    "party": """
        2x Parti <libéral|national|vert|socialiste>
        Parti du peuple""",
    "place": """
        4x {town}
        {town} &-sur-Mer
        Saint-Cœur de {town}""",
}

CLAUSES = """
    3x {person} naquit à {city} en {year}
    2x {person} mourut à {city} le {day} {month} {year}
    2x {person} étudia {subject} à l' {school}
    {person} enseigna {subject} à l' {school} de {early} à {late}
    2x {person} quitta {city} pour {city} en {year}
    2x {person} joua pour le {club} puis pour le {club}
    2x le {club} remporta la coupe en {year}
    2x le {club} battit le {club} en finale {score}
    la société {company} fut fondée à {city} par {person} en {year}
    {company} a son siège à {city}
    2x {company} acheta {company} pour {number} millions
    {lastname} devint membre du {party}
    2x le {party} obtint {number} sièges en {land}
    2x {city} est la plus grande ville en {land}
    {city} se trouve à {number} kilomètres de {city}
    {person} et {person} vécurent à {city}
    en {year} {lastname} revint à {place}
    le livre sur l'œuvre de {lastname} parut à {city}
    2x la direction de {company} ouvrit un bureau à {city}
    {person} écrivit plusieurs lettres à {lastname}
    {number} personnes vivaient à {city} en {year}
    le traité fut signé à {city} en {year}
    les trains vont de {city} à {city} deux fois par jour
    {person} dirige le {party} depuis {year}"""

AND = "et"
