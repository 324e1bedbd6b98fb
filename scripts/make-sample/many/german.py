"""German rows of sample/many; corpus.py says what a language's file holds and how a pattern reads."""

from gazetteers import words

GIVEN = words("""Anke, Bernd, Birgit, Christoph, Dieter, Elke, Ernst, Friedrich, Fritz, Gerda, Gisela, Günther, Heike, Heinrich, Helga, Hermann,
    Ilse, Jochen, Johannes, Jörg, Jürgen, Klaus, Konrad, Liesel, Lothar, Ludwig, Matthias, Monika, Otto, Renate, Rolf, Rüdiger, Sabine,
    Siegfried, Sigrid, Thorsten, Ulrike, Ursula, Uwe, Waltraud, Werner, Wilhelm, Wolfgang""")
SURNAMES = words("""Albrecht, Baumann, Beck, Böhm, Brandt, Brückner, Dietrich, Engel, Fuchs, Graf, Groß, Günter, Haas, Heinze, Huber, Jäger, Kaiser, Kaufmann,
    Koch, Köhler, König, Kraus, Krüger, Lehmann, Ludewig, Maier, Möller, Müller, Neumann, Pfeiffer, Richter, Sauer, Schäfer, Schmitt, Schröder,
    Schulze, Schuster, Seidel, Strauß, Vogel, Voigt, Weiß, Winkler, Zimmermann""")
TOWNS = words("""Aachen, Augsburg, Bamberg, Bielefeld, Bochum, Braunschweig, Bremen, Chemnitz, Darmstadt, Dortmund, Düsseldorf, Erfurt, Essen,
    Flensburg, Frankfurt, Freiburg, Gießen, Göttingen, Graz, Hannover, Heidelberg, Innsbruck, Jena, Kassel, Köln, Linz, Lübeck, Magdeburg, Mainz,
    Meißen, München, Münster, Nürnberg, Passau, Potsdam, Regensburg, Rostock, Salzburg, Stuttgart, Tübingen, Ulm, Weimar, Wien, Würzburg""")
COUNTRIES = words("""Deutschland, Frankreich, Italien, Spanien, Ungarn, Schweden, Polen, Norwegen, Finnland, Österreich, Belgien, Russland, Griechenland,
    Irland, Großbritannien, Brasilien, Japan, Südafrika, Tansania, Kenia, Ägypten, Portugal, Kanada, Indien""")
SUBJECTS = words("Rechtswissenschaft, Medizin, Musik, Geschichte, Physik, Chemie, Philosophie, Literatur")
MONTHS = words("Januar, Februar, März, April, Mai, Juni, Juli, August, September, Oktober, November, Dezember")

PHRASES = {
    "person": """
        6x {given} {surname}
        {given} {given} {surname}
        {given} von {surname}""",
    "club": """
        2x FC {town}
        2x <SV|VfB|TSV|Eintracht|Borussia> {town}
        Dynamo {town}
        1. FC {town}""",
    "school": """
        3x Universität {town}
        Fachhochschule {town}
        Musikhochschule {town}
        {surname} &-Schule""",
    "company": """
        2x {surname} & {surname}
        2x {surname} <AG|GmbH|Verlag>
        {acronym} Holding
        {acronym}
        Stadtwerke {town}""",
    "party": """
        <Volks|Freiheits|Fortschritts> &partei
        <Arbeiter|Bauern> &partei {country}""",
    "place": """
        4x {town}
        2x {country}
        Bad {surname} &hausen
        {surname} &tal""",
}

CLAUSES = """
    3x {person} wurde {year} in {city} geboren
    2x {person} starb am {day} &. {month} {year} in {city}
    2x {person} studierte {subject} an der {school}
    {person} lehrte von {early} bis {late} {subject} an der {school}
    2x {person} zog {year} von {city} nach {city}
    2x {person} spielte für {club} und später für {club}
    2x {club} gewann {year} den Pokal
    2x {club} besiegte {club} im Finale mit {score}
    die Firma {company} wurde {year} von {person} in {city} gegründet
    {company} hat ihren Sitz in {city}
    2x {company} kaufte {company} für {number} Millionen
    {lastname} wurde Mitglied der {party}
    2x die {party} erhielt {number} Sitze in {land}
    2x {city} ist die größte Stadt in {land}
    {city} liegt {number} Kilometer von {city} entfernt
    {person} und {person} lebten in {city}
    {year} kehrte {lastname} nach {place} zurück
    das Buch über {lastname} erschien in {city}
    2x {org} eröffnete ein neues Büro in {city}
    {person} schrieb mehrere Briefe an {lastname}
    im Jahr {year} lebten {number} Menschen in {city}
    {land} schloss {year} einen Vertrag mit {land}
    zweimal am Tag fahren Züge von {city} nach {city}
    {person} leitet {org} seit {year}"""

AND = "und"
