"""Every name and word list the sample is made from, written for it: common given names and surnames, well-known
cities and countries, and invented towns composed from parts. Combinations are random; they mean nobody.

The lists overlap on purpose. A third of the composed towns are surnames too (Ashford, Karatepe), some given names are
places (Milan, Deniz), and the international names stand in both languages: that is what makes a bare name ambiguous
and what a model can carry from one language to the other.
"""


def words(block: str) -> list[str]:
    """One name per comma, so that names may hold spaces."""
    return [w.strip() for w in block.replace("\n", " ").split(",") if w.strip()]


def compose(heads: str, tails: str, keep) -> list[str]:
    return [head + tail for head in words(heads) for tail in words(tails) if keep(head, tail)]


def every(step: int, offset: int):
    """A fixed thinning of head x tail combinations, so that the parts recur and the wholes do not crowd the lists."""
    count = iter(range(1_000_000))
    return lambda head, tail: head.lower() != tail and next(count) % step == offset


EN_TOWNS = compose(
    "Ash, Brook, Clay, Dun, Elm, Fair, Glen, Har, Kings, Lang, Mill, Nor, Oak, Pem, Red, Stan, Thorn, Wal, West, Win",
    "bury, dale, field, ford, ham, ton, ville, wood, worth, port",
    every(3, 1),
)
TR_TOWNS = compose(
    "Kara, Ak, Gök, Yeşil, Kızıl, Sarı, Boz, Taş, Demir, Ulu, Koca, Çam, Kavak, Elma, Gül, Yeni, Eski, Alaca, Çay, Kuru",
    "köy, tepe, su, pınar, hisar, dere, ova, kaya, bağ, yurt, saray",
    every(3, 0),
)

GIVEN = {
    "en": words("""
        Adam, Alice, Amelia, Andrew, Arthur, Audrey, Benjamin, Bridget, Caleb, Caroline, Charles, Charlotte, Christopher,
        Clara, Colin, Daniel, Dorothy, Douglas, Edgar, Edith, Eleanor, Elizabeth, Emily, Emma, Ernest, Ethan, Evelyn, Felix,
        Florence, Frances, Frank, Frederick, George, Grace, Graham, Hannah, Harold, Harriet, Harvey, Helen, Henry, Hugh, Ian,
        Isabel, Jack, James, Jane, Janet, Jason, Jennifer, Jeremy, John, Joseph, Judith, Julia, Keith, Kenneth, Laurence,
        Leonard, Lewis, Lillian, Louise, Lucy, Mabel, Margaret, Mark, Martha, Matthew, Michael, Mildred, Nathan, Nicholas,
        Oliver, Oscar, Patricia, Patrick, Paul, Peter, Philip, Rachel, Ralph, Rebecca, Richard, Robert, Roger, Rose, Ruth,
        Samuel, Sarah, Simon, Stanley, Stephen, Susan, Theodore, Thomas, Timothy, Victoria, Virginia, Walter, William"""),
    "tr": words("""
        Ahmet, Ali, Arda, Asuman, Ayhan, Aylin, Aynur, Ayşe, Aziz, Bahar, Barış, Behçet, Belgin, Berk, Berna, Bülent, Burak,
        Burcu, Canan, Cem, Cemal, Cengiz, Ceren, Cevdet, Çağla, Çiğdem, Defne, Deniz, Derya, Didem, Ebru, Ece, Elif, Emine, Emre,
        Ercan, Erdem, Eren, Erol, Esra, Fatih, Fatma, Ferhat, Feride, Fikret, Filiz, Gizem, Gökhan, Gönül, Gülsüm, Hakan,
        Halil, Hande, Hasan, Hatice, Hülya, Hüseyin, İbrahim, İlhan, İpek, İsmail, Kaan, Kadir, Kemal, Kerem, Leyla, Levent,
        Mehmet, Melike, Meral, Merve, Metin, Murat, Mustafa, Nalan, Nazan, Nermin, Nihat, Nuray, Oğuz, Okan, Orhan, Osman,
        Ömer, Özge, Özlem, Pelin, Ramazan, Rıza, Salih, Seda, Selim, Selma, Semih, Serkan, Sevgi, Sibel, Sinan, Suna, Süleyman,
        Şebnem, Şükrü, Tarık, Tolga, Tuncay, Tülay, Uğur, Ufuk, Umut, Ümit, Veli, Volkan, Yasemin, Yaşar, Yusuf, Zehra, Zeynep"""),
    "shared": words("""
        Adrian, Alina, Anders, Anna, Antonio, Boris, Bruno, Carla, Carlos, Diego, Dimitri, Elena, Emil, Enzo, Erik, Eva, Felipe, Gustav,
        Hans, Hugo, Igor, Ingrid, Irina, Ivan, Jan, Jorge, Karl, Katarina, Lars, Laura, Leo, Lorenzo, Luca, Lucas, Magda, Marco,
        Maria, Mario, Marta, Martin, Mateo, Milan, Nadia, Nikola, Nina, Olga, Oskar, Pablo, Paolo, Pavel, Pedro, Petra, Rafael,
        Robin, Rosa, Sandra, Sergio, Sofia, Stefan, Sven, Tatiana, Tomas, Valentina, Vera, Victor, Viktor, Yuri, Zlatan"""),
}

# Those of the given names that go with Sir, Bey, a king's number.
MEN = {
    "en": words("""Adam, Andrew, Arthur, Benjamin, Charles, Christopher, Daniel, Edgar, Frederick, George, Harold, Henry, Hugh, James, John, Joseph,
        Laurence, Leonard, Matthew, Michael, Nicholas, Patrick, Philip, Ralph, Richard, Robert, Samuel, Simon, Stephen, Thomas, Walter, William"""),
    "tr": words("""Ahmet, Ali, Aziz, Behçet, Cemal, Cevdet, Ferhat, Fikret, Halil, Hasan, Hüseyin, İbrahim, İsmail, Kadir, Kemal, Kerem, Mehmet,
        Murat, Mustafa, Nihat, Orhan, Osman, Ömer, Ramazan, Rıza, Salih, Selim, Sinan, Süleyman, Şükrü, Tarık, Veli, Yusuf"""),
    "shared": words("Adrian, Boris, Carlos, Dimitri, Emil, Felipe, Gustav, Ivan, Karl, Leo, Martin, Nikola, Oskar, Pedro, Stefan, Viktor"),
}

SURNAMES = {
    "en": words("""
        Adams, Allen, Anderson, Baker, Barnes, Bennett, Brooks, Butler, Campbell, Carter, Clark, Coleman, Collins, Cooper, Cox,
        Crawford, Cunningham, Davis, Dixon, Edwards, Ellis, Evans, Fisher, Fletcher, Foster, Gibson, Gordon, Grant, Gray, Green,
        Griffin, Hamilton, Harper, Harris, Harrison, Hawkins, Henderson, Holmes, Howard, Hudson, Hughes, Hunter, Jackson,
        Jenkins, Johnson, Jordan, Kelly, Kennedy, Lawrence, Lawson, Lincoln, Marshall, Mason, Miller, Mitchell, Montgomery, Morgan,
        Morris, Murphy, Murray, Nelson, Newton, Palmer, Parker, Patterson, Perkins, Perry, Phillips, Porter, Preston, Quinn,
        Reynolds, Richardson, Robinson, Rogers, Russell, Sanders, Shaw, Simmons, Spencer, Stanton, Stevens, Stewart, Stone,
        Sullivan, Taylor, Thompson, Tucker, Turner, Walker, Wallace, Warren, Washington, Watson, Webster, Wells, Wheeler, Wilson,
        Wright, Young""") + EN_TOWNS[::3],
    "tr": words("""
        Acar, Akın, Aksoy, Aktaş, Alkan, Altun, Arslan, Ateş, Avcı, Aydın, Aydoğan, Balcı, Başaran, Bayrak, Bilgin, Bozkurt, Bulut,
        Can, Ceylan, Coşkun, Çakır, Çelik, Çetin, Çınar, Demir, Demirci, Doğan, Duman, Durmaz, Ekinci, Erbil, Ergün, Erkan,
        Ertürk, Gedik, Güler, Gümüş, Günay, Güneş, Güven, Işık, Kahraman, Kalkan, Kaplan, Karaca, Karaman, Kaya, Keskin, Kılıç, Koçak,
        Korkmaz, Köse, Kurt, Mutlu, Oral, Öner, Özbek, Özcan, Özdemir, Özer, Özkan, Öztürk, Parlak, Pekcan, Polat, Sağlam, Sarıkaya,
        Savaş, Sezer, Soylu, Şahin, Şeker, Şen, Şentürk, Şimşek, Tekin, Toprak, Tuna, Tunç, Turan, Türkmen, Uçar, Uysal,
        Ünal, Ünlü, Vural, Yalçın, Yaman, Yıldırım, Yıldız, Yılmaz, Yiğit, Yurt, Yücel, Yüksel, Zorlu, Abacıoğlu, Bekiroğlu,
        Demircioğlu, Hacıoğlu, İmamoğlu, Kadıoğlu, Karaoğlu, Kazancıoğlu, Mollaoğlu, Tuzcuoğlu""") + TR_TOWNS[::3],
    "shared": words("""
        Almeida, Andersen, Barbosa, Bauer, Becker, Bergman, Bianchi, Carvalho, Castro, Conti, Costa, Delgado, Dubois, Eriksen,
        Esposito, Fernandez, Ferrari, Fischer, Garcia, Gomez, Hansen, Hoffmann, Horvat, Ivanov, Jansen, Jovanovic, Keller, Kim, Kovacs,
        Kowalski, Larsen, Laurent, Lindberg, Lombardi, Lopez, Marino, Medina, Mendes, Molina, Moreau, Moretti, Navarro, Nielsen,
        Novak, Orlov, Pavlov, Petrov, Popescu, Ramos, Ricci, Rossi, Sato, Schneider, Silva, Sokolov, Soto, Tanaka, Toledo, Valencia,
        Verona, Vidal, Wagner, Weber, Zimmer"""),
}

TOWNS = {
    "en": words("""
        Albany, Austin, Boston, Bristol, Cambridge, Carlisle, Chester, Cleveland, Dallas, Denver, Dover, Durham, Hamilton, Houston,
        Jackson, Lancaster, Lawrence, Leicester, Lincoln, Madison, Manchester, Montgomery, New York, Newport, Norwich, Orlando, Oxford,
        Perth, Plymouth, Preston, Salem, San Antonio, Springfield, St. Albans, Stanton, Warren, Washington, Wellington, Worcester""") + EN_TOWNS,
    "tr": words("""
        Adana, Afyon, Amasya, Ankara, Antalya, Artvin, Aydın, Balıkesir, Bartın, Batman, Bolu, Bursa, Çorum, Denizli, Edirne,
        Elazığ, Erzurum, Giresun, Hatay, Isparta, İzmir, Kars, Karaman, Kastamonu, Kayseri, Kocaeli, Konya, Kütahya, Malatya,
        Manisa, Mardin, Mersin, Muğla, Ordu, Rize, Sakarya, Samsun, Siirt, Sinop, Sivas, Tokat, Trabzon, Urfa, Uşak, Yalova, Yozgat""") + TR_TOWNS,
    "shared": words("""
        Barcelona, Berlin, Bilbao, Bonn, Bogota, Buenos Aires, Dakar, Dresden, Granada, Hamburg, Havana, Hong Kong, Kiel, Kingston, Leipzig,
        Lima, Los Angeles, Madrid, Malmö, Manila, Medina, Milan, Montevideo, Nairobi, Osaka, Oslo, Palermo, Paris, Porto, Quito, Riga,
        Rotterdam, San Juan, San Remo, Santiago, Sao Paulo, Tallinn, Tokyo, Toledo, Toronto, Utrecht, Valencia, Verona, Zagreb"""),
}

# Capitals whose name is translated: they are never borrowed by the other language.
EXONYMS = {
    "en": words("""London, Rome, Vienna, Athens, Moscow, Warsaw, Lisbon, Brussels, Geneva, Venice, Munich, Naples, Florence, Prague, Bucharest, Cairo,
        Beirut, Damascus, Baghdad, Istanbul"""),
    "tr": words("""Londra, Roma, Viyana, Atina, Moskova, Varşova, Lizbon, Brüksel, Cenevre, Venedik, Münih, Napoli, Floransa, Prag, Bükreş, Kahire,
        Beyrut, Şam, Bağdat, İstanbul"""),
}

COUNTRIES = {
    "en": words("""
        Albania, Argentina, Australia, Austria, Belgium, Brazil, Bulgaria, Canada, China, Croatia, Denmark, Egypt, Finland, France, Germany,
        Greece, Hungary, Iceland, India, Ireland, Italy, Japan, Mexico, New Zealand, Norway, Poland, Russia, Scotland, South Africa, Spain,
        Sweden, Switzerland, Turkey, Ukraine, United States, Wales, Portugal, Iran, Cuba, Chile, Jamaica, Ghana"""),
    "tr": words("""
        Arnavutluk, Arjantin, Avustralya, Avusturya, Belçika, Brezilya, Bulgaristan, Kanada, Çin, Hırvatistan, Danimarka, Mısır, Finlandiya,
        Fransa, Almanya, Yunanistan, Macaristan, İzlanda, Hindistan, İrlanda, İtalya, Japonya, Meksika, Yeni Zelanda, Norveç, Polonya, Rusya,
        İskoçya, Güney Afrika, İspanya, İsveç, İsviçre, Türkiye, Ukrayna, Amerika, Galler, Portekiz, İran, Küba, Şili, Jamaika, Gana"""),
    "shared": words("Angola, Gabon, Kenya, Libya, Malta, Nepal, Panama, Peru, Senegal, Togo, Uganda"),
}

# Words of titles of works, clubs, companies and parties. Not names: they are never held out.
ADJECTIVES = {
    "en": words("Silent, Golden, Broken, Last, Distant, Hidden, Wild, Blue, Crimson, Frozen, Empty, Burning, Lost, Midnight, Electric, Perfect"),
    "tr": words("Sessiz, Altın, Kırık, Son, Uzak, Gizli, Yabani, Mavi, Kızıl, Donmuş, Boş, Yanan, Kayıp, Karanlık, Güzel, Kusursuz"),
}
NOUNS = {
    "en": words("Garden, River, Mirror, Letter, Winter, Summer, Road, Shadow, Island, Kingdom, Star, Moon, Dream, Bridge, Forest, Harbor, Radio"),
    "tr": words("Bahçe, Nehir, Ayna, Mektup, Kış, Yaz, Yol, Gölge, Ada, Krallık, Yıldız, Ay, Rüya, Köprü, Orman, Liman, Radyo"),
}
IDEAS = {
    "en": words("Democratic, National, People's, Liberal, Green, Labour, Republican, Social, Popular, Workers, Independent, Progressive"),
    "tr": words("Demokrat, Ulusal, Halkçı, Liberal, Yeşil, Emek, Cumhuriyet, Sosyal, Anavatan, İşçi, Bağımsız, İlerici"),
}
ACRONYMS = words("ABK, BRT, CNR, DTA, EFK, GTV, HKB, IRT, KTM, LNB, MTR, NDS, PRK, RTS, SKB, TNT, UMK, VTR, ZDK")
MONTHS = {
    "en": words("January, February, March, April, May, June, July, August, September, October, November, December"),
    "tr": words("Ocak, Şubat, Mart, Nisan, Mayıs, Haziran, Temmuz, Ağustos, Eylül, Ekim, Kasım, Aralık"),
}
TRADES = {
    "en": words("""actor, actress, architect, artist, author, bishop, boxer, chemist, coach, composer, cyclist, director, drummer, economist, engineer,
        footballer, general, golfer, governor, historian, journalist, judge, lawyer, mayor, painter, philosopher, physician, physicist, pianist,
        poet, politician, producer, referee, sailor, sculptor, senator, singer, soldier, swimmer, translator, wrestler, writer"""),
    "tr": words("""oyuncu, mimar, sanatçı, yazar, piskopos, boksör, kimyager, antrenör, besteci, bisikletçi, yönetmen, davulcu, ekonomist, mühendis,
        futbolcu, general, golfçü, vali, tarihçi, gazeteci, yargıç, avukat, ressam, filozof, hekim, fizikçi, piyanist, şair, siyasetçi, yapımcı,
        hakem, denizci, heykeltıraş, senatör, şarkıcı, asker, yüzücü, çevirmen, güreşçi, akademisyen"""),
}
