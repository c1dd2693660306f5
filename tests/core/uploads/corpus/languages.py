"""Tables in many languages and in the older encodings that files in them come in.

Of each language every second text belongs to the first half, which was looked at while the detection was written, the
others to the second, which was not.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

FIRST, SECOND = 0, 1


@dataclass(frozen=True)
class Language:
    """codecs: what files in it are written in. header: names of two columns. texts: cells as tables have them;
    prose: sentences.
    """

    name: str
    codecs: tuple[str, ...]
    header: tuple[str, str]
    texts: tuple[str, ...]
    prose: tuple[str, ...]


@dataclass(frozen=True)
class LegacyFile:
    """A file in an older encoding, and its text."""

    language: str
    codec: str
    shape: str
    text: str
    data: bytes


def _language(name: str, codecs: str, header: str, texts: str, prose: str) -> Language:
    first, second = header.split("|")
    return Language(
        name,
        tuple(codecs.split()),
        (first, second),
        tuple(text.strip() for text in texts.replace("\n", "|").split("|") if text.strip()),
        tuple(line.strip() for line in prose.split("\n") if line.strip()),
    )


LANGUAGES = (
    _language(
        "German",
        "cp1252 mac_roman cp850 iso8859-15",
        "Straße|Größe",
        """
        München|Köln|Düsseldorf|Nürnberg|Saarbrücken|Lübeck|Tübingen|Würzburg|Göttingen|Osnabrück|Fürth|Mönchengladbach
        Jürgen Müller|Käthe Schröder|Jörg Weiß|Günther Groß|Björn Krüger|Änne Böhm|Sören Köhler|Ulla Jäger
        Getränke|Möbel|Gemüse|Käse|Süßwaren|Bücher|Schlüssel|Küchengeräte|Bürobedarf|Kühlschrank|geöffnet|gelöscht
        Hauptstraße 5|Gänsemarkt 12|Am Mühlbach 3|Goethestraße 44|Schloßplatz 1|Große Bleichen 7
        """,
        """
        Die Lieferung wurde verspätet zugestellt, weil die Straße gesperrt war.
        Bitte überprüfen Sie die Größe und schicken Sie das Gerät zurück.
        Der Kunde möchte die Rechnung für März noch einmal erhalten.
        Schönen Gruß aus der Küche, das Frühstück fällt heute aus.
        """,
    ),
    _language(
        "French",
        "cp1252 mac_roman cp850",
        "Prénom|Région",
        """
        Orléans|Besançon|Nîmes|Béziers|Saint-Étienne|Périgueux|Angoulême|Alençon|Châteauroux|Évreux|Mâcon|Liège
        François Lefèvre|Hélène Gérard|Zoé Benoît|René Hébert|Agnès Côté|Jérôme Prévost|Noël Thérèse|Anaïs Léger
        Électroménager|Épicerie|Vêtements|Chaussures d'été|Fenêtre|Élève|Réfrigérateur|Café|Crème brûlée|Pâtisserie
        Livré|Annulé|Payé à temps|Créé|Très élevé|Déjà reçu|12, rue de la Forêt|8, allée des Chênes
        """,
        """
        Le colis a été livré avec deux jours de retard à cause de la grève.
        Veuillez vérifier l'adresse et réessayer dès que possible.
        La réunion prévue à l'hôtel a été déplacée au mois de février.
        Nous avons reçu votre commande, elle sera expédiée après-demain.
        """,
    ),
    _language(
        "Spanish",
        "cp1252 mac_roman cp850",
        "Año|Descripción",
        """
        Málaga|Córdoba|Cádiz|León|Almería|Logroño|Cáceres|A Coruña|Alcalá de Henares|Ávila|Mérida|Bogotá
        José Martínez|María Núñez|Andrés Gómez|Lucía Pérez|Íñigo Muñoz|Inés Álvarez|Óscar Ibáñez|Begoña Peña
        Electrónica|Jardín|Niños|Muebles de baño|Teléfono|Panadería|Camión|Lámpara|Champú|Piña|Azúcar|Jamón
        Sí|Envío rápido|Devolución|Pagó|Próximo|Última revisión|Calle Peñón 3|Avenida de la Constitución
        """,
        """
        El envío llegó tarde porque la dirección no estaba completa.
        ¿Cuándo podrán enviar la factura de la última compra?
        El niño compró una piña y un paquete de azúcar en el almacén.
        Según el médico, la próxima revisión será después del verano.
        """,
    ),
    _language(
        "Portuguese",
        "cp1252 mac_roman",
        "Município|Descrição",
        """
        São Paulo|Brasília|Goiânia|Belém|Maceió|Florianópolis|Vitória|Cuiabá|Macapá|Setúbal|Évora|Guimarães
        João Gonçalves|Antônio Conceição|Lúcia Araújo|Sérgio Simões|Inês Falcão|Cecília Brandão|Zé Galvão|Mônica Leão
        Pão|Maçã|Limão|Açúcar|Avião|Educação|Saúde|Manutenção|Fogão|Sabão|Calção|Móveis|Eletrônicos
        Não|Em trânsito|Devolução|Concluído|Região Sul|Rua Três de Março|Praça da República
        """,
        """
        A encomenda não foi entregue porque o endereço estava incompleto.
        Por favor, envie a fatura de março até o próximo mês.
        A reunião foi adiada, então não há mais nada a fazer.
        O avião chegou às três horas com duas horas de atraso.
        """,
    ),
    _language(
        "Italian",
        "cp1252 mac_roman",
        "Città|Quantità",
        """
        Forlì|Cefalù|Cantù|Canicattì|Mondovì|Santhià|Nardò|Salò|Gambolò|Viggiù|Patù|Serramazzoni
        Nicolò Rossi|Niccolò Nardò|Lucà Noè|Giosuè Bertè|Pierantò Sartò|Totò Riinà
        Caffè|Tè verde|Novità|Qualità alta|Università|Lunedì|Martedì|Venerdì|Papà|Perché no|Sì|Attività
        Più venduto|Già spedito|Metà prezzo|Disponibilità|Società|Pubblicità
        """,
        """
        La spedizione è stata ritardata perché l'indirizzo non era corretto.
        Il caffè è già finito, però arriverà di nuovo venerdì.
        La società ha più di cento dipendenti in ogni città.
        Non è possibile verificare la disponibilità della quantità richiesta.
        """,
    ),
    _language(
        "Swedish",
        "cp1252 mac_roman cp850",
        "Län|Färg",
        """
        Göteborg|Malmö|Västerås|Örebro|Linköping|Jönköping|Norrköping|Umeå|Gävle|Borås|Växjö|Luleå
        Åsa Lindström|Björn Öberg|Märta Sjöberg|Göran Åkesson|Sören Bäckström|Örjan Håkansson|Ingegärd Nyström
        Kött|Bröd|Smör|Mjölk|Ägg|Kläder|Möbler|Böcker|Trädgård|Kök|Säng|Blå|Grön|Grå|Röd stråle
        Försenad|Återlämnad|Påbörjad|Är skickad|Storgatan på hörnet|Älvsjövägen 12
        """,
        """
        Leveransen blev försenad på grund av snö och dåligt väder.
        Kunden vill få en ny faktura för ägg, mjölk och bröd.
        Vi måste göra om beställningen eftersom färgen är fel.
        Hör av dig när du är färdig så går vi till sjön.
        """,
    ),
    _language(
        "Danish",
        "cp1252 cp850",
        "Køn|Løn",
        """
        København|Århus|Ålborg|Helsingør|Næstved|Hillerød|Køge|Silkeborg Ø|Sønderborg|Rønne|Hørsholm|Ærøskøbing
        Søren Sørensen|Jørgen Møller|Åse Kjær|Bjørn Østergård|Anne Grønbæk|Mads Ågård|Lærke Bjørnholm
        Brød|Smør|Mælk|Æg|Køkken|Møbler|Bøger|Grøn|Blå|Rød|Tøj|Sæbe|Håndklæde|Kød
        Færdig|Påbegyndt|Afbestilt før frist|Nørregade 7|Ved Søen 3
        """,
        """
        Leveringen blev forsinket på grund af dårligt vejr og sne.
        Kunden ønsker en ny faktura for mælk, brød og æg.
        Vi skal gøre bestillingen om, fordi farven er forkert på skabet.
        Når du er færdig, går vi ned til søen.
        """,
    ),
    _language(
        "Finnish",
        "cp1252",
        "Määrä|Käyttäjä",
        """
        Jyväskylä|Hämeenlinna|Seinäjoki|Jämsä|Äänekoski|Lappeenrannan kylä|Hyvinkää|Riihimäki|Kemijärvi|Ähtäri
        Väinö Mäkinen|Päivi Hämäläinen|Jyrki Järvinen|Äiti Räsänen|Pekka Töyrylä|Mirjami Hyvärinen
        Leipä|Jäätelö|Kengät|Työkalut|Öljy|Sänky|Pöytä|Vihreä|Keltainen väri|Sähkö|Käytetty|Tyttö
        Myöhässä|Hylätty|Hyväksytty|Lähetetty|Keräilyssä|Päättynyt
        """,
        """
        Toimitus myöhästyi, koska sää oli huono ja tiet jäässä.
        Asiakas haluaa tämän tilauksen tänään ennen päivän päättymistä.
        Tämä pöytä on myyty, mutta toinen löytyy vielä hyllystä.
        Lähetämme uuden laskun, kun olemme tarkistaneet määrän.
        """,
    ),
    _language(
        "Icelandic",
        "cp1252",
        "Staður|Fjöldi",
        """
        Reykjavík|Kópavogur|Hafnarfjörður|Akureyri við Eyjafjörð|Ísafjörður|Selfoss á Suðurlandi|Höfn|Neskaupstaður
        Jón Þórðarson|Guðrún Ásgeirsdóttir|Þóra Jónsdóttir|Ólafur Sigurðsson|Björk Guðmundsdóttir|Ægir Már
        Fiskur úr sjó|Mjólk|Brauð|Skyr með bláberjum|Föt|Þvottavél|Rúm|Borð|Grænn|Rauður|Blár
        Nei|Já|Afgreitt í dag|Óafgreitt|Endursent til Þingvalla
        """,
        """
        Sendingin tafðist vegna veðurs og ófærðar á heiðinni.
        Viðskiptavinurinn vill fá nýjan reikning fyrir mjólk og brauð.
        Það þarf að endurtaka pöntunina af því að liturinn er rangur.
        """,
    ),
    _language(
        "Polish",
        "cp1250 iso8859-2 cp852",
        "Województwo|Wartość",
        """
        Łódź|Kraków|Wrocław|Gdańsk|Poznań|Białystok|Częstochowa|Toruń|Rzeszów|Zielona Góra|Słupsk|Świnoujście
        Łukasz Wiśniewski|Małgorzata Dąbrowska|Paweł Wójcik|Agnieszka Kamińska|Zdzisław Żak|Michał Zieliński|Józef Pająk
        Żywność|Książki|Mięso|Chleb żytni|Narzędzia|Łóżko|Krzesło|Półka|Zegar ścienny|Żółty|Czerwony płaszcz|Jabłko
        Opóźnione|Wysłane|Zwrócone|Zapłacono|Nie działa|Gwarancja wygasła|ul. Długa 5|ul. Świętokrzyska 18
        """,
        """
        Przesyłka została opóźniona z powodu złej pogody na drodze.
        Proszę o ponowne wysłanie faktury za marzec i kwiecień.
        Klient chciałby zwrócić książkę, ponieważ okładka jest zniszczona.
        Jeśli to możliwe, prosimy o dostawę w środę przed południem.
        """,
    ),
    _language(
        "Czech",
        "cp1250 iso8859-2 cp852",
        "Město|Částka",
        """
        Plzeň|Ústí nad Labem|České Budějovice|Hradec Králové|Olomouc-město|Děčín|Třebíč|Český Krumlov|Znojmo-předměstí
        Jiří Dvořák|Lucie Černá|Tomáš Procházka|Šárka Veselá|Žaneta Růžičková|Ondřej Kučera|Zdeněk Němec|Běla Šťastná
        Knihy|Nábytek|Chléb a máslo|Mléko|Nářadí|Dům a zahrada|Květiny|Žlutá|Červený svetr|Hračky pro děti|Kuchyň
        Opožděno|Odesláno|Vráceno|Zaplaceno včas|Nefunkční|Zrušená objednávka|Dlouhá třída 8|Náměstí Míru 3
        """,
        """
        Zásilka byla opožděna kvůli špatnému počasí na silnicích.
        Prosíme o opětovné zaslání faktury za měsíc březen.
        Zákazník by chtěl vrátit knihu, protože její obálka je poškozená.
        Příští týden přijede řidič a přiveze všechny zbývající balíky.
        """,
    ),
    _language(
        "Slovak",
        "cp1250 iso8859-2",
        "Mesto|Množstvo",
        """
        Košice|Žilina|Nitra-Dražovce|Prešov|Banská Bystrica|Trenčín|Piešťany|Ľubovňa|Považská Bystrica|Liptovský Mikuláš
        Ján Kováč|Mária Horváthová|Ľuboš Šťastný|Zuzana Ďurišová|Štefan Hudák|Božena Kráľová
        Mäso|Chlieb|Mlieko|Stôl|Stolička|Kôň|Žltá|Červený|Oblečenie|Náradie|Knižný obchod|Záhradný nábytok
        Oneskorené|Vrátené|Zaplatené|Odoslané v stredu|Dlhá ulica 7
        """,
        """
        Zásielka bola oneskorená pre zlé počasie na cestách.
        Zákazník chce vrátiť knihu, pretože je poškodená.
        Prosíme o opätovné zaslanie faktúry za mesiac marec.
        """,
    ),
    _language(
        "Hungarian",
        "cp1250 iso8859-2 cp852",
        "Város|Összeg",
        """
        Győr|Pécs|Debrecen-Kertváros|Székesfehérvár|Kecskemét|Nyíregyháza|Szombathely|Érd|Tatabánya|Sopron-Lővér|Békéscsaba
        Kovács Géza|Szabó Erzsébet|Tóth Ödön|Nagy Árpád|Kiss Ágnes|Molnár Győző|Horváth Zoltán|Varga Ilonáné|Erdős Pál
        Könyvek|Bútor|Kenyér és vaj|Tej|Szerszám|Virág|Sárga|Piros cipő|Játék|Konyha|Hűtőszekrény|Mosógép|Alma körte
        Késik|Elküldve|Visszaküldött|Kifizetve időben|Törölt rendelés|Fő utca 12|Petőfi tér 3|Kossuth Lajos út 8
        """,
        """
        A csomag a rossz időjárás miatt késve érkezett meg.
        Kérjük, küldje el újra a márciusi számlát a megadott címre.
        A vevő szeretné visszaküldeni a könyvet, mert sérült a borítója.
        Jövő héten jön a sofőr, és elhozza az összes többi csomagot.
        """,
    ),
    _language(
        "Romanian",
        "cp1250 iso8859-2",
        "Judeţ|Preţ",
        """
        Bucureşti|Iaşi|Timişoara|Braşov|Constanţa|Galaţi|Bacău|Piteşti|Târgu Mureş|Ploieşti|Râmnicu Vâlcea|Reşiţa
        Ştefan Ionescu|Ţurcanu Mariţa|Ioana Brânză|Gheorghe Căpăţână|Luminiţa Bălan|Răzvan Muşat
        Pâine|Lapte şi brânză|Cărţi|Mobilă|Unelte|Grădină|Jucării|Roşu|Galbenă|Încălţăminte|Ţesături
        Întârziat|Trimis|Returnată|Plătit la timp|Anulată|Strada Lungă 4
        """,
        """
        Coletul a întârziat din cauza vremii rele de pe drum.
        Vă rugăm să trimiteţi din nou factura pentru luna martie.
        Clientul doreşte să returneze cartea, deoarece coperta este ruptă.
        """,
    ),
    _language(
        "Croatian",
        "cp1250 iso8859-2 cp852",
        "Županija|Količina",
        """
        Šibenik|Čakovec|Požega|Sisak-Topolovac i Žažina|Križevci|Đakovo|Koprivnica-Podolice|Poreč|Županja
        Bjelovar-Ždralovi
        Željko Božić|Đurđica Šimić|Ivana Kovačević|Tomislav Babić|Žarko Ćosić|Snježana Perković
        Namještaj|Voće i povrće|Kruh|Mlijeko|Dječja obuća|Žuta|Košulja|Haljina s čipkom|Kućanski uređaji|Škare
        Zakašnjelo|Plaćeno|Vraćeno|Poništena narudžba|Dugačka ulica 9
        """,
        """
        Pošiljka kasni zbog lošeg vremena na cestama.
        Kupac želi vratiti knjigu jer je oštećena.
        Molimo vas da ponovno pošaljete račun za ožujak.
        """,
    ),
    _language(
        "Russian",
        "cp1251 koi8-r cp866",
        "Город|Количество",
        """
        Москва|Санкт-Петербург|Новосибирск|Екатеринбург|Казань|Нижний Новгород|Самара|Омск|Уфа|Пермь|Воронеж|Тюмень
        Иванов Иван|Смирнова Ольга|Кузнецов Пётр|Попова Анна|Щукин Юрий|Фёдорова Елена|Цветков Эдуард|Жуков Михаил
        Мебель|Книги|Хлеб|Молоко|Инструменты|Обувь|Одежда|Красный|Жёлтая|Игрушки|Чайник|Холодильник
        Да|Нет|Отправлено|Возврат|Оплачено|Отменён|ул. Ленина, 5|пр. Мира, 18
        """,
        """
        Посылка задержалась из-за плохой погоды на дорогах.
        Просим повторно выслать счёт за март и апрель.
        Покупатель хочет вернуть книгу, потому что обложка повреждена.
        На следующей неделе приедет водитель и заберёт остальные коробки.
        """,
    ),
    _language(
        "Ukrainian",
        "cp1251",
        "Місто|Кількість",
        """
        Київ|Харків|Одеса|Дніпро|Львів|Запоріжжя|Вінниця|Чернігів|Полтава|Івано-Франківськ|Тернопіль|Житомир
        Шевченко Тарас|Коваленко Оксана|Бойко Андрій|Ткаченко Юлія|Мельник Їжак|Єфремова Ганна
        Меблі|Книги|Хліб|Молоко|Взуття|Одяг|Червоний|Жовта|Іграшки|Холодильник
        Так|Ні|Відправлено|Повернення|Сплачено|вул. Довга, 7
        """,
        """
        Посилка затрималася через погану погоду на дорогах.
        Просимо повторно надіслати рахунок за березень.
        Покупець хоче повернути книгу, бо обкладинка пошкоджена.
        """,
    ),
    _language(
        "Bulgarian",
        "cp1251",
        "Град|Количество",
        """
        София|Пловдив|Варна|Бургас|Русе|Стара Загора|Плевен|Сливен|Добрич|Шумен|Перник|Ямбол
        Иван Петров|Мария Георгиева|Георги Димитров|Елена Стоянова|Димитър Ангелов|Цветана Христова
        Мебели|Книги|Хляб|Мляко|Обувки|Дрехи|Червен|Жълта|Играчки|Хладилник
        Да|Не|Изпратено|Върнато|Платено|ул. Витоша 12
        """,
        """
        Пратката закъсня поради лошото време по пътищата.
        Моля, изпратете отново фактурата за март.
        Клиентът иска да върне книгата, защото корицата е повредена.
        """,
    ),
    _language(
        "Greek",
        "cp1253 iso8859-7",
        "Πόλη|Ποσότητα",
        """
        Αθήνα|Θεσσαλονίκη|Πάτρα|Ηράκλειο|Λάρισα|Βόλος|Ιωάννινα|Χανιά|Ρόδος|Καβάλα|Κέρκυρα|Άρτα
        Γιώργος Παπαδόπουλος|Μαρία Οικονόμου|Νίκος Γεωργίου|Ελένη Βασιλείου|Έλλη Ξυδάκη|Φώτης Ψαρράς
        Έπιπλα|Βιβλία|Ψωμί|Γάλα|Παπούτσια|Ρούχα|Κόκκινο|Κίτρινη|Παιχνίδια|Ψυγείο
        Ναι|Όχι|Απεστάλη|Επιστροφή|Πληρώθηκε|Οδός Ερμού 5
        """,
        """
        Το δέμα καθυστέρησε λόγω κακοκαιρίας στους δρόμους.
        Παρακαλούμε στείλτε ξανά το τιμολόγιο του Μαρτίου.
        Ο πελάτης θέλει να επιστρέψει το βιβλίο γιατί είναι φθαρμένο.
        """,
    ),
    _language(
        "Turkish",
        "cp1254 iso8859-9",
        "Şehir|Ürün",
        """
        İstanbul|İzmir|Eskişehir|Diyarbakır|Şanlıurfa|Muğla|Iğdır|Balıkesir|Çanakkale|Kütahya|Gümüşhane|Ağrı
        Ayşe Yılmaz|Mehmet Öztürk|Gülşen Çelik|Uğur Şahin|Özgür Doğan|İsmail Kılıç|Çiğdem Aydın
        Mobilya ve ışık|Kitaplık|Ekmek fırını|Süt|Ayakkabı|Giyim eşyası|Kırmızı|Sarı|Yeşil|Buzdolabı|Çay bardağı
        Gönderildi|İade|Ödendi|Gecikmiş|Hayır|İptal|Atatürk Caddesi 12
        """,
        """
        Kargo kötü hava koşulları nedeniyle geç ulaştı.
        Lütfen mart ayının faturasını yeniden gönderiniz.
        Müşteri kitabı iade etmek istiyor çünkü kapağı yırtılmış.
        """,
    ),
    _language(
        "Lithuanian",
        "cp1257",
        "Miestas|Amžius",
        """
        Klaipėda|Šiauliai|Panevėžys|Marijampolė|Mažeikiai|Jonava prie Neries|Utena ir Rokiškis|Kėdainiai|Telšiai|Tauragė
        Jonas Žemaitis|Ona Petrauskienė|Rūta Šimkutė|Vytautas Čepas|Ąžuolas Butkus|Giedrė Kazlauskaitė
        Baldai iš ąžuolo|Knygų lentyna|Duonos kepalas|Žaislai|Įrankiai|Šviestuvas|Žalia|Geltonas šalikas
        Išsiųsta|Grąžinta|Apmokėta|Vėluoja|Ilgoji gatvė 5
        """,
        """
        Siunta vėluoja dėl blogo oro keliuose.
        Prašome dar kartą atsiųsti kovo mėnesio sąskaitą.
        Pirkėjas nori grąžinti knygą, nes jos viršelis sugadintas.
        """,
    ),
    _language(
        "Latvian",
        "cp1257",
        "Pilsēta|Cena bez atlaižu",
        """
        Rīga|Liepāja|Jūrmala|Rēzekne|Jēkabpils|Valmiera un Cēsis|Ogre pie Ķeguma|Tukums un Talsu pilskalns|Ādaži|Kuldīga
        Jānis Bērziņš|Anna Kalniņa|Pēteris Ozoliņš|Līga Krūmiņa|Kārlis Ķepītis|Māra Liepiņa
        Mēbeles|Grāmatas|Maize un sviests no lauku sētas|Apģērbs|Rotaļlietas|Zaļa|Dzeltenā krāsa
        Ledusskapis virtuvē pie sienas
        Nosūtīts|Atgriezts veikalā|Apmaksāts|Kavējas|Garā iela 3
        """,
        """
        Sūtījums kavējas sliktu laika apstākļu dēļ.
        Lūdzu, vēlreiz nosūtiet marta rēķinu uz šo adresi.
        Pircējs vēlas atgriezt grāmatu, jo tās vāks ir bojāts.
        """,
    ),
    _language(
        "Estonian",
        "cp1257 cp1252",
        "Küla|Hind käibemaksuga",
        """
        Pärnu|Võru|Põlva|Jõhvi|Jõgeva|Rõuge|Märjamaa|Kohtla-Järve|Põltsamaa|Räpina|Haapsalu mõis
        Jüri Tamm|Mäe Õnne|Tõnu Kask|Ülle Põld|Kärt Mägi|Märt Saar
        Mööbel|Leib ja või|Jäätis|Mänguasjad|Tööriistad|Külmkapp|Roheline võti|Kollane sõiduk
        Saadetud täna õhtul|Tagastatud|Hilineb päeva|Tühistatud
        """,
        """
        Saadetis hilineb, sest teed on halva ilma tõttu kinni.
        Palun saatke märtsikuu arve veel kord sellele aadressile.
        Ostja soovib raamatu tagastada, kuna selle köide on rikutud.
        """,
    ),
    _language(
        "Hebrew",
        "cp1255",
        "עיר|כמות",
        """
        ירושלים|תל אביב|חיפה|באר שבע|אשדוד|נתניה|רמת גן|אילת|חולון|פתח תקווה
        משה כהן|שרה לוי|יוסף מזרחי|רחל פרידמן|דוד ביטון|אסתר אברהם
        רהיטים|ספרים|לחם|חלב|נעליים|בגדים|אדום|צהוב|צעצועים|מקרר
        כן|לא|נשלח|הוחזר|שולם
        """,
        """
        החבילה התעכבה בגלל מזג האוויר הגרוע בכבישים.
        אנא שלחו שוב את החשבונית של חודש מרץ.
        הלקוח רוצה להחזיר את הספר כי הכריכה פגומה.
        """,
    ),
    _language(
        "Arabic",
        "cp1256",
        "المدينة|الكمية",
        """
        القاهرة|الرياض|دمشق|بغداد|بيروت|عمان|تونس|الجزائر|الدار البيضاء|الخرطوم
        محمد أحمد|فاطمة علي|يوسف إبراهيم|مريم حسن|خالد عبد الله|ليلى محمود
        أثاث|كتب|خبز|حليب|أحذية|ملابس|أحمر|أصفر|ألعاب|ثلاجة
        نعم|لا|تم الإرسال|مرتجع|مدفوع
        """,
        """
        تأخرت الشحنة بسبب سوء الأحوال الجوية على الطرق.
        يرجى إرسال فاتورة شهر مارس مرة أخرى.
        يريد العميل إعادة الكتاب لأن الغلاف تالف.
        """,
    ),
    _language(
        "Thai",
        "cp874",
        "จังหวัด|จำนวน",
        """
        กรุงเทพมหานคร|เชียงใหม่|ภูเก็ต|ขอนแก่น|นครราชสีมา|สงขลา|ชลบุรี|อุบลราชธานี
        สมชาย ใจดี|สมหญิง รักไทย|ประเสริฐ ทองคำ|มาลี ศรีสุข
        เฟอร์นิเจอร์|หนังสือ|ขนมปัง|นม|รองเท้า|เสื้อผ้า|สีแดง|สีเหลือง|ของเล่น|ตู้เย็น
        ใช่|ไม่ใช่|ส่งแล้ว|คืนสินค้า|ชำระแล้ว
        """,
        """
        พัสดุล่าช้าเนื่องจากสภาพอากาศไม่ดีบนถนน
        กรุณาส่งใบแจ้งหนี้เดือนมีนาคมอีกครั้ง
        ลูกค้าต้องการคืนหนังสือเพราะปกชำรุด
        """,
    ),
    _language(
        "Japanese",
        "cp932 euc_jp",
        "都市|数量",
        """
        東京都|大阪府|北海道|京都府|横浜市|名古屋市|福岡県|仙台市|広島県|さいたま市|神戸市|沖縄県
        田中太郎|佐藤花子|鈴木一郎|高橋美咲|渡辺健|伊藤さくら|山本大輔|中村愛
        家具|書籍|パン|牛乳|靴|衣類|赤い傘|黄色|おもちゃ|冷蔵庫|コーヒー|りんご
        はい|いいえ|発送済み|返品|支払い済み|キャンセル
        """,
        """
        悪天候のため荷物の到着が遅れました。
        三月分の請求書をもう一度送ってください。
        お客様は表紙が破れているので本を返品したいそうです。
        来週の水曜日に運転手が残りの箱を取りに来ます。
        """,
    ),
    _language(
        "Korean",
        "cp949 euc_kr",
        "도시|수량",
        """
        서울|부산|대구|인천|광주|대전|울산|수원시|제주도|창원|성남시|전주
        김철수|이영희|박지훈|최수진|정민호|강미영|조현우|윤서연
        가구|책|빵|우유|신발|옷|빨간색|노란색|장난감|냉장고|커피|사과
        예|아니오|발송됨|반품|결제 완료|취소
        """,
        """
        악천후로 인해 배송이 지연되었습니다.
        삼월 청구서를 다시 보내 주시기 바랍니다.
        고객은 표지가 찢어져서 책을 반품하려고 합니다.
        """,
    ),
    _language(
        "Simplified Chinese",
        "gb18030 gbk",
        "城市|数量",
        """
        北京市|上海市|广州市|深圳市|成都市|杭州|武汉|西安|重庆|南京|天津|苏州
        王伟|李娜|张敏|刘洋|陈静|杨磊|赵丽|黄强
        家具|图书|面包|牛奶|鞋子|衣服|红色|黄色|玩具|冰箱|咖啡|苹果
        是|否|已发货|退货|已付款|取消
        """,
        """
        由于天气恶劣,包裹延误了。
        请再次发送三月份的发票。
        客户想退书,因为封面破损了。
        """,
    ),
    _language(
        "Traditional Chinese",
        "big5",
        "縣市|數量",
        """
        臺北市|高雄市|臺中市|臺南市|新竹縣|花蓮縣|桃園市|基隆市|嘉義縣|屏東縣
        陳怡君|林志明|黃淑芬|張家豪|李美玲|王俊傑
        傢俱|圖書|麵包|牛奶|鞋子|衣服|紅色|黃色|玩具|冰箱|咖啡|蘋果
        是|否|已出貨|退貨|已付款|取消
        """,
        """
        由於天氣惡劣,包裹延誤了。
        請再次寄送三月份的發票。
        客戶想退書,因為封面破損了。
        """,
    ),
    _language(
        "signs in English",
        "cp1252",
        "price|note",
        """
        5 °C|12 m²|£100|50 €|±3|½ cup|10 µm|“quoted”|it’s|2 – 3|naïve|café|résumé|Zoë|© 2019|100 ¥|§ 12|El Niño
        façade|Beyoncé|jalapeño|piñata|10–20|× 4|30° N|¼ mile|3³|à la carte|Motörhead|São Tomé|Curaçao|Réunion
        """,
        """
        The temperature rose by 3 °C – more than expected.
        “It’s fine,” said Chloë at the café.
        """,
    ),
)


SHAPES = {
    "one row": 1,
    "three rows": 3,
    "ten rows": 10,
    "sixty rows": 60,
    "sentences": 3,
    "one word among many": 30,
}


def files(half: int, shapes: tuple[str, ...], *, n_each: int = 1) -> Iterator[LegacyFile]:
    """Files of each language in each of its encodings; those that are ASCII are left out."""
    for language in LANGUAGES:
        for codec in language.codecs:
            seed = random.Random(f"{language.name} {codec} {half}")
            for shape in shapes:
                for _ in range(n_each):
                    text = _table(language, half, shape, seed)
                    data = text.encode(codec)
                    if not data.isascii():
                        yield LegacyFile(language.name, codec, shape, text, data)


def _table(language: Language, half: int, shape: str, seed: random.Random) -> str:
    texts = language.prose if shape == "sentences" else language.texts
    chosen = texts[half::2] or texts
    cells = [seed.choice(chosen) for _ in range(SHAPES[shape])]
    header = ("id", *language.header)
    if shape == "one word among many":
        cells = [cells[0] if number == 7 else seed.choice(("alpha", "beta")) for number in range(len(cells))]
        header = ("id", "name", "n")
    rows = [(str(number), cell, str(seed.randrange(1000))) for number, cell in enumerate(cells, 1)]
    return "".join(";".join(row) + "\n" for row in (header, *rows))
