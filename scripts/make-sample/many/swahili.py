"""Swahili rows of sample/many; corpus.py says what a language's file holds and how a pattern reads."""

from gazetteers import words

GIVEN = words("""Abdallah, Aisha, Amani, Amina, Asha, Athumani, Baraka, Bakari, Chiku, Dalila, Daudi, Fadhili, Farida, Fatuma, Furaha, Habiba, Halima, Hamisi, Hawa, Imani, Jabali,
    Jamila, Jelani, Juma, Kamau, Khadija, Khamisi, Kito, Latifa, Mariamu, Masudi, Mosi, Mwajuma, Mwanaidi, Neema, Nia, Nuru, Omari, Pendo, Rashidi, Rehema, Saidi, Salama, Salima, Saumu,
    Shabani, Sharifa, Sudi, Subira, Tabia, Tatu, Tumaini, Upendo, Wambui, Yakubu, Zainabu, Zawadi, Zuberi, Zuhura""")
SURNAMES = words("""Achieng, Bakuza, Chacha, Chande, Gitau, Haule, Kachwamba, Kahawa, Kamara, Kariuki, Kassim, Kawambwa, Kibona, Kihwelo, Kikwe, Kimaro, Kipchoge, Komba, Lema, Lyimo,
    Machumu, Magoma, Makame, Makonde, Malima, Maro, Massawe, Mbeki, Mbogo, Mboya, Mchome, Mgaya, Mkapa, Mkumbo, Mrisho, Msuya, Mtei, Mushi, Mutua, Mwakasege, Mwangi, Mwinyi, Ndege,
    Ngowi, Njoroge, Nyerere, Ochieng, Odinga, Otieno, Rajabu, Sanga, Shayo, Swai, Temba, Urassa, Wanjiru""")
TOWNS = words("""Arusha, Bagamoyo, Bukoba, Bujumbura, Chake Chake, Dar es Salaam, Dodoma, Eldoret, Entebbe, Garissa, Geita, Goma, Iringa, Isiolo, Kakamega, Kampala, Kericho, Kibaha, Kigali, Kigoma,
    Kilifi, Kisumu, Kitale, Korogwe, Lamu, Lindi, Machakos, Malindi, Mbarara, Mbeya, Meru, Mombasa, Morogoro, Moshi, Mtwara, Musoma, Mwanza, Naivasha, Nakuru, Namanga, Nanyuki, Njombe,
    Nyeri, Pangani, Shinyanga, Singida, Songea, Sumbawanga, Tabora, Tanga, Thika, Voi, Wete, Zanzibar""")
COUNTRIES = words("""Ujerumani, Ufaransa, Italia, Hispania, Hungaria, Uswidi, Poland, Norwei, Ufini, Austria, Ubelgiji, Urusi, Ugiriki, Eire, Uturuki, Brazil, Japani, Afrika Kusini, Tanzania,
    Kenya, Misri, Ureno, Kanada, Uhindi""")
SUBJECTS = words("sheria, tiba, muziki, historia, fizikia, kemia, falsafa, fasihi")
MONTHS = words("Januari, Februari, Machi, Aprili, Mei, Juni, Julai, Agosti, Septemba, Oktoba, Novemba, Desemba")

PHRASES = {
    "person": """
        6x {given} {surname}
        {given} {given} {surname}
        {given} wa {surname}""",
    "club": """
        2x FC {town}
        2x {town} <Stars|United|Rangers>
        <Simba|Chui> wa {town}
        Dynamo {town}""",
    "school": """
        3x Chuo Kikuu cha {town}
        Shule ya Sekondari {town}
        Chuo cha Muziki {town}""",
    "company": """
        2x {surname} & {surname}
        2x {surname} <Ltd|na Wana|Motors>
        {acronym} Holding
        {acronym}
        Benki ya {town}""",
    "party": """
        2x Chama cha <Kijani|Taifa|Wakulima|Wafanyakazi>
        Chama cha Umoja wa {country}""",
    "place": """
        4x {town}
        Mkoa wa {town}
        Ziwa {surname}""",
}

CLAUSES = """
    3x {person} alizaliwa mjini {city} mwaka {year}
    2x {person} alifariki mjini {city} tarehe {day} {month} {year}
    2x {person} alisoma {subject} katika {school}
    {person} alifundisha {subject} katika {school} kuanzia {early} hadi {late}
    2x {person} alihama kutoka {city} kwenda {city} mwaka {year}
    2x {person} alichezea {club} na baadaye {club}
    2x {club} ilishinda kombe mwaka {year}
    2x {club} iliifunga {club} {score} katika fainali
    kampuni ya {company} ilianzishwa mjini {city} na {person} mwaka {year}
    {company} ina makao makuu mjini {city}
    2x {company} ilinunua {company} kwa shilingi milioni {number}
    {lastname} alijiunga na {party}
    2x {party} kilipata viti {number} nchini {land}
    2x {city} ni mji mkubwa zaidi nchini {land}
    {city} uko kilomita {number} kutoka {city}
    {person} na {person} waliishi mjini {city}
    mwaka {year} {lastname} alirudi {place}
    kitabu kuhusu {lastname} kilichapishwa mjini {city}
    2x {company} ilifungua ofisi mpya mjini {city}
    {person} aliandika barua nyingi kwa {lastname}
    mwaka {year} watu {number} waliishi mjini {city}
    serikali ya {land} ilitia saini mkataba na {land} mwaka {year}
    treni husafiri kutoka {city} hadi {city} mara mbili kwa siku
    {person} ameongoza {org} tangu mwaka {year}"""

AND = "na"
