"""Hungarian rows of sample/many; corpus.py says what a language's file holds and how a pattern reads.

Endings that follow the vowels of a name stand on a noun behind it instead (Szeged városában). The article "a" becomes "az"
before a vowel when the row is written.
"""

from gazetteers import words

GIVEN = words("""Ágnes, Ákos, András, Anikó, Árpád, Attila, Balázs, Béla, Boglárka, Csaba, Csilla, Dénes, Dezső, Dóra, Edina, Előd, Enikő, Erzsébet, Etelka, Ferenc, Gábor, Gergő, Gyöngyi, György,
    Gyula, Hajnalka, Ildikó, Ilona, Imre, István, János, Jenő, József, Judit, Kálmán, Katalin, Kinga, Klára, Lajos, László, Lőrinc, Magdolna, Márta, Mátyás, Mihály, Miklós, Orsolya, Piroska,
    Réka, Rezső, Sándor, Szilvia, Tamás, Tünde, Vilmos, Zoltán, Zsófia, Zsuzsanna""")
SURNAMES = words("""Antal, Bakos, Balogh, Barta, Bíró, Bodnár, Bognár, Borbély, Csonka, Deák, Dobos, Dömötör, Dudás, Erdős, Faragó, Farkas, Fazekas, Fehér, Fülöp, Gál, Gulyás, Győri, Hegedűs,
    Horváth, Illés, Jónás, Juhász, Kántor, Katona, Kelemen, Király, Kocsis, Lengyel, Lukács, Magyar, Major, Mészáros, Molnár, Orbán, Oláh, Orosz, Pásztor, Pintér, Rácz, Sárközi, Sipos, Somogyi, Szabó,
    Szalai, Szekeres, Szőke, Szűcs, Takács, Tóth, Török, Varga, Végh, Veres, Vörös""")
TOWNS = words("""Ajka, Baja, Békéscsaba, Budapest, Cegléd, Debrecen, Dunaújváros, Eger, Érd, Esztergom, Gödöllő, Győr, Gyula, Hatvan, Hódmezővásárhely, Jászberény, Kaposvár, Karcag, Kecskemét,
    Keszthely, Kiskunhalas, Kőszeg, Makó, Miskolc, Mohács, Nagykanizsa, Nyíregyháza, Orosháza, Ózd, Paks, Pápa, Pécs, Salgótarján, Sárospatak, Siófok, Sopron, Szeged, Székesfehérvár, Szekszárd, Szentendre,
    Szolnok, Szombathely, Tata, Tatabánya, Tihany, Vác, Várpalota, Veszprém, Zalaegerszeg""")
COUNTRIES = words("""Németország, Franciaország, Olaszország, Spanyolország, Magyarország, Svédország, Lengyelország, Norvégia, Finnország, Ausztria, Belgium, Oroszország, Görögország,
    Írország, Törökország, Brazília, Japán, Tanzánia, Kenya, Egyiptom, Portugália, Kanada, India, Ukrajna""")
SUBJECTS = words("jogi, orvosi, zenei, történelem, fizika, kémia, filozófia, irodalom")
MONTHS = words("január, február, március, április, május, június, július, augusztus, szeptember, október, november, december")

PHRASES = {
    "person": """
        6x {surname} {given}
        {surname} {given} {given}
        Dr. {surname} {given}""",
    "club": """
        2x {town} FC
        2x {hometown} &i <TK|SE>
        {town} <Torna|Vasutas> Club
        Dynamo {town}""",
    "school": """
        3x {hometown} &i Egyetem
        {surname} {given} Gimnázium
        {hometown} &i Zeneművészeti Főiskola""",
    "company": """
        2x {surname} és {surname}
        2x {surname} <Kft.|Kiadó|Zrt.>
        {acronym} Holding
        {acronym}
        {hometown} &i Bank""",
    "party": """
        2x <Liberális|Nemzeti|Zöld|Szabadelvű> Párt
        <Munkás|Kisgazda> &párt""",
    "place": """
        4x {town}
        2x {country}
        {surname} &falva
        <Alsó|Felső> {town}""",
}

CLAUSES = """
    3x {person} {year} tavaszán született {city} városában
    2x {person} {year} &. {month} {day} &. napján hunyt el {city} városában
    2x {person} {subject} szakon végzett a {school} hallgatójaként
    {person} {early} és {late} között a {school} tanára volt
    2x {person} {year} őszén elköltözött {city} városából {city} közelébe
    2x {person} a {club} és később a {club} játékosa volt
    2x {year} nyarán a {club} nyerte a kupát
    2x a {club} a döntőben {score} arányban legyőzte a {club} csapatát
    a {company} céget {person} alapította {city} városában {year} őszén
    a {company} székhelye {city}
    2x a {company} {number} millióért megvette a {company} részvényeit
    {lastname} a {party} tagja lett
    2x a {party} {number} helyet szerzett {land} parlamentjében
    2x {city} a legnagyobb város {land} területén
    {city} {number} kilométerre fekszik {city} városától
    {person} és {person} {city} városában élt
    {year} telén {lastname} visszatért {place} területére
    a {lastname} életéről szóló könyv {city} városában jelent meg
    2x a {org} új irodát nyitott {city} központjában
    {person} több levelet írt {lastname} részére
    {year} elején {number} ember élt {city} városában
    {land} {year} folyamán szerződést kötött {land} kormányával
    naponta két vonat közlekedik {city} és {city} között
    {year} óta {person} vezeti a {org} munkáját"""

AND = "és"
