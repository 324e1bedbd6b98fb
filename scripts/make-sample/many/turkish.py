"""Turkish rows of sample/many; corpus.py says what a language's file holds and how a pattern reads."""

import gazetteers
from gazetteers import words

GIVEN = gazetteers.GIVEN["tr"][::2]
SURNAMES = gazetteers.SURNAMES["tr"][:80:2]
TOWNS = gazetteers.TOWNS["tr"][:40]
COUNTRIES = words("""Almanya, Fransa, İtalya, İspanya, Macaristan, İsveç, Polonya, Norveç, Finlandiya, Avusturya, Belçika, Rusya,
    Yunanistan, İrlanda, Türkiye, Brezilya, Japonya, Güney Afrika, Tanzanya, Kenya, Mısır, Portekiz, Kanada, Hindistan""")
SUBJECTS = words("hukuk, tıp, müzik, tarih, fizik, kimya, felsefe, edebiyat")
MONTHS = gazetteers.MONTHS["tr"]

PHRASES = {
    "person": """
        6x {given} {surname}
        {given} {given} {surname}
        {given} {initial} {surname}""",
    "club": """
        3x {hometown} &spor
        2x {town} <SK|Gençlik>
        2x FC {town}
        Dynamo {town}""",
    "school": """
        3x {town} Üniversitesi~
        {surname} Koleji~
        {town} Anadolu Lisesi~""",
    "company": """
        2x {surname} & {surname}
        2x {surname} <Holding|Müzik|Kardeşler>
        {acronym} Holding
        {acronym}
        {country} Merkez Bankası~""",
    "party": """
        <Yeşil|Liberal|Ulusal|Sosyal Demokrat> Parti
        {country} <İşçi|Çiftçi> Partisi~""",
    "place": """
        4x {town}
        2x {country}
        Yeni {town}
        {surname} Gölü~""",
}

CLAUSES = """
    3x {person} {year} yılında {city+da} doğdu
    2x {person} {day} {month} {year} tarihinde {city+da} öldü
    2x {person} {school+da} {subject} okudu
    {person} {year} yılına kadar {school+da} {subject} dersi verdi
    2x {person} {year} yılında {city+dan} {city+a} taşındı
    2x {person} önce {club+da} , daha sonra {club+da} oynadı
    2x {club} {year} yılında kupayı kazandı
    2x {club} finalde {club+i} {score} yendi
    {company} {year} yılında {person} tarafından {city+da} kuruldu
    {company+in} merkezi {city+da} bulunur
    2x {company} {number} milyon liraya {company+i} satın aldı
    {lastname} {party+in} üyesi oldu
    2x {party} {land+da} {number} sandalye kazandı
    2x {city} , {land+in} en büyük kentidir
    {city} ile {city} arası {number} kilometredir
    {person} ve {person} {city+da} yaşadı
    {year} yılında {lastname} {place+a} döndü
    {lastname} hakkındaki kitap {city+da} yayımlandı
    2x {org} {city+da} yeni bir büro açtı
    {person} , {lastname+a} birçok mektup yazdı
    {year} yılında {city+da} {number} kişi yaşıyordu
    {land} {year} yılında {land} ile bir antlaşma imzaladı
    {city+dan} {city+a} günde iki tren kalkar
    {person} {year} yılından beri {org+i} yönetiyor"""

AND = "ve"
