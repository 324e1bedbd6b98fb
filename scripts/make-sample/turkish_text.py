"""The Turkish half: how mentions are built (PHRASES) and what rows look like (ROWS); see english_text.py for the patterns.

Here a slot may ask for a case, `{city+da}` (Ankara'da), and `~` behind a word says that it ends in the compound's possessive,
which the ending must know (Üniversitesi~ -> Üniversitesi'nde). `&` glues a word to the one before (Denizli &spor).
English-looking phrases (club names with United, titles of works) are shared with the English half, as in Wikipedia's text.
"""

PHRASES = {
    "person": """
        14x {given} {surname}
        3x {given} {given} {surname}
        {initial} {surname}
        {given} {initial} {surname}
        {given} <de|van|von|di> {surname}""",
    "lastname": """
        2x {surname}
        {given}""",
    "titled": """
        2x {given} {surname} ( {trade} )
        3x {noble}""",
    "noble": """
        2x {man} <Bey|Paşa|Efendi>
        {man} {man} Paşa
        {given} Sultan
        {roman} {man}
        Prens {man}
        Dr. {given} {surname}""",
    "org": """
        5x {club}
        4x {school}
        4x {company}
        2x {station}
        4x {public}
        4x {work}
        2x {event}""",
    "club": """
        4x {hometown} &spor
        2x {hometown} Belediyespor
        2x {town} <SK|FK|Gençlik>
        {hometown} İdman Yurdu~
        2x {foreigntown} <United|City|Rovers|Tigers|Eagles>
        {foreigntown} F.C.
        FC {foreigntown}
        Dynamo {foreigntown}""",
    "bareclub": """
        2x {hometown} &spor
        3x {town}""",
    "school": """
        5x {town} Üniversitesi~
        {town} Teknik Üniversitesi~
        {surname} Koleji~
        {surname} Üniversitesi~
        {town} Anadolu Lisesi~
        {town} <Tıp|Hukuk|İktisat> Fakültesi~
        {country} Bilimler Akademisi~""",
    "label": """
        {surname} Records
        {surname} Müzik
        {surname} Yayınları~
        {acronym}""",
    "company": """
        2x {surname} Holding
        {surname} Kardeşler
        2x {label}
        {surname} Vakfı~
        {surname} & {surname}
        {town} Havayolları~
        {country} Merkez Bankası~
        2x {acronym}
        {acronym} Grubu~
        {town} <Postası|Gazetesi>~""",
    "station": """
        2x {town} Garı~
        {town} <Doğu|Batı|Kuzey|Merkez> Tren İstasyonu~
        {town} Havalimanı~
        {surname} <Stadyumu|Tiyatrosu|Müzesi|Köprüsü>~
        {town} Müzesi~""",
    "public": """
        2x {team}
        2x {party}
        {town} Belediyesi~
        {town} Valiliği~
        {country} <Donanması|Ordusu|Hava Kuvvetleri>~
        {country} <Savunma|Maliye|Sağlık|Kültür> Bakanlığı~
        {town} Filarmoni Orkestrası~""",
    "team": """
        2x {country} millî futbol takımı~
        {country} Millî <Basketbol|Voleybol> Takımı~""",
    "party": """
        3x {idea} {idea} Parti
        {idea} Birlik Partisi~""",
    "work": """
        3x {adjective} {noun}
        2x The {foreignadjective} {foreignnoun}
        {foreignadjective} {foreignnoun}
        {noun} ve {noun}
        {given} ile {given}
        {given+a} Mektuplar
        {town+da} Bir {noun}
        Radyo {town}""",
    "titledwork": """
        3x {adjective} {noun} ( <albüm|film|roman|şarkı> )
        2x {given} ( <albüm|film|şarkı> )
        {town} ( <albüm|film|şarkı> )
        {noun} ( {year} filmi )""",
    "event": """
        2x {year} {country} Kupası~
        {country} Açık
        {town} <Maratonu|Film Festivali>~
        {year} {town} Olimpiyatları~
        {town} Muharebesi~
        {town} Antlaşması~""",
    "place": """
        9x {city}
        5x {land}
        3x {nature}
        <Kuzey|Güney|Doğu|Batı|Yeni> {town}
        {surname} <Caddesi|Sokağı|Meydanı>~""",
    "city": """
        {town}""",
    "land": """
        {country}""",
    "nature": """
        4x {water}
        {surname} Dağı~
        {surname} Adası~
        {adjective} <Vadi|Körfez>""",
    "water": """
        2x {town} Nehri~
        {town} Gölü~
        {surname} Gölü~""",
    "titledplace": """
        4x {town} , {town}
        2x {town} ( {country} )
        2x {town} ( <il|ilçe|köy|nehir> )
        {town} , {country}
        {surname} , {town}""",
}

ROWS = {
    "redirect": """
        4x <YÖNLENDİRME|YÖNLENDİRME|YÖNLENDİRME|YÖNLENDİR|yönlendirme> {titledplace}
        3x <YÖNLENDİRME|YÖNLENDİRME|YÖNLENDİR> {person}
        3x <YÖNLENDİRME|YÖNLENDİRME|YÖNLENDİR> {titled}
        6x <YÖNLENDİRME|YÖNLENDİRME|YÖNLENDİR> {org}
        2x YÖNLENDİRME {titledwork}
        3x <YÖNLENDİRME|YÖNLENDİR> {place}
        YÖNLENDİRME {city}
        YÖNLENDİRME {lastname}""",
    "title": """
        3x {person}
        2x {titled}
        3x {org}
        2x {place}
        {titledplace}
        {lastname}
        {person} ( {years} )
        {lastname} ( {years} )
        {city} ( {years} )
        {person} , {person} , {person}
        {city} - {city}
        {club} - {club}""",
    "markup": """
        4x ' '' {person} '' '
        4x ' '' {org} '' '
        4x ' '' {place} '' '
        2x ' '' {city} '' '
        ' '' {lastname} '' '
        2x '' {work} ''
        `` {work} '' ( {person} ) - {minutes}
        {person} – `` {work} ''
        ' '' {person} '' ' ( d. {day} {month} {year} , {place} )
        ' '' {city} '' ' , {land}
        ** {person} - {club}
        ** {place}
        {work} '' ( {year} )
        {titledplace} ''
        Dosya : {surname} &.jpg|küçükresim {person}
        Dosya : {town} &.jpg|küçükresim {place}""",
    "list": """
        2x {person} ( {number} )
        {person} ( {land} )
        {person} ( {club} )
        {person} , {club}
        {person} – {trade}
        {lastname} ( {city+dan} )
        {year} – {person}
        {year} – {work}
        {year} : {club}
        {day} {month} – {person} , {trade}
        {person} {number} , {person} {number} , {number} , {person} {number}
        {lastname} {number} , {lastname} {number} , {lastname} {number}
        {station} , {city} , {land}
        {land} : {number} / {number} ,
        {bareclub} {score} {bareclub}
        {bareclub} - {bareclub} : {score}
        {city} – {number} km
        Yönetmen : {person}
        Teknik direktör : {person} ( {club} )
        En İyi Kadın Oyuncu - {person}
        Belediye başkanı : {person} ( {party} )
        {company} – {city}
        Şampiyon : {club}
        {city} belediye başkanlığı seçimi sonuçları
        Kategori : {city} doğumlular
        Ayrıca bakınız {titledplace}""",
    "sentence": """
        2x {year+da} {place+da} doğdu .
        {day} {month} {year} tarihinde {city+da} <doğdu|öldü|evlendi> .
        {school+da} <okudu|ders verdi|hukuk okudu|müzik eğitimi aldı> .
        {school+dan} {year} yılında mezun <oldu|olmuştur> .
        {person} , {school+dan} mezun oldu .
        {year} yılında {club+a} <transfer oldu|kiralandı|imza attı> .
        {year} sezonunda {club+dan} {club+a} geçti .
        {club+da} <{number} maça çıktı|forma giydi|forma giymektedir> .
        {club} ve {club} takımlarında <oynadı|oynamaktadır> .
        Daha sonra {place+a} <taşındı|yerleşti|döndü|göç etti> .
        Ailesi {city+dan} {city+a} göç etmiştir .
        {person+la} <evlidir|evlendi|birlikte çalıştı> .
        <Oğlu|Kızı|Kardeşi> {trade} {person+dir} .
        <Bu|Daha sonra bu> <dizi|film|roman> {person} tarafından <yazıldı|çekildi|yönetildi> .
        <Filmin|Dizinin> yönetmeni {person+dir} .
        <Albüm|Şarkı> {year} yılında {label} tarafından <yayımlandı|çıkarıldı> .
        Filmde {person} ve {person} rol <aldı|almıştır> .
        {person} `` {work} '' <filminde|dizisinde> oynadı .
        '' {work} '' <albümü|romanı> {year+da} yayımlandı .
        {company} {year+da} {person} tarafından {city+da} kuruldu .
        {place+in} hemen <kuzeyinde|güneyinde|doğusunda|batısında> bulunur .
        {land+in} <başkenti|en büyük kenti> {city+dir} .
        {city} , {land+in} <başkentidir|en kalabalık kentidir> .
        {land} , {land} ve {land+da} bulunur .
        {water+in} kıyısında , {city} yakınlarında yer alır .
        {water+a} dökülür .
        Köy {city+a} {number} km uzaklıktadır .
        Köyün {city} iline uzaklığı {number} km'dir .
        {city} iline bağlı bir <köydür|beldedir> .
        <Ülkenin|Bölgenin> merkezi {city+dir} .
        {city} kent merkezinin nüfusu {number} kişidir .
        {city+i} {year+da} {land} <ordusu|kuvvetleri> ele geçirdi .
        {city} {year+da} {land} tarafından işgal edildi .
        {event} {year} yılında {city+da} <yapıldı|düzenlendi> .
        {event+i} {person} kazandı .
        Finalde {bareclub+i} {score} <yendi|mağlup etti> .
        Finalde {lastname+i} {score} yendi .
        {lastname} , {bareclub} maçında {few} gol attı .
        {lastname+in} golüyle {bareclub} maçı kazandı .
        {bareclub} , {bareclub+a} {score} yenildi .
        {bareclub} {year+da} ligden düştü .
        {person} , {city} <valisi|milletvekili> seçildi .
        {lastname} {year} yılında {city} <valisi|belediye başkanı> oldu .
        {person} {trade} olarak tanındı .
        {party} {year} seçimlerinde {number} sandalye kazandı .
        {party+a} <katıldı|üye oldu> ve {city} milletvekili seçildi .
        {org+in} <başkanı|yöneticisi|kurucusu> oldu .
        {org} ile anlaşma imzaladı .
        {lastname+in} <eserleri|öğrencileri> arasında {person} da vardır .
        {lastname} , {lastname} ve {lastname+dan} etkilendi .
        {city+da} {lastname} adına bir <müze|heykel> vardır .
        {station} {year+da} açıldı .
        {station+dan} {city+a} tren seferleri yapılır .
        Aynı yıl {person+in} yerine <takıma|göreve> getirildi .
        {year+da} {land} kralı {noble+a} karşı savaştı .
        {team} {land+i} {score} yendi .
        {year+dan} beri {company+da} <çalışmaktadır|görev yapmaktadır> .
        Halen {place+da} yaşamaktadır .
        Ev , {noble} tarafından {year+da} yaptırıldı .
        ve {lastname} {city+a} döndü .
        , {city+da} geçen çocukluğu ve {lastname+la} tanışması
        {person+a} göre {club+in} en iyi sezonu""",
}

WORDS = {
    "few": "1, 2, 3, 4, iki, üç, çok sayıda",
}
